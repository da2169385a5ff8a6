"""The README says what the program does: every command, flag and control it has, and none it has not."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from functions.cli import app
from infra.settings import read_settings
from scanner.controls import CONTROLS

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()


def _help(*command: str) -> str:
    run = subprocess.run(
        [sys.executable, "-m", "functions.cli", *command, "--help"],
        cwd=ROOT, capture_output=True, text=True, check=True, env={"COLUMNS": "200", "NO_COLOR": "1", "PATH": ""},
    )  # fmt: skip
    return run.stdout


COMMANDS = re.findall(r"^│ ([\w-]+) ", _help().split("Commands")[1], re.MULTILINE)


def test_commands_were_found():
    """The list the tests below run over is the program's own."""
    assert set(COMMANDS) >= {"audit", "collect", "reach", "explain"}


@pytest.mark.parametrize("command", COMMANDS)
def test_readme_names_every_command_and_flag(command):
    """Each command and each of its flags is explained in the README."""
    assert f"`{command}" in README
    flags = set(re.findall(r"--[a-z][a-z-]+", _help(command).split("Options")[1])) - {"--help"}
    missing = {flag for flag in flags if flag not in README and not flag.startswith("--no-")}
    assert missing == set()


def test_readme_shows_what_the_audit_prints():
    """The README's output of `make audit` is the program's, the report's place aside."""
    shown = re.search(r"\$ make audit\n(.*?)\n```", README, re.DOTALL)
    run = subprocess.run(
        [sys.executable, "-m", "functions.cli", "audit", "--demo", "--allow-partial"],
        cwd=ROOT, capture_output=True, text=True, check=True, env={"COLUMNS": "100", "NO_COLOR": "1", "PATH": ""},
    )  # fmt: skip
    assert shown is not None
    assert [line for line in shown[1].splitlines() if not line.startswith("Report: ")] == run.stdout.splitlines()


def test_readme_names_every_control():
    """Each implemented control is in the README's table, and no other."""
    assert set(re.findall(r"^\| (NB-[A-Z]+-\d\d) ", README, re.MULTILINE)) == {control.id for control in CONTROLS}


def test_readme_settings_file_is_one(tmp_path):
    """The README's ringfence.yaml is read as it stands, and everything in it arrives."""
    example = re.search(r"```yaml\n(.*?)```", README, re.DOTALL)
    assert example is not None
    (tmp_path / "ringfence.yaml").write_text(example[1])
    settings = read_settings(tmp_path / "ringfence.yaml")
    assert len(settings.sources) == 4
    assert {field for field in settings.baseline.__struct_fields__ if getattr(settings.baseline, field)} >= {
        "edge", "egress", "metadata", "platform_sources", "platform_namespaces", "organisation_ranges", "tiers",
    }  # fmt: skip


def test_readme_links_lead_somewhere():
    """Every relative link of the README is a file of the repository."""
    links = [target for target in re.findall(r"\]\(([^)#]+)[^)]*\)", README) if "://" not in target]
    assert links
    assert [target for target in links if not (ROOT / target).exists()] == []


def test_every_flag_has_its_environment_variable():
    """RINGFENCE_ and the flag in capitals, for each flag of each command, as the README says."""
    group = typer.main.get_command(app)
    flags = [
        (flag.opts[0], flag.envvar)
        for name in COMMANDS
        for flag in group.commands[name].params
        if flag.opts[0][:2] == "--"
    ]
    wanted = [(name, "RINGFENCE_" + name.removeprefix("--").upper().replace("-", "_")) for name, _ in flags]
    assert len(flags) > 20
    assert flags == wanted
