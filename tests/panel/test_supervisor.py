"""The supervisor and its guard by themselves, on children that take no time to start."""

import os
import subprocess
import sys
from pathlib import Path

from panel.embedded.child_processes import leftovers
from panel.processes.restart_if_killed import TIED
from panel.processes.run_panel import PROJECT
from tests.waiting import PATIENCE, wait_for

PREFACE = """
import signal, sys, time
from pathlib import Path
from panel.embedded.child_processes import Child
from panel.processes.restart_if_killed import run_guarded
from panel.processes.supervisor import ChildFailed, StopRequested, Supervisor

folder = Path(sys.argv[1])

def say(line):
    print(line, flush=True)

def child(name, line, **more):
    return Child(name=name, argv=("sh", "-c", line), log=folder / f"{name}.log", data_dir=folder, **more)

def body():
    supervisor = Supervisor(report=say)
    try:
        return work(supervisor)
    except (ChildFailed, StopRequested) as error:
        say(f"{type(error).__name__}: {error}")
        return 3
    finally:
        began = time.monotonic()
        supervisor.stop()
        (folder / "stopping").write_text(f"{time.monotonic() - began}")

def work(supervisor):
"""


def script(work: str) -> str:
    """A program that runs `work`, the body of a function of a supervisor, under the guard."""
    indented = "\n".join(f"    {line}" for line in work.strip().splitlines())
    return f"{PREFACE}{indented}\n\nsys.exit(run_guarded(body, report=say))\n"


def supervise(work: str, *, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run `work` to its end in a process of its own."""
    return subprocess.run(
        [sys.executable, "-c", script(work), str(folder)],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def test_exit_code_of_the_body_is_passed_on(tmp_path: Path) -> None:
    assert supervise("return 7", folder=tmp_path).returncode == 7


def test_error_of_the_body_is_shown_and_ends_with_1(tmp_path: Path) -> None:
    answer = supervise("raise KeyError('lost')", folder=tmp_path)

    assert answer.returncode == 1
    assert "KeyError: 'lost'" in answer.stderr


def test_child_that_cannot_start_is_tried_three_times_and_its_last_words_are_told(
    tmp_path: Path,
) -> None:
    work = """
supervisor.start(child("web", "echo no money; exit 4"))
supervisor.wait_until(lambda: False, limit=120, what="Nothing")
"""

    answer = supervise(work, folder=tmp_path)

    assert answer.returncode == 3
    again = f"web ended (4), restarting. Log: {tmp_path}/web.log"
    failed = f"ChildFailed: web does not start (no money): see {tmp_path}/web.log"
    assert answer.stdout.splitlines() == [again, again, failed]


def test_children_stop_in_the_opposite_order_of_their_start(tmp_path: Path) -> None:
    work = """
for name in ("postgres", "worker-a", "worker-b", "web"):
    log = f"echo {name} >> {folder}/order; exit"
    supervisor.start(child(name, f"trap '{log}' TERM; echo up; while :; do sleep 0.02; done"))
logs = [folder / f"{name}.log" for name in ("postgres", "worker-a", "worker-b", "web")]
supervisor.wait_until(lambda: all(log.exists() and log.read_text() for log in logs), limit=120, what="The start")
return 0
"""

    answer = supervise(work, folder=tmp_path)

    assert answer.returncode == 0
    first, *workers, last = (tmp_path / "order").read_text().split()
    assert (first, sorted(workers), last) == ("web", ["worker-a", "worker-b"], "postgres")


def test_child_that_will_not_stop_is_killed_with_its_children_after_its_grace(
    tmp_path: Path,
) -> None:
    work = """
supervisor.start(child("web", "trap '' TERM; sleep 300 & echo up; wait; sleep 300", grace=0.3))
supervisor.wait_until(lambda: (folder / "web.log").read_text() == "up\\n", limit=120, what="The start")
return 0
"""

    answer = supervise(work, folder=tmp_path)

    assert answer.returncode == 0
    assert 0.3 < float((tmp_path / "stopping").read_text()) < 10
    assert leftovers(data_dir=tmp_path) == []


def test_process_that_leaves_its_session_is_found_and_ended_too(tmp_path: Path) -> None:
    work = """
supervisor.start(child("web", "setsid sleep 300 & echo up; exec sleep 300"))
supervisor.wait_until(lambda: (folder / "web.log").read_text() == "up\\n", limit=120, what="The start")
return 0
"""

    answer = supervise(work, folder=tmp_path)

    assert answer.returncode == 0
    assert leftovers(data_dir=tmp_path) == []


def test_errand_that_fails_ends_the_start(tmp_path: Path) -> None:
    answer = supervise(
        "supervisor.finish(child('prepare', 'echo no table; exit 2'), limit=120)", folder=tmp_path
    )

    assert answer.returncode == 3
    assert answer.stdout == f"ChildFailed: prepare failed (no table): see {tmp_path}/prepare.log\n"


def test_errand_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    answer = supervise(
        "supervisor.finish(child('prepare', 'sleep 300'), limit=0.3)", folder=tmp_path
    )

    assert answer.returncode == 3
    assert leftovers(data_dir=tmp_path) == []


def test_killed_make_takes_the_panel_with_it(tmp_path: Path) -> None:
    recipes = [
        line
        for line in (PROJECT / "Makefile").read_text().splitlines()
        if "manage.py demo" in line or " up $" in line
    ]
    work = 'supervisor.start(child("web", "echo up; exec sleep 300"))\nsupervisor.watch()'
    line = ["sh", "-c", '"$0" "$@" & wait', sys.executable, "-c", script(work), str(tmp_path)]
    make = subprocess.Popen(line, cwd=PROJECT, env={**os.environ, TIED: "on"})
    log = tmp_path / "web.log"
    wait_for(lambda: log.exists() and log.read_text() == "up\n")

    make.kill()

    make.wait()
    wait_for(lambda: leftovers(data_dir=tmp_path) == [])
    assert [recipe.startswith(f"\t@{TIED}=on exec ") for recipe in recipes] == [True, True]
