"""Object keys: where each document of a run lies below a store's root, whatever a cluster is called.

A segment that comes from a cloud is percent-encoded byte by byte, except for lower-case letters, digits, `-`, `_` and inner
dots. What that leaves cannot leave its folder on a disk or in a bucket: no slash, no `.` or `..`, nothing hidden, no name
that Windows reserves or trims, and no two names that differ in case alone. `~` never comes from a name: it stands in front
of a digest, and alone for the empty name.
"""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, date, datetime
from typing import NamedTuple

from scanner.errors import InputError
from scanner.model import Cloud, ClusterRef

RUNS = "v1/runs/"
LATEST = "v1/latest.json"
FINDINGS = "v1/findings/"
REQUIREMENTS = "v1/requirements/"
SNAPSHOT = "snapshot.json.zst"
RESULT = "result.json"
PLANNED = "planned.json.zst"

_MAX_SEGMENT = 128  # with four segments and a digest, far below the 1,024 bytes of an S3 key and 255 of a file's name
_DIGEST = 32  # hexadecimal digits kept of a SHA-256: 128 bits
_PLAIN = frozenset(b"abcdefghijklmnopqrstuvwxyz0123456789-_.")
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\.|$)")  # Win32 "Naming Files, Paths, and Namespaces"
_RUN_ID = re.compile(r"[0-9]{8}T[0-9]{6}Z(?:-[a-z0-9][a-z0-9-]{0,31})?")
_SUFFIX = re.compile(r"(?:\.[a-z0-9]+)+")
_PAGE = re.compile(r"report(?:/[a-z]+/[a-z0-9~%_-][A-Za-z0-9.~%_-]*)?\.html")
_HEX = re.compile(rf"[0-9a-f]{{{_DIGEST}}}")
_ESCAPE = re.compile(rb"%([0-9A-F]{2})")


class ClusterKey(NamedTuple):
    """A key below `clusters/`, taken apart. `leaf` is the document's name.

    A segment of more than 128 encoded characters is stored cut, so the part here is then only its beginning: the whole
    name stands inside the document.
    """

    run_id: str
    cloud: Cloud
    account: str
    location: str
    name: str
    leaf: str


def run_id(time: str) -> str:
    """The id of the run that was due at `time` (RFC 3339 with an offset): `20261123T080000Z`, fractions dropped.

    Ids sort as their times do, and one time gives one id, so a trigger delivered twice joins its run.

    Raises:
        InputError: not such a time.
    """
    return re.sub("[-:]", "", run_time(time))


def run_time(time: str) -> str:
    """`time` (RFC 3339 with an offset) as a run and its snapshots say it: `2026-11-23T08:00:00Z`, in UTC, fractions dropped.

    Raises:
        InputError: not such a time.
    """
    try:
        moment = datetime.fromisoformat(time)
        # a time without an offset would be read in this machine's zone: made no run id instead
        checked_run_id(f"{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}" if moment.tzinfo else "")
        return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    except (ValueError, OverflowError, InputError) as error:
        raise InputError(f"run time {time[:60]!r}: write it with its offset, as in 2026-11-23T08:00:00Z") from error


def time_of(run_id: str) -> str:
    """The time that a run's id begins with, as `run_time` writes it.

    Raises:
        InputError: it is no run id.
    """
    return run_time(datetime.strptime(checked_run_id(run_id)[:16], "%Y%m%dT%H%M%S%z").isoformat())


def checked_run_id(text: str) -> str:
    """`text`, if it is a run id: a time as `run_id` writes it, with `-` and a word in lower case behind it if need be.

    Raises:
        InputError: it is none.
    """
    try:
        if _RUN_ID.fullmatch(text):
            datetime.fromisoformat(text[:16])
            return text
    except ValueError:
        pass  # digits that are no date
    raise InputError(f"run id {text[:60]!r}: write its time, as in 20261123T080000Z or 20261123T080000Z-nightly")


def run_prefix(run_id: str) -> str:
    """The folder of one run, with its slash."""
    return f"{RUNS}{checked_run_id(run_id)}/"


def run_key(run_id: str) -> str:
    """The run's own record: scopes, expected clusters, versions."""
    return f"{run_prefix(run_id)}run.json"


def summary_key(run_id: str) -> str:
    """What a finished run leaves to later ones (`reports.summary`)."""
    return f"{run_prefix(run_id)}summary.json"


def networks_key(run_id: str) -> str:
    """The networks of the clouds as a scheduled run's plan read them, before its clusters are placed in them (`topology/v1`)."""
    return f"{run_prefix(run_id)}networks.json"


def topology_key(run_id: str) -> str:
    """The networks of the clouds as the run read them (`topology/v1`); none where no cloud was asked."""
    return f"{run_prefix(run_id)}topology.json"


def clusters_prefix(run_id: str) -> str:
    """The folder under which every cluster of a run has its own."""
    return f"{run_prefix(run_id)}clusters/"


def snapshot_key(run_id: str, ref: ClusterRef) -> str:
    """Where the snapshot of `ref` lies in a run."""
    return f"{_folder(run_id, ref)}{SNAPSHOT}"


def cluster_prefix(run_id: str, ref: ClusterRef) -> str:
    """The folder of one cluster in a run, with its slash."""
    return _folder(run_id, ref)


