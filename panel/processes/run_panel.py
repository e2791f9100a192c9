"""The panel on one machine: its processes, the order of their start, when it is ready."""

import fcntl
import http.client
import os
import socket
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from celery import Celery
from kombu.exceptions import OperationalError

from panel.embedded import CannotStart, Paths, Postgres, Valkey, broker_url, make_secrets
from panel.embedded.child_processes import Child, end_leftovers
from panel.processes.restart_if_killed import run_guarded
from panel.processes.supervisor import ChildFailed, StopRequested, Supervisor

PROJECT = Path(__file__).resolve().parents[2]
# two workers, so that a slow provider cannot block both
WORKERS = {"submit": ("submit", 2), "poll": ("poll,misc", 4)}  # name: (queues, processes)
CELERY = ("celery", "-A", "panel.celery")
# seconds per step; recovering a crashed database takes longest
START_LIMIT = 120.0


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What to run, and where.

    `gates` run once, before the panel but after its database and broker; if one fails, nothing more
    starts. `companions` run alongside the panel, `errands` once after its start.
    """

    data_dir: Path
    host: str
    port: int
    report: Callable[[str], None]  # prints a line for the operator
    # called with the URL once the panel serves and its workers answer
    announce: Callable[[str], None]
    gates: Sequence[Child] = ()
    companions: Sequence[Child] = ()
    errands: Sequence[Child] = ()
    env: Mapping[str, str] = field(default_factory=dict)  # for all our children


def run_panel(plan: Plan) -> int:
    """Run the panel until it is stopped; return the exit code.

    Raises CannotStart, before anything has started.
    """
    paths = Paths.of(plan.data_dir)
    make_folder(paths)
    with _lock(paths, report=plan.report), closing(_listener(plan)) as listener:
        make_secrets(paths.data_dir)
        if ended := end_leftovers(data_dir=paths.data_dir):
            plan.report(
                f"Ended {ended} processes left over from an earlier panel in {paths.data_dir}."
            )
        return run_guarded(
            lambda: _supervise(plan, paths=paths, listener=listener), report=plan.report
        )


def manage(*arguments: str) -> tuple[str, ...]:
    """The command line of a management command."""
    return (sys.executable, str(PROJECT / "manage.py"), *arguments)


def _supervise(plan: Plan, *, paths: Paths, listener: socket.socket) -> int:
    supervisor = Supervisor(report=plan.report)
    try:
        _start(plan, supervisor=supervisor, paths=paths, listener=listener)
        supervisor.watch()
    except StopRequested:
        return 0
    except (ChildFailed, CannotStart) as error:
        plan.report(str(error))
        return 1
    finally:
        supervisor.stop()


def _start(plan: Plan, *, supervisor: Supervisor, paths: Paths, listener: socket.socket) -> None:
    if not os.environ.get("DATABASE_URL"):
        postgres = Postgres(paths.data_dir)
        supervisor.start(postgres.child())
        supervisor.wait_until(
            postgres.is_ready, limit=START_LIMIT, what="PostgreSQL's first answer"
        )
    if not os.environ.get("REDIS_URL"):
        valkey = Valkey(paths.data_dir)
        supervisor.start(valkey.child())
        supervisor.wait_until(valkey.is_ready, limit=START_LIMIT, what="Valkey's first answer")
    env = _environment(plan, paths=paths, listener=listener)
    supervisor.finish(_child("prepare", manage("prepare"), paths=paths, env=env), limit=600.0)
    for gate in plan.gates:
        supervisor.finish(gate, limit=600.0)
    for companion in plan.companions:
        supervisor.start(companion)
    for child in _panel(paths=paths, env=env, listener=listener):
        supervisor.start(child)
    supervisor.wait_until(lambda: _serves(listener), limit=START_LIMIT, what="The first page")
    for errand in plan.errands:
        supervisor.finish(errand, limit=600.0)
    supervisor.wait_until(
        _Pinging(paths).is_answered, limit=START_LIMIT, what="The workers' answer"
    )
    plan.announce(_address(listener))


def _panel(*, paths: Paths, env: Mapping[str, str], listener: socket.socket) -> Iterator[Child]:
    """The panel's own processes in starting order; they stop in reverse."""
    quick = ("--without-gossip", "--without-mingle")  # there are no other workers
    for name, (queues, processes) in WORKERS.items():
        line = (
            *CELERY,
            "worker",
            "-Q",
            queues,
            "-n",
            f"{name}@%h",
            "-c",
            str(processes),
            "-l",
            "INFO",
            *quick,
        )
        # above a task's time limit
        yield _child(f"worker-{name}", _module(line), paths=paths, env=env, grace=65.0)
    schedule = str(paths.run / "beat-schedule")
    yield _child(
        "beat",
        _module((*CELERY, "beat", "-s", schedule, "--pidfile=", "-l", "INFO")),
        paths=paths,
        env=env,
    )
    # our socket, so that clients wait in line while gunicorn restarts
    bind = ("--bind", f"fd://{listener.fileno()}")
    web = ("gunicorn", "-c", "python:panel.gunicorn", *bind, "panel.wsgi")
    yield _child(
        "web", _module(web), paths=paths, env=env, grace=30.0, kept_files=(listener.fileno(),)
    )


