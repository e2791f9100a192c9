"""Panels that a test may hurt; `stack` belongs to the journeys."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from tests.stack import Stack


@pytest.fixture(scope="module")
def panel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A running panel that the tests of one file share; it started from nothing."""
    running = Stack(tmp_path_factory.mktemp("panel") / "data", is_fresh=True)
    running.start()
    yield running
    running.end()


@pytest.fixture
def make_stack(tmp_path: Path) -> Iterator[Callable[..., Stack]]:
    """Makes panels that are not running yet; ends them all after the test."""
    made: list[Stack] = []

    def make(
        name: str = "data", *, env: Mapping[str, str] | None = None, user: int | None = None
    ) -> Stack:
        # compressing the static files takes longer than all the rest of a start
        made.append(
            Stack(tmp_path / name, env={"STATIC_STORAGE": "plain", **(env or {})}, user=user)
        )
        return made[-1]

    yield make
    for stack in made:
        stack.end()