def planned_key(run_id: str, ref: ClusterRef) -> str:
    """Where a scheduled run's plan leaves what the cloud says of `ref`, before its cluster is read."""
    return f"{_folder(run_id, ref)}{PLANNED}"


def result_key(run_id: str, ref: ClusterRef) -> str:
    """Where the result of `ref` lies in a run, beside its snapshot."""
    return f"{_folder(run_id, ref)}{RESULT}"


def report_key(run_id: str, suffix: str) -> str:
    """Where the report of a run lies in one format; `suffix` is the file's: `.json`, `.html`.

    Raises:
        ValueError: no such suffix; formats are named in the code, so this is a bug.
    """
    if not _SUFFIX.fullmatch(suffix):
        raise ValueError(f"{suffix!r} is no file suffix")
    return f"{run_prefix(run_id)}report{suffix}"


def findings_key(run_id: str, cloud: str, day: date) -> str:
    """Where a run's findings of one cloud lie: partitions as Hive names them, so that SQL reads only what it asks for."""
    return f"{FINDINGS}cloud={segment(cloud)}/day={day.isoformat()}/{checked_run_id(run_id)}.parquet"


def requirements_key(run_id: str, day: date) -> str:
    """Where a run's requirements lie, of every framework that it was seen through."""
    return f"{REQUIREMENTS}day={day.isoformat()}/{checked_run_id(run_id)}.parquet"


def page_key(run_id: str, path: str) -> str:
    """Where a page of the report's site lies: `report.html`, or one below `report/` as `reports.html.site` names them.

    Raises:
        ValueError: no such page; they are named in the code, so this is a bug.
    """
    if not _PAGE.fullmatch(path):
        raise ValueError(f"{path!r} is no page of a report")
    return f"{run_prefix(run_id)}{path}"


def parse_cluster_key(key: str) -> ClusterKey | None:
    """Take a key apart that `snapshot_key` or `result_key` made; None for any other, for a store may hold foreign files."""
    run, between, rest = key.removeprefix(RUNS).partition("/clusters/")
    parts = rest.split("/")
    if not key.startswith(RUNS) or not between or len(parts) != 5 or parts[4] not in {SNAPSHOT, RESULT, PLANNED}:
        return None
    try:
        cloud = Cloud(_decode(parts[0]))
        account, location, name = (_decode(part) for part in parts[1:4])
        return ClusterKey(checked_run_id(run), cloud, account, location, name, parts[4])
    except (ValueError, InputError):
        return None


def _folder(run_id: str, ref: ClusterRef) -> str:
    """One cluster's folder. The name carries a digest of the id where cloud, account, location and name do not imply it.

    Two AKS clusters of one subscription and location may share a name: only the resource group in the id tells them apart.
    """
    place = "/".join(segment(part) for part in (ref.cloud, ref.account, ref.location))
    identity = "" if ref.id in _implied_ids(ref) else ref.id
    return f"{clusters_prefix(run_id)}{place}/{segment(ref.name, identity)}/"


def _implied_ids(ref: ClusterRef) -> set[str]:
    """The ids that the rest of `ref` gives away: its own form, and the canonical ones of EKS and GKE."""
    path = f"projects/{ref.account}/locations/{ref.location}/clusters/{ref.name}"
    arn = f"eks:{ref.location}:{ref.account}:cluster/{ref.name}"
    ids = {f"{ref.cloud}/{ref.account}/{ref.location}/{ref.name}"}
    match ref.cloud:
        case Cloud.AWS:
            ids |= {f"arn:{partition}:{arn}" for partition in ("aws", "aws-cn", "aws-us-gov")}
        case Cloud.GCP:
            ids |= {path, f"//container.googleapis.com/{path}"}
        case Cloud.AZURE | Cloud.OTHER:
            pass
    return ids


def segment(text: str, identity: str = "") -> str:
    """`text` as one segment of a key or a file's name; it ends in a digest of both where there is an identity or too much text.

    Two texts, or one with two identities, never give the same segment.
    """
    pieces = [
        "".join(map(_escape, character.encode("utf-8", "surrogatepass"))) for character in text[: _MAX_SEGMENT + 1]
    ]
    if pieces and (text[0] == "." or _RESERVED.match(text)):
        pieces[0] = f"%{ord(text[0]):02X}"
    if text.endswith(".") and len(pieces) == len(text):
        pieces[-1] = "%2E"
    if not identity and len("".join(pieces)) <= _MAX_SEGMENT:
        return "".join(pieces) or "~"
    while len("".join(pieces)) > _MAX_SEGMENT:
        pieces.pop()
    parts = [part.encode("utf-8", "surrogatepass") for part in (text, identity)]
    digest = hashlib.sha256(b"".join(len(part).to_bytes(8, "big") + part for part in parts)).hexdigest()
    return f"{''.join(pieces)}~{digest[:_DIGEST]}"


def _escape(byte: int) -> str:
    return chr(byte) if byte in _PLAIN else f"%{byte:02X}"


def _decode(part: str) -> str:
    """The text of a segment, or its beginning where it was cut. Raises ValueError for what `segment` never writes."""
    encoded, _, digest = part.partition("~")
    data = _ESCAPE.sub(lambda match: bytes((int(match[1], 16),)), encoded.encode("ascii"))
    text = data.decode("utf-8", "surrogatepass")
    if not _HEX.fullmatch(digest) if digest else segment(text) != part:
        raise ValueError("a segment in another form")
    return text
