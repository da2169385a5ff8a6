"""What an unquoted YAML scalar is, as the API's clients read it.

kubectl and Helm turn YAML into JSON with sigs.k8s.io/yaml (its goyaml.v2, resolve.go): YAML 1.1 words are booleans (`on`,
`yes`, also `y`), a leading 0 is octal, but a date stays text and `1:30` is no number. PyYAML's own rules differ in each of
these, and a scanner that reads a label otherwise than the cluster does is wrong about what a selector selects.
"""

from __future__ import annotations

import math
import re
from functools import lru_cache

Scalar = str | int | float | bool | None

_WORDS: dict[str, Scalar] = {
    **dict.fromkeys(("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"), True),
    **dict.fromkeys(("n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"), False),
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), float("inf")),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), float("-inf")),
}
_NUMBER_STARTS = frozenset("+-.0123456789")
_INTEGER = re.compile(r"([-+]?)(?:0[xX]([0-9a-fA-F]+)|0[bB]([01]+)|0[oO]?([0-7]+)|(0|[1-9][0-9]*))", re.ASCII)
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?", re.ASCII)
_MAX_DIGITS = 64  # a longer run is no number anybody meant, and turning digits into numbers is quadratic
_STRING_TAGS = frozenset({"!", "tag:yaml.org,2002:str", "tag:yaml.org,2002:binary", "tag:yaml.org,2002:timestamp"})
_PLAIN_TAGS = {
    "tag:yaml.org,2002:int": (int,),
    "tag:yaml.org,2002:float": (int, float),
    "tag:yaml.org,2002:bool": (bool,),
    "tag:yaml.org,2002:null": (type(None),),
}


@lru_cache(maxsize=65536)
def resolve(text: str) -> Scalar:
    """The value of an unquoted, untagged scalar."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _NUMBER_STARTS or len(text) > _MAX_DIGITS:
        return text
    digits = text if text[0] == "." else text.replace("_", "")
    if match := _INTEGER.fullmatch(digits):
        return _integer(match)
    if _FLOAT.fullmatch(digits):
        number = float(digits)
        if math.isinf(number):
            return text  # out of range is no number to Go
        return int(number) if number.is_integer() and abs(number) < 1e15 else number
    return text


def resolve_tagged(text: str, tag: str) -> Scalar:
    """The value of a scalar with an explicit tag; one that names no JSON type leaves the text as it is.

    Raises:
        ValueError: the text is not what its tag says.
    """
    if tag in _STRING_TAGS or tag not in _PLAIN_TAGS:
        return text
    value = resolve(text)
    if not isinstance(value, _PLAIN_TAGS[tag]):
        raise ValueError(f"{tag.rpartition(':')[2]} tag on a value that is none")  # noqa: TRY004 - the value is outside input
    return value


def _integer(match: re.Match[str]) -> int | float:
    sign, hexadecimal, binary, octal, decimal = match.groups()
    digits, base = next((d, b) for d, b in ((hexadecimal, 16), (binary, 2), (octal, 8), (decimal, 10)) if d)
    number = int(digits, base) * (-1 if sign == "-" else 1)
    return number if -(2**63) <= number < 2**64 else float(number)
