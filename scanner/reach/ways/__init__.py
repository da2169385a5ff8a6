"""The ways in from outside: what leads to which workload, on which ports, and whether policy lets it in."""
