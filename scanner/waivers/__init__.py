"""Waivers: failures that somebody accepts for a time. The raw score never changes by one."""
