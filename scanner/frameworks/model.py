"""The frameworks, read from `data/NAME.toml` and checked: what a mark means, and where it comes from.

`equal`: a source lists a requirement with this very subject, or maps an equivalent check to it; the source's code stands behind
the control. `supports`: the requirement is confirmed, that the control supports it is our judgement. `unconfirmed`: the id was
not confirmed, and is never exported. `revision = 4`: the id is known from a Revision 4 catalogue alone.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

import msgspec

from scanner.baselines.profiles import ALL
from scanner.errors import InputError
from scanner.model import Cloud

ATTESTATION = "evidence support, not an attestation"
# Where an equal mark was found (as read in August 2026).
SOURCES: Mapping[str, str] = {
    "KB": "aquasecurity/kube-bench, cfg/",
    "KS": "kubescape/regolibrary, frameworks/",
    "PW": "prowler-cloud/prowler, prowler/compliance/",
    "CC": "ComplianceAsCode/content, controls/",
    "SP": "turbot/steampipe-mod-kubernetes-compliance, nsa_cisa_v1",
    "TR": "aquasecurity/trivy-checks, pkg/compliance/k8s-nsa-1.0.yaml",
}
_NAMES = (
    "cis-eks", "cis-gke", "cis-aks", "cis-kubernetes", "nsa-cisa", "nist-800-53", "nist-800-190", "pci-dss", "iso-27001",
    "soc-2", "attack", "hipaa",
)  # fmt: skip


class Requirement(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One requirement: `equal` maps a control to its sources ("KB+KS"), the others list controls."""

    id: str
    equal: dict[str, str] = {}
    supports: tuple[str, ...] = ()
    unconfirmed: tuple[str, ...] = ()
    revision: Literal[0, 4] = 0

    @property
    def exported(self) -> bool:
        """Whether anything but an unconfirmed mark speaks for it."""
        return bool(self.equal or self.supports)

    @property
    def shown(self) -> str:
        """The id for people: "r4" stands behind one that is known from a Revision 4 catalogue alone."""
        return f"{self.id} r4" if self.revision else self.id

    def sources(self, control: str) -> tuple[str, ...]:
        """The codes of the sources (keys of `SOURCES`) for a control that is equal to it, empty for any other."""
        return tuple(filter(None, self.equal.get(control, "").split("+")))


class _File(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: str
    publisher: str
    note: str
    requirements: tuple[Requirement, ...]
    version: str = ""
    short: tuple[str, ...] = ()
    clouds: tuple[Cloud, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Framework:
    """One framework in one version, empty where none is known. `clouds` are the only ones it is about, empty for all."""

    slug: str
    name: str
    version: str
    short: tuple[str, ...]
    publisher: str
    note: str
    clouds: tuple[Cloud, ...]
    requirements: tuple[Requirement, ...]

    def applies_to(self, cloud: str) -> bool:
        """Whether it is about clusters of a cloud."""
        return not self.clouds or cloud in self.clouds

    @property
    def called(self) -> str:
        """The shortest name that people write."""
        return self.short[0] if self.short else self.name


@cache
def frameworks() -> tuple[Framework, ...]:
    """All frameworks, in a fixed order.

    Raises:
        ValueError: a file of the package is not of its form: a defect of ringfence.
    """
    folder = files("scanner.frameworks") / "data"
    return tuple(read_framework(name, (folder / f"{name}.toml").read_text("utf-8")) for name in _NAMES)


def find_framework(text: str) -> Framework:
    """The framework that somebody calls by its name, a part of it or its short form, whatever the case.

    Raises:
        InputError: none, or several; names the choices.
    """
    wanted = _plain(text)
    known = frameworks()
    exact = [each for each in known if wanted in {_plain(each.slug), _plain(each.name), *map(_plain, each.short)}]
    found = exact or [each for each in known if wanted and wanted in _plain(each.name)]
    if len(found) != 1:
        choices = ", ".join(each.called for each in (found or known))
        raise InputError(
            f"framework {text[:80]!r}: {'several are meant' if found else 'not known'}: write one of {choices}"
        )
    return found[0]


@dataclass(frozen=True, slots=True)
class Reference:
    """One requirement that a control speaks to: mark "equal", with its sources' codes, or "supports"."""

    requirement: Requirement
    mark: Literal["equal", "supports"]
    sources: tuple[str, ...] = ()


def references(control: str) -> dict[str, tuple[Reference, ...]]:
    """What a control speaks to, by the framework's name. Unconfirmed marks are left out: they are never exported."""
    found: dict[str, tuple[Reference, ...]] = {}
    for framework in frameworks():
        marks = tuple(filter(None, (_reference(each, control) for each in framework.requirements)))
        if marks:
            found[framework.name] = marks
    return found


def _reference(requirement: Requirement, control: str) -> Reference | None:
    if control in requirement.equal:
        return Reference(requirement, "equal", requirement.sources(control))
    return Reference(requirement, "supports") if control in requirement.supports else None


def read_framework(slug: str, text: str) -> Framework:
    """One file.

    Raises:
        ValueError: broken TOML, an unknown key, control or source, a requirement without a control or that stands twice, a
            control with two marks, a name without its version; names the file and the requirement.
    """
    try:
        file = msgspec.convert(tomllib.loads(text), _File)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise ValueError(f"{slug}.toml: {error}") from error
    if file.version not in file.name:
        raise ValueError(f"{slug}.toml: version: {file.version} is not in the name, {file.name}")
    seen: set[str] = set()
    for each in file.requirements:
        problem = "stands twice" if each.id in seen else _problem(each)
        if problem:
            raise ValueError(f"{slug}.toml: {each.id}: {problem}")
        seen.add(each.id)
    return Framework(
        slug=slug,
        name=file.name,
        version=file.version,
        short=file.short,
        publisher=file.publisher,
        note=file.note,
        clouds=file.clouds,
        requirements=file.requirements,
    )


def _problem(requirement: Requirement) -> str:
    controls = (*requirement.equal, *requirement.supports, *requirement.unconfirmed)
    if not controls:
        return "no control speaks to it"
    if len(set(controls)) != len(controls):
        return "a control has two marks"
    unknown = [control for control in controls if control not in ALL]
    if unknown:
        return f"{unknown[0]} is no control"
    for control, codes in requirement.equal.items():
        if not codes or not set(codes.split("+")) <= SOURCES.keys():
            return f"{control}: {codes!r} names no source"
    return ""


def _plain(text: str) -> str:
    return "".join(letter for letter in text.lower() if letter.isalnum())
