"""`ringfence.yaml`: the estate's sources, and what its operator declares about it. All errors in one line."""

from __future__ import annotations

from pathlib import Path

import msgspec

from scanner.baselines.config import BaselineConfig
from scanner.errors import InputError

DEFAULT_FILE = "ringfence.yaml"
_MAX_BYTES = 1 << 20  # a settings file is read by people; anything larger is another file


class SourceOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """What one entry of `sources:`, or a command line, asks to read. Exactly one way in is to be set."""

    demo: bool = False
    snapshots: str = ""
    manifests: str = ""
    kubeconfig: str = ""
    contexts: tuple[str, ...] = ()
    cloud_records: tuple[str, ...] = ()
    name: str = ""

    @property
    def chosen(self) -> tuple[str, ...]:
        """The flags of the ways in that are set."""
        ways = {
            "--demo": self.demo,
            "--snapshots": self.snapshots,
            "--manifests": self.manifests,
            "--kubeconfig": self.kubeconfig or self.contexts,
        }
        return tuple(flag for flag, value in ways.items() if value)


class SettingsFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole file. A misspelt key is refused rather than ignored."""

    sources: tuple[SourceOptions, ...] = ()
    baseline: BaselineConfig = BaselineConfig()


def read_settings(path: Path) -> SettingsFile:
    """Read a settings file; relative paths in it stay relative to the current folder.

    Raises:
        InputError: the file is missing, too large, not YAML, or holds something unknown; the line names file and key.
    """
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise InputError(f"{path}: larger than 1 MiB, so no settings file: give the right one with --config")
        return msgspec.yaml.decode(path.read_bytes(), type=SettingsFile)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}): check the path given with --config") from error
    except (ValueError, RecursionError) as error:  # msgspec's are ValueErrors, and so is a date like 2026-99-99
        reason = " ".join(str(error).split())
        raise InputError(f"{path}: {reason}: mend the key, or see the README for the file's form") from error
