"""Every engine ringfence knows, by name, and the data plane of a cluster in which one of them works everywhere.

What an engine honours stands in `engines/NAME.toml`, a file an engine; `wire` is its form, `engine` what becomes of it.
"""

from __future__ import annotations

import hashlib
import pkgutil
from collections.abc import Iterable, Iterator, Mapping
from functools import cache

from scanner.dataplane.catalogue.engine import Engine, Support
from scanner.dataplane.catalogue.wire import read_engine
from scanner.dataplane.model import (
    Answer,
    Confidence,
    Coverage,
    DataPlane,
    DenyLogging,
    Enforcing,
    Fact,
    Proof,
    Value,
)
from scanner.dataplane.versions import parse
from scanner.errors import InputError

__all__ = ["CATALOGUE", "KUBENET", "Catalogue", "digest", "extended", "named", "support_proof"]

Catalogue = Mapping[str, Engine]
_NAMES = (
    "aks-calico", "aks-cilium", "aks-npm", "aks-npm-windows", "antrea", "calico", "cilium", "eks-auto-mode", "eks-vpc-cni",
    "gke-calico", "gke-dataplane-v2", "kube-network-policies", "kube-router", "ovn-kubernetes", "weave",
)  # fmt: skip
KUBENET = Support(
    "kubenet", "2028-03-31", Fact(Value.HONOURED, Confidence.SOURCE, "MicrosoftDocs/azure-aks-docs")
)  # a network plugin, not an engine


class _BuiltIn(Mapping[str, Engine]):
    """The files of the package, each read once it is asked for."""

    def __getitem__(self, name: str) -> Engine:
        if name not in _NAMES:
            raise KeyError(name)
        return _built_in(name)

    def __iter__(self) -> Iterator[str]:
        return iter(_NAMES)

    def __len__(self) -> int:
        return len(_NAMES)

    def __contains__(self, name: object) -> bool:
        return name in _NAMES


@cache
def _built_in(name: str) -> Engine:
    return read_engine(_file(name), f"engines/{name}.toml")


def _file(name: str) -> bytes:
    where = f"engines/{name}.toml"
    data = pkgutil.get_data(__name__, where)
    if data is None:
        raise InputError(f"{where}: is missing from this installation: install ringfence again")
    return data


CATALOGUE: Catalogue = _BuiltIn()


def digest() -> str:
    """SHA-256 over the package's engine files, each with its name: two catalogues with the same one say the same."""
    found = hashlib.sha256()
    for name in _NAMES:
        content = hashlib.sha256(_file(name)).hexdigest()
        found.update(f"{content}  {name}.toml\n".encode())
    return found.hexdigest()


def extended(files: Iterable[tuple[str, bytes]]) -> Catalogue:
    """The catalogue with further files (name, content), which add engines or count instead of what is said of one.

    Raises:
        InputError: a file does not load, or names a new engine without a title.
    """
    found: dict[str, Engine] = {}
    for where, data in files:
        entry = read_engine(data, where)
        base = found.get(entry.name) or CATALOGUE.get(entry.name)
        if base is None and not entry.title:
            raise InputError(
                f"{where}: title: a new engine needs one; an engine of the catalogue is meant: correct the name"
            )
        found[entry.name] = entry if base is None else entry.over(base)
    return {**CATALOGUE, **found} if found else CATALOGUE


def support_proof(engine: Engine | None, plugin: str = "") -> Proof | None:
    """What the catalogue says of an engine's (and the network plugin's) end of support."""
    ends = list(engine.support) if engine else []
    if plugin == "kubenet":
        ends.append(KUBENET)
    if not ends:
        return None
    return Proof("; ".join(f"support of {end.subject} ends {end.ends}" for end in ends), ends[0].fact.source)


def named(name: str, version: str = "", catalogue: Catalogue = CATALOGUE) -> DataPlane:
    """The data plane of an imagined cluster: one engine, switched on, on every node. `none` is a cluster without one.

    Raises:
        InputError: the name is not in the catalogue, or the version has no numbers.
    """
    if name != "none" and name not in catalogue:
        known = ", ".join(sorted([*catalogue, "none"]))
        raise InputError(f"unknown data plane {name!r}: name one of {known}")
    if version and parse(version) is None:
        raise InputError(f"{version!r} is not a version of {name}: write numbers such as 1.17.2")
    on = name != "none"
    engine = catalogue[name] if on else None
    facts = engine.at(version) if engine else None
    logged = Answer.UNKNOWN if facts and facts.deny_log.answer is not Answer.NO else Answer.NO
    return DataPlane(
        name=name,
        version=version if on else "",
        enforcing=Enforcing.YES if on else Enforcing.NO,
        reason="on" if on else "no-engine",
        mode="enforcing",
        proofs=(Proof("the data plane was named by the caller", "--dataplane"),),
        engine=engine,
        capabilities=facts,
        default=Coverage(Answer.YES, "covered") if on else Coverage(Answer.NO, "engine-off"),
        logging=DenyLogging(enabled=logged, exported=logged),
        support=support_proof(engine),
    )
