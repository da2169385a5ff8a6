"""Policies of every kind, resolved once into one rule form."""
