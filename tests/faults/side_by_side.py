"""Runs scenarios that mostly wait at the same time on one stand, each with a provider and a shop of
its own.
"""

import inspect
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial, wraps
from queue import SimpleQueue
from typing import Any

import pytest
from django.db import connection

from tests.double.handle import ProviderDouble
from tests.faults.shop import shop_of
from tests.faults.stand import Stand

AT_ONCE = 7

Key = tuple[Hashable, ...]


def side_by_side(scenario: Callable[..., None]) -> Callable[..., None]:
    """A test that runs beside the others of its file that are marked so; it may hurt its own `shop`
    and provider, never the stand.
    """

    @wraps(scenario)
    def test(outcomes: "Outcomes", **parameters: Hashable) -> None:
        outcomes.of(scenario, parameters)

    wanted = inspect.signature(scenario).parameters.values()
    named = [each.replace(name="outcomes") if each.name == "shop" else each for each in wanted]
    test.__signature__ = inspect.Signature(named)  # type: ignore[attr-defined]  # pytest reads it
    test.scenario = scenario  # type: ignore[attr-defined]
    return test


class Outcomes:
    """What came of each scenario of one file."""

    def __init__(self) -> None:
        self._ends: dict[Key, Future[None]] = {}

    def of(self, scenario: Callable[..., None], parameters: dict[str, Hashable]) -> None:
        """Raise what the scenario raised."""
        self._ends[_key(scenario, parameters)].result()

    @classmethod
    def run(cls, items: list[pytest.Item], stand: Stand) -> "Outcomes":
        """Run the scenarios of these tests, AT_ONCE at a time, to the end of the last."""
        outcomes, doubles = cls(), SimpleQueue[ProviderDouble]()
        with ThreadPoolExecutor(AT_ONCE) as threads:
            for item in items:
                scenario, parameters = _scenario(item), _parameters(item)
                outcomes._ends[_key(scenario, parameters)] = threads.submit(
                    _run, partial(scenario, **parameters), stand, doubles
                )
        while not doubles.empty():
            doubles.get().stop()
        return outcomes


def scenarios(items: list[pytest.Item], *, module: object) -> list[pytest.Item]:
    """The chosen tests of this file that run side by side."""
    return [
        item
        for item in items
        if getattr(item, "module", None) is module and hasattr(_function(item), "scenario")
    ]


def _run(
    scenario: Callable[..., None], stand: Stand, doubles: "SimpleQueue[ProviderDouble]"
) -> None:
    double = ProviderDouble() if doubles.empty() else doubles.get()
    double.reset()
    try:
        with shop_of(stand, double) as shop:
            scenario(shop=shop)
    finally:
        doubles.put(double)
        connection.close()


def _function(item: pytest.Item) -> Any:
    return getattr(item, "function", None)


def _scenario(item: pytest.Item) -> Callable[..., None]:
    found: Callable[..., None] = _function(item).scenario
    return found


def _parameters(item: pytest.Item) -> dict[str, Hashable]:
    return dict(item.callspec.params) if hasattr(item, "callspec") else {}


def _key(scenario: Callable[..., None], parameters: dict[str, Hashable]) -> Key:
    return (scenario, *sorted(parameters.items()))
