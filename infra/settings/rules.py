"""What a settings file may not say though each key is well formed: names a cloud cannot know, keys that do not go together."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from infra.clouds.options import AwsOptions, AzureOptions, GcpOptions
from infra.settings.model import Link, Selected, SettingsFile, SourceOptions, TrustZone
from infra.settings.waivers import WaiverFile
from infra.text import printable
from scanner.waivers.model import Waiver

Broken = tuple[tuple[str | int, ...], str]  # the keys that lead there, what is wrong and the mend

_ACCOUNT = re.compile(r"\d{12}", re.ASCII)
_REGION = re.compile(r"[a-z]{2,8}(?:-[a-z]{2,20}){1,4}-\d{1,2}")
_UNIT = re.compile(r"ou-[0-9a-z]{4,32}-[0-9a-z]{8,32}|r-[0-9a-z]{4,32}")
_ROLE = re.compile(r"[\w+=,.@/-]{1,600}", re.ASCII)
_PROJECT = re.compile(r"(?:projects/)?(?:(?:[a-z0-9.-]+:)?[a-z][a-z0-9-]{4,28}[a-z0-9]|\d{6,20})")
_NUMBER = re.compile(r"(?:organizations/|folders/)?\d{1,20}", re.ASCII)
_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def _source(source: SourceOptions) -> Iterator[Broken]:
    if len(source.chosen) != 1:
        found = ", ".join(flag.removeprefix("--") for flag in source.chosen) or "none"
        ways = "demo, snapshots, manifests, kubeconfig or contexts, aws, gcp, azure"
        yield (
            (),
            f"an entry has one way in, this one has {found}: write one of {ways}, and the others as further entries",
        )
        return
    if source.is_cloud:
        for key, value in (("cloudRecords", source.cloud_records), ("name", source.name)):
            if value:
                yield (key,), "does nothing here: the cloud gives records and names: remove it"
        return
    for key, choice in (("include", source.include), ("exclude", source.exclude)):
        if choice:
            yield (key,), "chooses among a cloud's clusters, and this entry has none: remove it"
    if source.name and not source.manifests:
        yield ("name",), "names a folder of manifests, and this entry has none: remove it"
    entries = len(source.contexts) or 1
    if source.cloud_records and not (source.snapshots or source.demo) and len(source.cloud_records) != entries:
        yield ("cloudRecords",), f"{len(source.cloud_records)} for {entries} clusters: name one for each, in order"


def _selected(choice: Selected) -> Iterator[Broken]:
    if choice.name == "*" and not choice.tags:
        yield (), "chooses every cluster: add `name` or `tags`, or remove it"


def _aws(options: AwsOptions) -> Iterator[Broken]:
    yield from _forms("accounts", options.accounts, _ACCOUNT, "account: write its 12 digits, in quotes")
    yield from _forms("regions", options.regions, _REGION, "region: write its code, as eu-west-1")
    yield from _forms(
        "organizationalUnits", options.organizational_units, _UNIT, "unit: write its id, as ou-ab12-11111111"
    )
    if options.role and not _ROLE.fullmatch(options.role):
        yield ("role",), "no role's name: write the name alone, not the ARN"
    if options.organizational_units and not options.organization:
        yield ("organizationalUnits",), "narrows an organization: add `organization: true`"
    if options.external_id and not options.role:
        yield ("externalId",), "belongs to a role: add `role`"
    if options.organization and not options.role:
        yield ("organization",), "its accounts are entered by a role: add `role`, the name it has in each of them"
    if len(options.accounts) > 1 and not options.role and not options.organization:
        yield ("accounts",), "further accounts are entered by a role: add `role`, the name it has in each of them"


def _gcp(options: GcpOptions) -> Iterator[Broken]:
    if options.organization and not _NUMBER.fullmatch(options.organization):
        yield ("organization",), "no organization's number: write it as 123456789012, in quotes"
    yield from _forms("folders", options.folders, _NUMBER, "folder's number: write it as 123456789012, in quotes")
    yield from _forms("projects", options.projects, _PROJECT, "project: write its id, as my-project-1")


def _azure(options: AzureOptions) -> Iterator[Broken]:
    yield from _forms(
        "subscriptions", options.subscriptions, _GUID, "subscription: write its id (a GUID), not its name"
    )


def _zone(zone: TrustZone) -> Iterator[Broken]:
    if not zone.clusters and not zone.cidrs:
        yield (), "holds nothing: add `clusters` or `cidrs`"
    yield from _ranges(zone.cidrs)


def _link(link: Link) -> Iterator[Broken]:
    if link.from_ == link.to:
        yield ("to",), "leads back to where it starts: name another place"
    yield from _ranges(link.cidrs)


def _settings(settings: SettingsFile) -> Iterator[Broken]:
    seen: set[str] = set()
    for index, zone in enumerate(settings.trust_zones):
        if zone.name in seen:
            yield ("trustZones", index, "name"), f"{printable(zone.name, 60)!r} stands twice: rename one"
        seen.add(zone.name)


def _waiver(waiver: Waiver) -> Iterator[Broken]:
    from scanner.controls import CONTROLS  # every control of the baseline: not for whoever has no waivers

    severity = next((control.severity for control in CONTROLS if control.id == waiver.control), None)
    if severity is None:
        yield ("control",), f"{printable(waiver.control, 60)!r} is no control: `ringfence baseline list` shows them"
        return
    for key, problem in waiver.problems(severity):
        yield (key,), problem


def _waivers(file: WaiverFile) -> Iterator[Broken]:
    seen: set[str] = set()
    for index, waiver in enumerate(file.waivers):
        if waiver.id in seen:
            yield (
                ("waivers", index, "id"),
                f"{printable(waiver.id, 60)!r} stands twice: give each waiver an id of its own",
            )
        seen.add(waiver.id)


def _forms(key: str, values: tuple[str, ...], form: re.Pattern[str], what: str) -> Iterator[Broken]:
    for index, value in enumerate(values):
        if not form.fullmatch(value):
            yield (key, index), f"{printable(value, 60)!r} is no {what}"


def _ranges(cidrs: tuple[str, ...]) -> Iterator[Broken]:
    for index, text in enumerate(cidrs):
        try:
            ipaddress.ip_network(text)
        except ValueError:
            yield ("cidrs", index), f"{printable(text, 60)!r} is no range{_nearest(text)}"


def _nearest(text: str) -> str:
    try:
        return f": its last bits are set: write {ipaddress.ip_network(text, strict=False)}"
    except ValueError:
        return ": write it as 10.20.0.0/16 or fd00::/8"


RULES: Mapping[type, Callable[[Any], Iterator[Broken]]] = {
    SourceOptions: _source,
    Selected: _selected,
    AwsOptions: _aws,
    GcpOptions: _gcp,
    AzureOptions: _azure,
    TrustZone: _zone,
    Link: _link,
    SettingsFile: _settings,
    Waiver: _waiver,
    WaiverFile: _waivers,
}
