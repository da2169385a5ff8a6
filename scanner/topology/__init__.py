"""The network around the clusters: which address ranges reach which cluster, and as whom."""
