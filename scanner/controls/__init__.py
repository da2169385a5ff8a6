"""The controls of the hardening baseline, a module per family."""
