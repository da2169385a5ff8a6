"""Meshes as snapshots show them: who is in one, who must prove what to whom, what is encrypted. No verdicts here."""
