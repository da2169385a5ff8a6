"""What is taken away of the packages that a bundle needs: rules, each with its reason; licences and metadata stay."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

from infra.clouds.eks.permissions import PERMISSIONS

# A pattern of paths below the folder that packages lie in -> why it is not needed. `*` also matches across folders.
RULES = {
    "bin/*": "scripts that pip wrote for the machine that built this, with its paths",
    "*/__pycache__/*": "written anew, if at all, for the Python that will read it",
    "*/tests/*": "tests of their authors",
    "*/test/*": "tests of their authors",
    "*/examples/*": "examples for readers",
    "*.pyi": "types, which nothing here checks",
    "*.pyx": "sources of what is compiled already",
    "*.pxd": "sources of what is compiled already",
    "*.[ch]": "sources of what is compiled already",
    "kubernetes/aio/*": "the asynchronous twin, 40 MB: nothing here runs an event loop",
    "kubernetes/client/api/[a-z]*.py": "a class for each group's API, 20 MB: infra.kube asks by path",
    "kubernetes/client/models/[a-z]*.py": "a class for each kind, 13 MB: infra.kube reads lists as bytes",
    "azure/*/aio/*": "asynchronous twins: nothing here runs an event loop",
    "zstandard/_cffi.*": "the backend for PyPy, 12 MB: CPython takes the other",
    "zstandard/backend_cffi.py": "the backend for PyPy",
}
_KEPT_OF_INFO = ("METADATA", "entry_points.txt", "licenses/*", "LICEN[CS]E*", "NOTICE*", "COPYING*", "AUTHORS*")
_DATA = PurePosixPath("botocore/data")
_SERVICES = frozenset({"sqs", "sts", *(each.service for each in PERMISSIONS)})  # what discovery asks, and the queue


def trim(folder: Path) -> None:
    """Take away what `RULES` name, botocore's models of services that nothing here asks, and what pip noted for itself."""
    paths = sorted(path for path in folder.rglob("*") if not path.is_dir())
    for path in paths:
        if is_unneeded(PurePosixPath(path.relative_to(folder).as_posix())):
            path.unlink()
    for path in sorted((path for path in folder.rglob("*") if path.is_dir()), reverse=True):
        if not any(path.iterdir()):
            path.rmdir()


def is_unneeded(path: PurePosixPath) -> bool:
    """Whether nothing in a function reads this file."""
    top = path.parts[0]
    if top.endswith(".dist-info"):
        return not _matches(path.relative_to(top), _KEPT_OF_INFO)
    if path.is_relative_to(_DATA):
        inside = path.relative_to(_DATA)
        return len(inside.parts) > 1 and inside.parts[0] not in _SERVICES
    return _matches(path, RULES)


def _matches(path: PurePosixPath, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(str(path), pattern) for pattern in patterns)


def copy_packages(checkout: Path, names: Iterable[str], folder: Path) -> None:
    """The project's own packages as they lie in the checkout, without what only building needs, and its licence."""
    for name in names:
        shutil.copytree(
            checkout / name,
            folder / name,
            ignore=shutil.ignore_patterns("__pycache__", "bundling", ".*", "*.pyc", "*.md"),
        )
    shutil.copyfile(checkout / "LICENSE", folder / "LICENSE")
