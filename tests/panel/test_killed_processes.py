"""What `kill -9` does to a running panel: nothing for long, and it leaves nothing behind."""

import contextlib
import os
import signal
from collections.abc import Iterator

import pytest
import requests

from panel.embedded.child_processes import leftovers
from tests.processes import is_alive
from tests.stack import Stack
from tests.waiting import wait_for

pytestmark = pytest.mark.stack
MAIN_PROCESSES = {
    "web": "gunicorn",
    "worker": "-Q submit",
    "beat": "panel.celery beat",
    "valkey": "valkey-server",
    "postgres": "bin/postgres",
}


@pytest.fixture(scope="module")
def _hurt(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    hurt = Stack(tmp_path_factory.mktemp("hurt") / "data", env={"STATIC_STORAGE": "plain"})
    yield hurt
    hurt.end()


@pytest.fixture
def panel(_hurt: Stack) -> Stack:
    """One panel that every test hurts; it runs when a test begins."""
    if _hurt.process is None or _hurt.process.poll() is not None:
        _hurt.start()
    return _hurt


def is_healthy(panel: Stack) -> bool:
    """Whether web and database answer."""
    try:
        return requests.get(f"{panel.url}/health", timeout=5).status_code == 200
    except requests.RequestException:
        return False


def is_replaced(panel: Stack, pattern: str, before: list[int]) -> bool:
    """Whether as many processes of that kind run as before, and none of those."""
    now = panel.pids(pattern)
    return len(now) >= len(before) and not set(now) & set(before)


@pytest.mark.parametrize("pattern", MAIN_PROCESSES.values(), ids=MAIN_PROCESSES)
def test_killed_child_starts_again_and_its_own_children_are_gone(
    pattern: str, panel: Stack
) -> None:
    before = panel.pids(pattern)

    os.kill(before[0], signal.SIGKILL)

    wait_for(lambda: is_replaced(panel, pattern, before) and is_healthy(panel))


def test_killed_supervisor_is_replaced_with_everything_it_ran(panel: Stack) -> None:
    before = panel.processes()
    starts = panel.said().count("ready http")
    front, supervisor = panel.pids("manage.py up")

    os.kill(supervisor, signal.SIGKILL)

    wait_for(lambda: panel.said().count("ready http") == starts + 1 and is_healthy(panel))
    assert set(panel.processes()) & set(before) == {front}


def test_killed_parent_leaves_no_process_and_the_data_is_there_at_the_next_start(
    panel: Stack,
) -> None:
    made = panel.manage(
        "create_user", "ann@example.com", "--role", "customer", "--password", "correct horse 9"
    )
    assert made.returncode == 0, made.stderr
    before = panel.processes()

    os.kill(before[0], signal.SIGKILL)

    panel.reap()
    wait_for(lambda: not any(map(is_alive, before)) and not leftovers(data_dir=panel.data_dir))
    panel.start()
    again = panel.manage(
        "create_user", "ann@example.com", "--role", "customer", "--password", "correct horse 9"
    )
    assert again.returncode == 1
    assert "ann@example.com" in again.stderr


def test_folder_left_by_a_crash_of_the_machine_starts_again(panel: Stack) -> None:
    everything = panel.processes()
    for number in (signal.SIGSTOP, signal.SIGKILL):  # all at once: nobody cleans up
        for pid in everything:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
    panel.reap()
    wait_for(lambda: panel.processes() == [])
    pid_file = panel.data_dir / "postgres" / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    # the number is another program's by now
    pid_file.write_text("\n".join([str(os.getppid()), *lines[1:]]))

    panel.start()

    assert is_healthy(panel)
    assert panel.stop(number=signal.SIGTERM) == 0
    panel.assert_stopped_cleanly()
