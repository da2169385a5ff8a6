"""`python -m functions.bundling CLOUD…`: build the zips of these clouds into dist/, and say how large they are."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from functions.bundling.build import Bundle, build
from functions.bundling.errors import BundleError
from functions.bundling.target import ARCHITECTURES, CLOUDS, PYTHON, Target, target_of

_CHECKOUT = Path(__file__).parents[2]
_MIB = 1 << 20


def main(arguments: Sequence[str] | None = None) -> int:
    """Build what the words ask for; 0, or 2 with one line on stderr."""
    asked = _parser().parse_args(arguments)
    try:
        for number, target in enumerate(_targets(asked)):
            _show(build(target, _CHECKOUT, asked.output), first=number == 0)
    except BundleError as error:
        print(f"bundling: {error}", file=sys.stderr)  # noqa: T201
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m functions.bundling", description=__doc__)
    parser.add_argument("cloud", nargs="+", choices=CLOUDS, metavar="CLOUD", help="aws, gcp or azure; several at once")
    parser.add_argument(
        "--architecture", choices=tuple(ARCHITECTURES), help="of Lambda (both without it); the other clouds run x86_64"
    )
    parser.add_argument("--python", default=PYTHON, type=_version, help=f"the runtime's version ({PYTHON})")
    parser.add_argument(
        "--clouds", default=(), type=_clouds, help="whose SDKs come along, as in aws,gcp,azure (that of CLOUD alone)"
    )
    parser.add_argument(
        "--extras", default=(), type=_names, help="further extras of the project, as in policy-code for own controls"
    )
    parser.add_argument("--output", "-o", default=Path("dist"), type=Path, help="the folder for the zips (dist)")
    return parser


def _targets(asked: argparse.Namespace) -> Iterator[Target]:
    for cloud in asked.cloud:
        clouds = tuple(name for name in CLOUDS if name in {cloud, *asked.clouds})
        several = cloud == "aws" and asked.architecture is None
        for architecture in ARCHITECTURES if several else (asked.architecture or "x86_64",):
            yield target_of(cloud, architecture=architecture, python=asked.python, clouds=clouds, extras=asked.extras)


def _version(text: str) -> str:
    if not re.fullmatch(r"3\.1[1-9]", text):
        raise argparse.ArgumentTypeError(f"{text!r}: give 3.11 or newer, as X.Y")
    return text


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split(","))


def _clouds(text: str) -> tuple[str, ...]:
    names = _names(text)
    if set(names) - set(CLOUDS):
        raise argparse.ArgumentTypeError(f"{text!r}: choose among {','.join(CLOUDS)}")
    return names


def _show(bundle: Bundle, *, first: bool) -> None:
    """A line of the table; where no byte code could be written, that is said, for a cold start pays for it."""
    target, sizes = bundle.target, bundle.sizes
    if first:
        print(f"{'bundle':24} {'zip MB':>7} {'MB':>7} {'files':>6}  python  byte code  sha256")  # noqa: T201
    code = "yes" if bundle.compiled else "no"
    cells = f"{sizes.zipped / _MIB:7.1f} {sizes.unpacked / _MIB:7.1f} {sizes.files:6}  {target.python:6}  {code:9}"
    print(f"{target.name:24} {cells}  {sizes.sha256[:16]}", flush=True)  # noqa: T201
    if not bundle.compiled and target.trimmed:
        print(  # noqa: T201
            f"{target.name}: no python{target.python} on the path, so no byte code: each cold start compiles what it loads",
            file=sys.stderr,
        )


if __name__ == "__main__":
    sys.exit(main())
