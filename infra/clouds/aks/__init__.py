"""AKS: which clusters there are, what Azure says of them, and the network around them."""
