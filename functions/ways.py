"""Which sources a command works on: those of its flags, else those of the settings file, which then also names the store."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from infra.clouds.options import AwsOptions, AzureOptions, GcpOptions
from infra.settings import DEFAULT_FILE, SettingsFile, SourceOptions, read_settings


@dataclass(frozen=True, slots=True, kw_only=True)
class WaysIn:
    """The flags that say where to read from. `local` are those of everything but the clouds."""

    local: SourceOptions = SourceOptions()  # noqa: RUF009 - frozen
    aws: bool = False
    gcp: bool = False
    azure: bool = False
    config: str = ""


@dataclass(frozen=True, slots=True)
class Chosen:
    """What was chosen. `store` is the settings' own, "" where flags named the sources: they may be somebody's experiment."""

    sources: tuple[SourceOptions, ...]
    settings: SettingsFile
    store: str


def choose(ways: WaysIn) -> Chosen:
    """The sources of the flags, or else of the settings file; without either one source without a way in.

    Raises:
        InputError: the settings file cannot be read, or has mistakes.
    """
    settings = _settings(ways.config)
    clouds = (
        (ways.aws, SourceOptions(aws=AwsOptions())),
        (ways.gcp, SourceOptions(gcp=GcpOptions())),
        (ways.azure, SourceOptions(azure=AzureOptions())),
    )
    flagged = tuple(source for wanted, source in clouds if wanted)
    if not ways.local.chosen and not flagged and settings.sources:
        return Chosen(settings.sources, settings, settings.store)
    local = (ways.local,) if ways.local.chosen or not flagged else ()
    return Chosen((*local, *flagged), settings, "")


def _settings(path: str) -> SettingsFile:
    if path:
        return read_settings(Path(path))
    return read_settings(Path(DEFAULT_FILE)) if Path(DEFAULT_FILE).is_file() else SettingsFile()
