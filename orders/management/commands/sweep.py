"""`manage.py sweep`: runs all periodic jobs in the foreground, without a broker."""

import signal
import sys
import threading

from django.core.management.base import BaseCommand, CommandParser

from orders.jobs.run_without_broker import perform_once, perform_until


class Command(BaseCommand):
    """Runs the timetable once, or with --loop until it is stopped."""

    help = "Run all periodic jobs in this process, without a broker. Safe beside workers and beats."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add --loop."""
        parser.add_argument(
            "--loop",
            action="store_true",
            help="keep running at the usual intervals until SIGTERM or Ctrl-C",
        )

    def handle(self, *, loop: bool, verbosity: int, **_: object) -> None:
        """Exit with 1 where a job of a single run failed; with 0 when a loop is stopped."""
        tell = self._say if verbosity > 1 or not loop else _keep_quiet
        if not loop:
            sys.exit(0 if perform_once(tell=tell) else 1)
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        self._say("sweeping")
        perform_until(stop=stop, tell=tell)

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()


def _keep_quiet(_line: str) -> None:
    """Print nothing: the staff page shows when each job ran last."""
