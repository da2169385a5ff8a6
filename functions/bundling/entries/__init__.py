"""What each cloud looks for at the root of its zip, copied there as it is."""
