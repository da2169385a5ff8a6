"""One live cluster's API, read into a snapshot."""
