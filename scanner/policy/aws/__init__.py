"""The policy kinds of EKS, `networking.k8s.aws/v1alpha1`."""
