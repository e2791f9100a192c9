"""Looks at the process table once and says who descends from whom."""

from pathlib import Path

from tests.stack import is_alive

__all__ = ["family", "is_alive", "line_of"]


def family(*roots: int) -> list[int]:
    """The processes of `roots` and their descendants that are alive, parents first."""
    children: dict[int, list[int]] = {}
    for pid in (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()):
        try:
            # the name in brackets may hold anything, so read what stands after its end
            state, parent = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[:2]
        except OSError:  # gone meanwhile
            continue
        if state != "Z":
            children.setdefault(int(parent), []).append(pid)
    found = [pid for pid in roots if is_alive(pid)]
    for pid in found:
        found += children.get(pid, [])
    return found


def line_of(pid: int) -> str:
    """A process's command line; empty where it is gone."""
    try:
        return (
            Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        )
    except OSError:
        return ""
