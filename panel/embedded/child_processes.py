"""Child processes that never outlive the panel, however it dies."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

# names the data folder in every child's environment, to find leftovers
MARK = "PANEL_CHILD_OF"
LOG_LIMIT = 20_000_000  # bytes; a larger log is rotated at the next start
_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36


@dataclass(frozen=True, kw_only=True)
class Child:
    """How to run one process and how to end it."""

    name: str
    argv: tuple[str, ...]
    log: Path
    data_dir: Path
    env: Mapping[str, str] = field(default_factory=dict)  # added to our own
    cwd: Path | None = None
    user: int | None = None  # uid and gid to become, only as root
    stop_signal: signal.Signals = signal.SIGTERM
    grace: float = 10.0  # seconds between the stop signal and SIGKILL
    kept_files: tuple[int, ...] = ()  # file descriptors to inherit
    prepare: Callable[[], None] = lambda: None  # before each start and restart


def spawn(child: Child) -> subprocess.Popen[bytes]:
    """Start `child` in its own session. When we die, it gets its stop signal.

    Call from the main thread: the kernel sends that signal when the starting *thread* ends.
    """
    parent = os.getpid()

    def tie() -> None:  # runs after the change of user, which would undo it
        signal.pthread_sigmask(signal.SIG_SETMASK, [])
        die_with_parent(parent=parent, signal_number=child.stop_signal)

    child.log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if child.log.exists() and child.log.stat().st_size > LOG_LIMIT:
        child.log.replace(child.log.with_suffix(".log.1"))
    with child.log.open("ab") as log:
        return subprocess.Popen(
            child.argv,
            stdin=subprocess.DEVNULL,
            # a file, never our own output: an inherited pipe would hang whoever reads it
            stdout=log,
            stderr=log,
            cwd=child.cwd,
            env={**os.environ, **child.env, MARK: str(child.data_dir)},
            start_new_session=True,
            pass_fds=child.kept_files,
            preexec_fn=tie,  # noqa: PLW1509  # we start children from the main thread only
            user=child.user,
            group=child.user,
            extra_groups=None if child.user is None else [],
        )


def end(process: subprocess.Popen[bytes], *, child: Child, grace: float | None = None) -> None:
    """Ask `process` to stop, kill its session after its grace, and return when it is gone."""
    if process.poll() is None:
        process.send_signal(child.stop_signal)
        try:
            process.wait(child.grace if grace is None else grace)
        except subprocess.TimeoutExpired:
            kill_group(process.pid)
            process.wait()
    kill_group(process.pid)


def kill_group(pid: int) -> None:
    """Kill every process left in the group of `pid`."""
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def die_with_parent(*, parent: int, signal_number: signal.Signals) -> None:
    """Have the kernel send us `signal_number` when our parent dies, or now if it is dead."""
    if sys.platform == "linux":
        _prctl(_PR_SET_PDEATHSIG, signal_number)
        if os.getppid() != parent:
            os.kill(os.getpid(), signal_number)


def adopt_orphans() -> None:
    """Become the parent of every descendant whose own parent dies."""
    if sys.platform == "linux":
        _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def _prctl(option: int, value: int) -> None:
    if ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")


def children_of(parent: int) -> list[int]:
    """The living direct children of `parent`."""
    return [pid for pid in _pids() if _parent_of(pid) == parent]


def end_orphans(*, known: frozenset[int], grace: float) -> None:
    """End every child that is not `known`, and its descendants; kill them after `grace` s."""
    deadline = time.monotonic() + grace
    asked: set[int] = set()
    while orphans := [pid for pid in children_of(os.getpid()) if pid not in known]:
        for pid in orphans:
            if time.monotonic() > deadline:
                _signal(pid, signal.SIGKILL)
            elif pid not in asked:
                _signal(pid, signal.SIGTERM)
                asked.add(pid)
            _collect(pid)
        time.sleep(0.02)


def end_leftovers(*, data_dir: Path, grace: float = 5.0) -> int:
    """End what an earlier panel on `data_dir` left running; return the number of processes."""
    found = set(leftovers(data_dir=data_dir))
    for pid in found:
        _signal(pid, signal.SIGINT)  # PostgreSQL's fast shutdown; ends all others
    deadline = time.monotonic() + grace
    while left := leftovers(data_dir=data_dir):
        for pid in left:
            if time.monotonic() > deadline:
                _signal(pid, signal.SIGKILL)
        time.sleep(0.05)
    return len(found)


def leftovers(*, data_dir: Path) -> list[int]:
    """The processes marked with `data_dir`, or with its PostgreSQL folder as working directory.

    (PostgreSQL's backends lose the mark.)
    """
    mark = os.fsencode(f"{MARK}={data_dir}")
    own = set(_line_of(os.getpid()))
    return [
        pid
        for pid in _pids()
        if pid not in own and _belongs(pid, mark=mark, home=data_dir / "postgres")
    ]


def _belongs(pid: int, *, mark: bytes, home: Path) -> bool:
    try:
        if Path(f"/proc/{pid}/cwd").readlink() == home:
            return True
        return mark in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:  # gone, or another user's
        return False


def _line_of(pid: int) -> Iterator[int]:
    while pid > 1:
        yield pid
        pid = _parent_of(pid)


def _pids() -> list[int]:
    return (
        [int(name) for name in os.listdir("/proc") if name.isdigit()]
        if Path("/proc/self").exists()
        else []
    )


def _parent_of(pid: int) -> int:
    try:
        # the name in brackets may hold anything, so parse after its end
        return int(Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[1])
    except OSError:
        return 0


def _signal(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def _collect(pid: int) -> None:
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return