def _child(
    name: str,
    argv: tuple[str, ...],
    *,
    paths: Paths,
    env: Mapping[str, str],
    grace: float = 10.0,
    kept_files: tuple[int, ...] = (),
) -> Child:
    log = paths.log / f"{name}.log"
    return Child(
        name=name,
        argv=argv,
        log=log,
        data_dir=paths.data_dir,
        env=env,
        cwd=PROJECT,
        grace=grace,
        kept_files=kept_files,
    )


def _module(line: tuple[str, ...]) -> tuple[str, ...]:
    return (sys.executable, "-m", *line)


def _environment(plan: Plan, *, paths: Paths, listener: socket.socket) -> dict[str, str]:
    """The children's additional environment; ours takes precedence."""
    defaults = {"SITE_URL": _address(listener), "STATIC_STORAGE": "hashed"}
    told = {name: os.environ.get(name) or value for name, value in defaults.items()}
    return {**told, "PANEL_DATA_DIR": str(paths.data_dir), "PYTHONUNBUFFERED": "1", **plan.env}


def make_folder(paths: Paths) -> None:
    """Create the data folder. Raises CannotStart."""
    try:
        paths.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        paths.run.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        message = (
            f"Cannot keep data in {paths.data_dir} ({error.strerror}): "
            "choose another folder with --data-dir"
        )
        raise CannotStart(message) from error


def _lock(paths: Paths, *, report: Callable[[str], None]) -> TextIO:
    """Lock the data folder for us and our forked child. Raises CannotStart if it is in use."""
    lock = (paths.run / "up.lock").open("a+")
    for attempt in range(150):
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.seek(0)
            holder = lock.read().strip()
            if holder.isdigit() and _is_alive(int(holder)):
                message = (
                    f"A panel is already running in {paths.data_dir} (process {holder}): "
                    "stop it, or use another --data-dir"
                )
                raise CannotStart(message) from None
            if attempt == 0:  # its parent was killed and the rest is about to stop
                report(f"An earlier panel in {paths.data_dir} is still stopping; waiting for it.")
            time.sleep(0.2)
        else:
            lock.truncate(0)
            lock.write(str(os.getpid()))
            lock.flush()
            return lock
    raise CannotStart(f"An earlier panel in {paths.data_dir} does not stop")


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _listener(plan: Plan) -> socket.socket:
    """Listen on the plan's host and port. Raises CannotStart."""
    family = socket.AF_INET6 if ":" in plan.host else socket.AF_INET
    try:
        listener = socket.create_server((plan.host, plan.port), family=family, backlog=512)
        # inherited by each connection; else short responses are delayed by 40 ms
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return listener
    except (OSError, OverflowError) as error:
        number = error.errno if isinstance(error, OSError) else None
        reason = os.strerror(number) if number and number > 0 else str(error)
        message = (
            f"Cannot listen on {plan.host}:{plan.port} ({reason}): "
            "free the port, or choose another with --port"
        )
        raise CannotStart(message) from error


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  # a name, not a binding
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _serves(listener: socket.socket) -> bool:
    """Whether `/health` answers 200, so the database works, too."""
    connection = http.client.HTTPConnection(_address(listener).removeprefix("http://"), timeout=2.0)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):  # not listening yet, or cut off
        return False
    finally:
        connection.close()


class _Pinging:
    """Pings the workers, with a slightly longer time-out each time."""

    def __init__(self, paths: Paths) -> None:
        self._timeout = 0.5  # seconds
        url = os.environ.get("REDIS_URL") or broker_url(paths.data_dir)
        self._app = Celery(broker=url, broker_connection_timeout=1, set_as_current=False)

    def is_answered(self) -> bool:
        """Whether every worker answers."""
        self._timeout = min(self._timeout + 0.1, 3.0)
        try:
            answers = self._app.control.ping(timeout=self._timeout, limit=len(WORKERS))
        except (OperationalError, OSError):  # the broker is not up yet
            return False
        return len(answers) >= len(WORKERS)
