"""How the suite is spread over processes: what shares a panel stays together, the longest goes
first.
"""

import random

import pytest
from xdist.scheduler import LoadScopeScheduling

# One started panel each
TOGETHER = ("tests/faults/", "tests/journeys/")
# Each of its tests by itself
APART = ("tests/mutants/",)
# Rough seconds of the long ones on two idle cores. A file that is not named comes after them; a
# wrong number only makes the end of a run less even.
SECONDS = {
    "tests/faults/": 110,
    "tests/journeys/": 90,
    "tests/journeys/test_chain.py": 45,
    "tests/chaos/": 40,
    "tests/panel/test_killed_processes.py": 40,
    "tests/panel/test_demo.py": 35,
    "tests/browser/": 20,
    "tests/faults/test_model.py": 17,
    "tests/panel/test_up.py": 30,
    "tests/orders/": 5,
    "tests/mutants/": 4,
}
# In a folder of TOGETHER, but on no panel that others use
ALONE = ("tests/journeys/test_chain.py", "tests/faults/test_model.py")


class Spread(LoadScopeScheduling):  # type: ignore[misc]  # xdist ships no types
    """Gives whole groups to the processes, in the order in which they were collected."""

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid)


def group_of(nodeid: str) -> str:
    """The name of what runs in one process, one after another."""
    file = nodeid.partition("::")[0]
    if file.startswith(APART):
        return nodeid
    if not file.startswith(ALONE):
        for folder in TOGETHER:
            if file.startswith(folder):
                return folder
    return file


def longest_first(items: list[pytest.Item]) -> None:
    """Order whole groups by their rough seconds."""
    items.sort(key=lambda item: -_seconds_of(group_of(item.nodeid)))


def _seconds_of(group: str) -> int:
    named = [name for name in SECONDS if group.startswith(name)]
    return SECONDS[max(named, key=len)] if named else 0


def shuffled(items: list[pytest.Item], *, seed: str) -> None:
    """Put the files in random order, and the tests within each."""
    luck = random.Random(seed)
    files = {item.nodeid.partition("::")[0]: luck.random() for item in items}
    places = {item.nodeid: luck.random() for item in items}
    items.sort(key=lambda item: (files[item.nodeid.partition("::")[0]], places[item.nodeid]))
