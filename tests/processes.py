"""What the process table says."""

from pathlib import Path


def is_alive(pid: int) -> bool:
    """Whether `pid` still runs; one that has ended and was not collected does not."""
    return _state_and_parent(pid)[0] not in {"", "Z"}


def family(*roots: int) -> list[int]:
    """The processes of `roots` and their descendants that are alive, parents first."""
    children: dict[int, list[int]] = {}
    for pid in (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()):
        state, parent = _state_and_parent(pid)
        if state not in {"", "Z"}:
            children.setdefault(parent, []).append(pid)
    found = [pid for pid in roots if is_alive(pid)]
    for pid in found:
        found += children.get(pid, [])
    return found


def line_of(pid: int) -> str:
    """A process's command line; empty where it is gone."""
    try:
        line = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return ""
    return line.replace(b"\0", b" ").decode(errors="replace")


def is_stopped(pid: int) -> bool:
    """Whether a SIGSTOP has reached it."""
    return _state_and_parent(pid)[0] == "T"


def _state_and_parent(pid: int) -> tuple[str, int]:
    try:
        # the name in brackets may hold anything, so read what stands after its end
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:  # gone
        return "", 0
    return fields[0], int(fields[1])
