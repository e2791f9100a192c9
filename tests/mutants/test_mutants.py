"""Three of the twelve guards, for every run of the suite; `make mutants` tries out all."""

import subprocess
import sys

import pytest

from panel.processes.run_panel import PROJECT

pytestmark = pytest.mark.stack


def test_three_guards_are_missed_when_they_are_off() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "tests.mutants", "--only", "index", "triggers", "wallet"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )

    assert run.returncode == 0, run.stdout + run.stderr[-2000:]
    assert run.stdout.splitlines()[-1] == "3 of 3 mutants fail the run"
