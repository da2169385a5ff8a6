"""People's own controls: YAML with CEL expressions over `facts/v1`, read, checked and turned into controls.

Nothing of the CEL library is loaded into the program: expressions are compiled and evaluated in a process of their own
(`worker.py`), whose processor time and memory are bounded, because an expression may be anybody's and doubles a text with
every few characters.
"""

from infra.policycode.checking import check
from infra.policycode.controls import as_controls
from infra.policycode.files import Found, Placed, read_places
from infra.policycode.loading import load
from infra.policycode.model import OwnControl

__all__ = ["Found", "OwnControl", "Placed", "as_controls", "check", "load", "read_places"]
