"""Outcomes in, bytes out."""
