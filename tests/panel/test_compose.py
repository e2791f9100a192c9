"""docker-compose.yml, without Docker: its very commands run as processes beside the embedded
servers.
"""

import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml

from panel.demo.ports import free_port
from panel.embedded import Postgres, Valkey, broker_url, database_url
from panel.embedded.child_processes import Child, end, spawn
from panel.processes.run_panel import PROJECT
from tests.waiting import wait_for

pytestmark = pytest.mark.stack
COMPOSE: dict[str, Any] = yaml.safe_load((PROJECT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = ["migrate", "web", "worker-submit", "worker", "beat"]


def test_services_are_those_of_the_design() -> None:
    assert sorted(SERVICES) == sorted(["postgres", "valkey", "double", *OURS])
    assert SERVICES["double"]["profiles"] == ["double"]


def test_servers_publish_no_port() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}

    assert published == {"web": ["127.0.0.1:${PORT:-8000}:8000"]}


def test_file_holds_no_secret() -> None:
    text = (PROJECT / "docker-compose.yml").read_text()

    secrets = re.findall(r"\$\{([A-Z_]+):\?", text)
    assert set(secrets) == {
        "SECRET_KEY",
        "ENCRYPTION_KEYS",
        "API_KEY_PEPPER",
        "POSTGRES_PASSWORD",
        "VALKEY_PASSWORD",
    }


def test_every_service_waits_for_a_healthy_one() -> None:
    waits = {name: SERVICES[name].get("depends_on", {}) for name in OURS}

    assert waits.pop("migrate") == {"postgres": {"condition": "service_healthy"}}
    assert all(set(needs) == {"migrate", "postgres", "valkey"} for needs in waits.values())
    assert all(
        needs["migrate"] == {"condition": "service_completed_successfully"}
        for needs in waits.values()
    )


def test_workers_take_every_queue_and_beat_is_alone() -> None:
    queues = [
        SERVICES[name]["command"][SERVICES[name]["command"].index("-Q") + 1]
        for name in ("worker-submit", "worker")
    ]

    assert queues == ["submit", "poll,misc"]
    assert [name for name in SERVICES if "beat" in SERVICES[name].get("command", [])] == ["beat"]


def test_settings_and_example_name_the_same_variables() -> None:
    read = re.findall(
        r"""env(?:\.\w+\(|,)\s*"([A-Z_]+)\"""", (PROJECT / "panel" / "settings.py").read_text()
    )
    shown = re.findall(r"^#([A-Z_]+)=", (PROJECT / ".env.example").read_text(), re.MULTILINE)

    assert sorted(shown) == sorted({*read, "POSTGRES_PASSWORD", "VALKEY_PASSWORD"})


def test_image_is_installed_by_hash_and_runs_as_an_ordinary_user() -> None:
    lines = (PROJECT / "Dockerfile").read_text().splitlines()

    assert "RUN pip install --require-hashes -r requirements/base.txt" in lines
    assert lines.index("USER panel") < lines.index(
        next(line for line in lines if line.startswith("CMD"))
    )


def test_commands_of_the_file_make_a_running_panel(
    postgres: Postgres, valkey: Valkey, tmp_path: Path
) -> None:
    del postgres, valkey
    port = free_port()
    env = environment(tmp_path)
    places = {
        "0.0.0.0:8000": f"127.0.0.1:{port}",
        ":8000/": f":{port}/",
        "/tmp/beat": f"{tmp_path}/beat",  # noqa: S108
    }

    assert run(SERVICES["migrate"]["command"], env=env, places=places).returncode == 0
    with running("web", "worker-submit", "worker", "beat", env=env, places=places, folder=tmp_path):
        wait_for(lambda: is_healthy(f"http://127.0.0.1:{port}/health"))
        wait_for(lambda: "Sending due task" in (tmp_path / "beat.log").read_text())
        wait_for(lambda: "succeeded" in (tmp_path / "worker-submit.log").read_text())
        wait_for(lambda: "succeeded" in (tmp_path / "worker.log").read_text())
        asks_web = SERVICES["web"]["healthcheck"]["test"][1:]
        asks_worker = ["sh", "-c", SERVICES["worker"]["healthcheck"]["test"][1].replace("$$", "$")]
        # asked again until they are healthy, as Docker does
        wait_for(lambda: run(asks_web, env=env, places=places).returncode == 0)
        wait_for(lambda: run(asks_worker, env=env, places=places).returncode == 0)


def test_command_of_the_double_serves_the_providers_api(tmp_path: Path) -> None:
    port = free_port()
    places = {"0.0.0.0": "127.0.0.1", "9000": str(port)}  # noqa: S104

    with running("double", env=environment(tmp_path), places=places, folder=tmp_path):
        wait_for(lambda: "ready http" in (tmp_path / "double.log").read_text())
        answer = requests.post(
            f"http://127.0.0.1:{port}/api/v2", data={"key": "wrong", "action": "balance"}, timeout=5
        )

    assert "error" in answer.json()


def environment(folder: Path) -> dict[str, str]:
    """What a container gets, as far as the commands see it."""
    data_dir = os.environ["PANEL_DATA_DIR"]
    return {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "HOSTNAME": socket.gethostname(),
        "HOME": str(folder),
        "PANEL_DATA_DIR": str(folder),
        "DATABASE_URL": database_url(data_dir),
        "REDIS_URL": broker_url(data_dir),
        "SECRET_KEY": os.environ["SECRET_KEY"],
        "ENCRYPTION_KEYS": os.environ["ENCRYPTION_KEYS"],
        "API_KEY_PEPPER": os.environ["API_KEY_PEPPER"],
        "SUBMIT_EVERY": "1",
        "TRACK_EVERY": "1",
    }


def run(
    command: list[str], *, env: Mapping[str, str], places: Mapping[str, str]
) -> subprocess.CompletedProcess[bytes]:
    """Run one command of the file to its end, with the container's places changed for ours."""
    return subprocess.run(placed(command, places), env=env, cwd=PROJECT, timeout=120, check=False)


@contextmanager
def running(
    *names: str, env: Mapping[str, str], places: Mapping[str, str], folder: Path
) -> Iterator[None]:
    """Run the commands of these services until the block ends."""
    children = [
        Child(
            name=name,
            argv=tuple(placed(SERVICES[name]["command"], places)),
            log=folder / f"{name}.log",
            data_dir=folder,
            env=env,
            cwd=PROJECT,
        )
        for name in names
    ]
    started = [(child, spawn(child)) for child in children]
    try:
        yield
    finally:
        for child, process in started:
            end(process, child=child)


def placed(command: list[str], places: Mapping[str, str]) -> list[str]:
    """Change what only a container has: its addresses and folders."""
    for inside, ours in places.items():
        command = [part.replace(inside, ours) for part in command]
    return command


def is_healthy(url: str) -> bool:
    """Whether `url` answers 200."""
    try:
        return requests.get(url, timeout=5).status_code == 200
    except requests.RequestException:
        return False
