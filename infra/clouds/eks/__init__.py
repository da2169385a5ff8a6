"""EKS: which clusters there are, what AWS says of them, and the network around them."""
