"""`reach/v1`, `reach-classes/v1` and `explain/v1`: who can talk to whom, and why, for machines and for people."""

from __future__ import annotations

from reports.reach.document import reach_document, render_reach
from reports.reach.explain import explanation_lines, render_explanations
from reports.reach.words import port_words

__all__ = ["explanation_lines", "port_words", "reach_document", "render_explanations", "render_reach"]
