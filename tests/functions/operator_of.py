"""Somebody who runs the program against the estate of three clouds: settings, credentials, and all that was ever said."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import zstandard

from tests.functions.test_cli import ringfence
from tests.servers.three_clouds import ALL_SECRETS, ThreeClouds


@dataclass
class Operator:
    """Somebody with a ringfence.yaml and credentials; everything that any command said or wrote is kept in `said`."""

    folder: Path
    environment: dict[str, str]
    said: list[bytes] = field(default_factory=list)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """One command, in the folder of the settings file."""
        ran = ringfence(*arguments, cwd=self.folder, **self.environment)
        self.said += [ran.stdout.encode(), ran.stderr.encode()]
        assert "Traceback" not in ran.stderr
        return ran

    def document(self, *arguments: str) -> tuple[int, dict[str, Any]]:
        """The exit code and the JSON of a command."""
        ran = self.run(*arguments, "--format", "json")
        assert ran.stdout, ran.stderr
        return ran.returncode, json.loads(ran.stdout)

    def secrets(self, estate: ThreeClouds) -> tuple[int, list[str]]:
        """How many stored snapshots were unpacked, and the secrets in all that commands printed or stored, packed or not."""
        files = [path.read_bytes() for path in self.folder.rglob("*") if path.is_file()]
        packed = [each for each in files if each[:4] == b"\x28\xb5\x2f\xfd"]
        unpacked = [zstandard.ZstdDecompressor().decompress(each, max_output_size=1 << 26) for each in packed]
        tokens = (*estate.google.tokens, *estate.azure.issued, self.environment["AZURE_CLIENT_SECRET"])
        everything = b"\n".join((*self.said, *files, *unpacked))
        return len(unpacked), [secret for secret in (*ALL_SECRETS, *tokens) if secret.encode() in everything]
