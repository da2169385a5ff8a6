"""The baseline: its version, and what an operator declares about an estate."""

BASELINE_VERSION = "1.0.0"
