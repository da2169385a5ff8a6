"""`--format pdf` where no browser is installed: said before anything is read."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("words", [("audit", "--demo"), ("report", "--from", "nowhere")], ids=["audit", "report"])
def test_missing_browser_ends_the_command_first(tmp_path, words):
    """Exit 2 and one line with the mend; no run was begun, no file written."""
    output = ("-o", str(tmp_path / "out"))
    done = subprocess.run(
        [sys.executable, "-m", "functions.cli", *words, "--format", "pdf", *output],
        cwd=ROOT, env={"PATH": str(tmp_path)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert done.stdout == ""
    assert "install one, or set RINGFENCE_CHROMIUM to its path" in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []
