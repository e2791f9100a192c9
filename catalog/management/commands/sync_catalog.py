"""`manage.py sync_catalog [--provider NAME] [--accept]`: sync now, in the foreground."""

import sys

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from catalog.models import Provider, SyncOutcome, SyncRun
from catalog.sync.sync import EVERYTHING, Overtaken, sync_provider

STEPS = {"asking": 1, "applying": 2, "done": 3}
WIDTH = 24  # characters of the bar
FIGURES = ("listed", "created", "changed", "withdrawn", "returned", "held", "skipped")


class Command(BaseCommand):
    """Syncs one provider or all, and reports each."""

    help = "Sync the providers' catalogs now. Exit code 1 when one is rejected or fails."

    def add_arguments(self, parser: CommandParser) -> None:
        """The command's arguments."""
        parser.add_argument("--provider", metavar="NAME", help="only this one")
        parser.add_argument(
            "--accept", action="store_true", help="apply even an empty or suspiciously short list"
        )

    def handle(self, *, provider: str | None, accept: bool, **_: object) -> None:
        """One sync after the other; a failure does not stop the rest."""
        providers = _chosen(provider)
        runs = []
        for place, chosen in enumerate(providers):
            bar = Bar(name=chosen.name, place=place, total=len(providers))
            run = _sync(chosen, accepted_gone=EVERYTHING if accept else None, bar=bar)
            bar.clear()
            self.stdout.write(summary(chosen, run))
            runs.append(run)
        bad = [run for run in runs if run.outcome in {SyncOutcome.REFUSED, SyncOutcome.FAILED}]
        if bad:
            if any(run.outcome == SyncOutcome.REFUSED for run in bad):
                self.stderr.write("Check what is missing; --accept applies a rejected list anyway.")
            raise CommandError(f"{len(bad)} of {len(runs)} syncs failed.")


class Bar:
    """A progress bar on standard error, where that is a terminal."""

    def __init__(self, *, name: str, place: int, total: int) -> None:
        self._name, self._place, self._total = name, place, total
        self._is_shown = sys.stderr.isatty()

    def show(self, step: str) -> None:
        """Draw the bar at this step."""
        if self._is_shown:
            share = (self._place + STEPS[step] / len(STEPS)) / self._total
            filled = "█" * round(WIDTH * share)
            sys.stderr.write(f"\r\x1b[K{filled:░<{WIDTH}} {share:4.0%}  {self._name}: {step}")
            sys.stderr.flush()

    def clear(self) -> None:
        """Remove the bar."""
        if self._is_shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()


def summary(provider: Provider, run: SyncRun) -> str:
    """A sync's outcome in one line, and its message."""
    seconds = (run.finished_at - run.started_at).total_seconds()
    moved = ", ".join(f"{getattr(run, name):,} {name}" for name in FIGURES if getattr(run, name))
    figures = "" if run.outcome == SyncOutcome.REFUSED else moved  # nothing of it was done
    parts = [f"{provider.name}: {run.get_outcome_display()}", figures, f"{seconds:.1f} s"]
    line = " · ".join(part for part in parts if part)
    return f"{line}\n  {run.message}" if run.message else line


def _chosen(name: str | None) -> list[Provider]:
    everyone = list(Provider.objects.order_by("pk"))
    if not everyone:
        raise CommandError("There is no provider yet. Add one with manage.py add_provider.")
    if name is None:
        return everyone
    found = [
        provider for provider in everyone if provider.name.casefold() == name.strip().casefold()
    ]
    if not found:
        known = ", ".join(provider.name for provider in everyone)
        raise CommandError(f"provider: none is named {name}; there is {known}.")
    return found


def _sync(provider: Provider, *, accepted_gone: int | None, bar: Bar) -> SyncRun:
    """Sync; once more where another sync came first."""
    try:
        return sync_provider(
            provider_id=provider.pk,
            now=timezone.now(),
            accepted_gone=accepted_gone,
            report=bar.show,
        )
    except Overtaken:
        return sync_provider(
            provider_id=provider.pk,
            now=timezone.now(),
            accepted_gone=accepted_gone,
            report=bar.show,
        )
