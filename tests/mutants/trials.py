"""Runs each scenario twice, with its guard and without, and tells what went wrong."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from django.test.utils import override_settings

from tests.mutants.ground import Grounds
from tests.mutants.guards import GUARDS, Guard

# seconds
FAST = {
    "PROVIDER_TIMEOUT": 10,
    "PROBE_EVERY": 0.001,
    "RESOLVE_EVERY": 0.001,
    "TRACK_MIN_INTERVAL": 1,
}
# its users keep no secret
CHEAP = {"PASSWORD_HASHERS": ["django.contrib.auth.hashers.MD5PasswordHasher"]}
HEADS = ("guard", "switched off", "scenario", "with it", "without", "seconds", "verdict")
WIDTHS = (24, 31, 31, 9, 10, 9, 14)  # of the columns
SHOWN = 120  # characters of what went wrong


@dataclass(frozen=True)
class Trial:
    """What a scenario came to with the guard, and what without."""

    guard: Guard
    wrongs_with: list[str]
    wrongs_without: list[str]
    seconds: float

    @property
    def is_caught(self) -> bool:
        """Whether the guard alone makes the difference."""
        return not self.wrongs_with and bool(self.wrongs_without)

    def lines(self) -> list[str]:
        """The row of the table, and under it the first thing that went wrong without the guard."""
        cells = (
            self.guard.name,
            self.guard.off,
            self.guard.scenario.__name__.replace("_", " "),
            _count(self.wrongs_with),
            _count(self.wrongs_without),
            f"{self.seconds:.0f}",
            "fails the run" if self.is_caught else "NOT CAUGHT",
        )
        broken = [f"    with it: {each[:SHOWN]}" for each in self.wrongs_with]
        return [_row(cells), *broken, *(f"    {each[:SHOWN]}" for each in self.wrongs_without[:1])]


def try_all(*, words: Sequence[str], data_dir: Path, say: Callable[[str], None]) -> bool:
    """Try out the guards whose name contains one of `words`, or all; whether each was caught."""
    chosen = [each for each in GUARDS if not words or any(word in each.name for word in words)]
    began = time.monotonic()
    say(_row(HEADS))
    caught = 0
    with Grounds.open(data_dir) as grounds, override_settings(**CHEAP):
        for guard in chosen:
            trial = try_out(guard, grounds)
            caught += trial.is_caught
            for line in trial.lines():
                say(line)
    say(f"{time.monotonic() - began:.0f} s")
    say(f"{caught} of {len(chosen)} mutants fail the run")
    return bool(chosen) and caught == len(chosen)


def try_out(guard: Guard, grounds: Grounds) -> Trial:
    """Run the guard's scenario with it, then without it."""
    began = time.monotonic()
    with override_settings(**FAST):
        with grounds.fresh() as ground:
            wrongs_with = guard.scenario(ground)
        with grounds.fresh() as ground, guard.switch_off():
            wrongs_without = guard.scenario(ground)
    return Trial(guard, wrongs_with, wrongs_without, seconds=time.monotonic() - began)


def _count(wrongs: Sequence[str]) -> str:
    return f"{len(wrongs)} wrong" if wrongs else "ok"


def _row(cells: Sequence[str]) -> str:
    return "".join(f"{cell:<{width}}" for cell, width in zip(cells, WIDTHS, strict=True)).rstrip()
