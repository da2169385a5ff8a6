"""GKE: which clusters there are, what Google Cloud says of them, and the network around them."""
