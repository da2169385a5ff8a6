"""Adapters: everything that talks to something outside the process."""
