"""Which engine enforces policy in a cluster, where, and how it reads a policy."""
