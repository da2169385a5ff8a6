"""The admin kinds of `policy.networking.k8s.io`, and what kinds of the same form (those of EKS, GKE) share with them."""
