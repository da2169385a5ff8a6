"""The flags of what hands a run on: packages for auditors, summaries, messages. Spelled as in `options`."""

from __future__ import annotations

from typing import Annotated

from functions.options import _HOW, _OUT, _flag

Bundle = Annotated[
    str,
    _flag(
        "--bundle",
        _OUT,
        "Write a package for auditors instead: one zip with every form, the evidence, and digests of everything.",
        metavar="FILE.zip",
    ),
]
Sign = Annotated[
    str,
    _flag(
        "--sign",
        _OUT,
        "Sign the bundle with this secret key of minisign (its password: RINGFENCE_SIGNING_PASSWORD, or the terminal).",
        metavar="KEYFILE",
    ),
]
WithSnapshots = Annotated[
    bool, _flag("--with-snapshots", _OUT, "Put the run's snapshots into the bundle too, not only their digests.")
]
GithubSummary = Annotated[
    bool,
    _flag(
        "--github-summary",
        _OUT,
        "Add the report as Markdown, with what changed since the run before, to the summary of this GitHub Actions job.",
    ),
]
PublicKey = Annotated[
    str,
    _flag("--public-key", _HOW, "Who must have signed it: a key of minisign, or its file.", metavar="KEY|FILE"),
]
