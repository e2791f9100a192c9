"""Panels that a test may hurt; `stack` belongs to the journeys."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.stack import Stack


@pytest.fixture(scope="module")
def panel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A running panel that the tests of one file share."""
    running = Stack(tmp_path_factory.mktemp("panel") / "data")
    running.start()
    yield running
    running.end()


@pytest.fixture
def make_stack(tmp_path: Path) -> Iterator[Callable[..., Stack]]:
    """Makes panels that are not running yet; ends them all after the test."""
    made: list[Stack] = []

    def make(name: str = "data", **options: int | dict[str, str]) -> Stack:
        made.append(Stack(tmp_path / name, **options))  # type: ignore[arg-type]  # passed on as they are
        return made[-1]

    yield make
    for stack in made:
        stack.end()
