"""The version of this program, as snapshots, reports and the User-Agent name it."""

VERSION = "0.1.0"
