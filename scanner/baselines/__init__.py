"""The baseline: its version, its profiles, and what an operator declares about an estate."""
