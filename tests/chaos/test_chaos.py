"""A short run of the chaos; `make chaos SEEDS=n ORDERS=n` runs the long one."""

import subprocess
import sys

import pytest

from panel.processes.run_panel import PROJECT

pytestmark = pytest.mark.stack

ORDERS = 100


def test_short_run_places_no_order_twice_and_loses_no_cent() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "tests.chaos", "--orders", str(ORDERS)],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )

    assert run.returncode == 0, run.stdout[-5000:] + run.stderr[-2000:]
    assert "doubles" in run.stdout
