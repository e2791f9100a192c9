"""`manage.py up`: starts, says so, serves, refuses what cannot be, stops cleanly."""

import os
import signal
import socket
import stat
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from panel.embedded.child_processes import leftovers
from panel.embedded.programs import postgres_programs
from tests.stack import Stack
from tests.waiting import wait_for

pytestmark = pytest.mark.stack


def test_ready_line_gives_the_address_and_nothing_else(panel: Stack) -> None:
    lines = panel.said().splitlines()

    assert lines == [f"ready {panel.url}"]
    assert panel.url.startswith("http://127.0.0.1:")


def test_ready_panel_serves_pages_and_compiled_styles(panel: Stack) -> None:
    page = requests.get(f"{panel.url}/", timeout=10)
    health = requests.get(f"{panel.url}/health", timeout=10)

    assert page.status_code == 200
    assert health.json() == {"status": "ok"}
    style = next(part for part in page.text.split('"') if part.startswith("/static/panel."))
    assert (
        requests.get(f"{panel.url}{style}", timeout=10)
        .headers["Cache-Control"]
        .endswith("immutable")
    )


def test_each_child_writes_a_log_of_its_own(panel: Stack) -> None:
    logs = sorted(path.name for path in (panel.data_dir / "log").iterdir())

    assert logs == [
        "beat.log",
        "postgres.log",
        "prepare.log",
        "valkey.log",
        "web.log",
        "worker-poll.log",
        "worker-submit.log",
    ]


def test_what_requests_say_stays_out_of_the_log(panel: Stack) -> None:
    requests.get(f"{panel.url}/health?key=canary", timeout=10)
    address = (urlsplit(panel.url).hostname or "", urlsplit(panel.url).port or 0)
    for torn in (
        b"POST /api/v2 HTTP/1.1\r\nHost: x\r\nConnection: keep-alive\r\n\r\nkey=canary&action=balance\r\n\r\n",
        b"GET /api/v2?key=canary &action=balance HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /api/v2 HTTP/1.1\r\nkey=canary\r\n\r\n",
    ):
        with socket.create_connection(address, timeout=10) as line:
            line.sendall(torn)
            while line.recv(4096):
                pass

    said = (panel.data_dir / "log" / "web.log").read_text()
    assert "Invalid request from ip=127.0.0.1: Invalid HTTP request line\n" in said
    assert "canary" not in said


def test_odd_content_type_is_refused_without_an_error(panel: Stack) -> None:
    answer = requests.post(
        panel.url, headers={"Content-Type": "text/plain; charset*=bogus''x"}, timeout=10
    )

    assert answer.status_code == 415


def test_secrets_are_readable_by_their_owner_alone(panel: Stack) -> None:
    secrets = panel.data_dir / "secrets.json"

    assert stat.S_IMODE(secrets.stat().st_mode) == 0o600
    assert stat.S_IMODE(panel.data_dir.stat().st_mode) == 0o700


def test_second_panel_on_the_same_folder_is_refused(panel: Stack) -> None:
    second = panel.manage("up", "--port", "0")

    assert second.returncode == 1
    assert f"A panel is already running in {panel.data_dir}" in second.stderr
    assert requests.get(f"{panel.url}/health", timeout=10).status_code == 200


def test_taken_port_is_named(panel: Stack, make_stack: Callable[..., Stack]) -> None:
    port = panel.url.rpartition(":")[2]

    second = make_stack().manage("up", "--port", port)

    assert second.returncode == 1
    assert second.stderr.strip() == (
        f"CommandError: Cannot listen on 127.0.0.1:{port} (Address already in use): "
        "free the port, or choose another with --port"
    )


def test_impossible_port_is_named(make_stack: Callable[..., Stack]) -> None:
    answer = make_stack().manage("up", "--port", "70000")

    assert answer.returncode == 1
    assert "Cannot listen on 127.0.0.1:70000" in answer.stderr


def test_wrong_setting_is_named(make_stack: Callable[..., Stack]) -> None:
    answer = make_stack(env={"TRACK_EVERY": "soon"}).manage("up", "--port", "0")

    assert (answer.returncode, answer.stdout) == (1, "")
    assert (
        answer.stderr
        == "Invalid setting: TRACK_EVERY must be a number of seconds above 0, not 'soon'\n"
    )


def test_unreachable_database_is_named(make_stack: Callable[..., Stack]) -> None:
    panel = make_stack(env={"DATABASE_URL": "postgres://panel@127.0.0.1:9/panel"})

    answer = panel.manage("up", "--port", "0")

    assert answer.returncode == 1
    assert "prepare failed (Cannot reach the database: connection failed" in answer.stderr
    assert leftovers(data_dir=panel.data_dir) == []


# SIGTERM: at the end of test_killed_processes.py
def test_ctrl_c_stops_everything_cleanly(make_stack: Callable[..., Stack]) -> None:
    panel = make_stack()
    panel.start()

    code = panel.stop(number=signal.SIGINT)

    assert code == 0
    panel.assert_stopped_cleanly()


def test_signal_during_the_start_stops_everything(make_stack: Callable[..., Stack]) -> None:
    panel = make_stack()
    panel.launch()
    wait_for((panel.data_dir / "log" / "prepare.log").exists)

    code = panel.stop()

    assert code == 0
    assert leftovers(data_dir=panel.data_dir) == []


def test_ordinary_user_runs_it_in_a_folder_with_a_long_odd_name(
    tmp_path: Path, make_stack: Callable[..., Stack]
) -> None:
    is_root = os.geteuid() == 0
    home = tmp_path / ("a #folder? with 100% odd name " * 4)
    home.mkdir(mode=0o700)
    if is_root:
        os.chown(home, 65534, 65534)
    # where root alone may enter the project, PostgreSQL's programs are readable as a copy
    env = {"PANEL_PG_BIN": str(postgres_programs())} if is_root else {}
    panel = make_stack(f"{home.name}/data", env=env, user=65534 if is_root else None)

    panel.start()

    owners = {os.stat(f"/proc/{pid}").st_uid for pid in panel.processes()}
    assert owners == {65534 if is_root else os.geteuid()}
    assert requests.get(f"{panel.url}/health", timeout=10).status_code == 200
