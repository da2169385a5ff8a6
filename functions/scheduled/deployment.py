"""What a function is deployed with: its store, its settings and the files they name, read once for each instance.

Environment: `RINGFENCE_STORE` is the store's URL; `RINGFENCE_SETTINGS` the folder (a path, or a URL of a store) with
`ringfence.yaml` and the files that it names beside it; `RINGFENCE_RUN_HOURS` how long after its time a run may still scan (3);
`RINGFENCE_TRIES` how often the queue delivers a task (3).
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import msgspec

from functions.aggregate import Judging as FleetJudging
from functions.judging import Judging
from functions.own_controls import own_controls
from infra.settings import DEFAULT_FILE, SettingsFile, read_settings
from infra.settings.evidence import read_evidence
from infra.settings.waivers import read_waivers
from infra.store import open_store
from infra.text import printable
from scanner.errors import InputError

if TYPE_CHECKING:
    from infra.store import Store

_MOST_FILES = 200
_MOST_BYTES = 16 << 20  # of one file beside the settings
_HOURS = (1, 24)
_TRIES = (1, 20)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """Everything that a step needs besides its event. `lasts_s` is in seconds."""

    store: Store
    settings: SettingsFile
    lasts_s: int
    tries: int

    @property
    def fleet(self) -> FleetJudging:
        """What the fleet as a whole is judged with."""
        return FleetJudging(settings=self.settings)

    def judging(self, at: str) -> Judging:
        """What the clusters of a run of that time are judged with.

        Raises:
            InputError: a file that the settings name cannot be used.
        """
        settings = self.settings
        return Judging(
            config=settings.baseline,
            at=at,
            statements=read_evidence(Path(settings.evidence)) if settings.evidence else (),
            waivers=read_waivers(Path(settings.waivers)) if settings.waivers else (),
            own=own_controls(settings.controls),
        )


def deployed(environment: Mapping[str, str]) -> Deployment:
    """The deployment that the environment describes.

    Raises:
        InputError: a variable is missing or cannot be used, or the settings have mistakes; names it and the mend.
        StoreError: the settings' store does not give them out.
    """
    place = environment.get("RINGFENCE_SETTINGS", "")
    if not place:
        raise InputError("RINGFENCE_SETTINGS is not set: name the folder or store URL that holds ringfence.yaml")
    folder = _fetched(place) if "://" in place else Path(place)
    settings = _beside(read_settings(folder / DEFAULT_FILE), folder)
    url = environment.get("RINGFENCE_STORE", "") or settings.store
    if not url:
        raise InputError("RINGFENCE_STORE is not set: name the store (s3://, gs://, az://) that runs are kept in")
    return Deployment(
        store=open_store(url),
        settings=settings,
        lasts_s=3600 * _number(environment, "RINGFENCE_RUN_HOURS", 3, _HOURS),
        tries=_number(environment, "RINGFENCE_TRIES", 3, _TRIES),
    )


def _number(environment: Mapping[str, str], name: str, usual: int, within: tuple[int, int]) -> int:
    text = environment.get(name, "") or str(usual)
    least, most = within
    if not text.isascii() or not text.isdigit() or not least <= int(text[:6]) <= most:
        raise InputError(f"{name}={printable(text, 20)!r}: give a whole number from {least} to {most}")
    return int(text)


def _fetched(url: str) -> Path:
    """The files of a store's folder, in a folder of this instance. Keys cannot lead out of it: a store's keys have no `..`."""
    store = open_store(url)
    found = list(store.list(""))
    if len(found) > _MOST_FILES:
        raise InputError(f"{printable(url, 200)}: {len(found)} objects: keep the settings in a folder of their own")
    folder = Path(tempfile.mkdtemp(prefix="ringfence-"))
    for key in found:
        parts = PurePosixPath(key).parts
        if not parts or any(part in {"", ".", "..", "/"} for part in parts):
            raise InputError(f"{printable(url, 200)}: {printable(key, 100)!r} is no name of a file: remove it")
        path = folder.joinpath(*parts)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(store.get(key, max_bytes=_MOST_BYTES))
    return folder


def _beside(settings: SettingsFile, folder: Path) -> SettingsFile:
    """The settings with the files that they name looked for beside them: a function has no current folder to speak of."""

    def found(name: str) -> str:
        return name if not name or "://" in name or Path(name).is_absolute() else str(folder / name)

    return msgspec.structs.replace(
        settings,
        evidence=found(settings.evidence),
        waivers=found(settings.waivers),
        controls=tuple(map(found, settings.controls)),
    )
