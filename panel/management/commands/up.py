"""`manage.py up`: the whole panel on one machine, until it is stopped."""

import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError, CommandParser

from panel.embedded import CannotStart
from panel.processes.run_panel import Plan, run_panel


class Command(BaseCommand):
    """Runs web server, workers and beat, and PostgreSQL and Valkey if none are configured."""

    help = "Run the whole panel on this machine. Ctrl-C or SIGTERM stops it cleanly."
    # the secrets may not exist yet; `prepare` runs the checks
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Where to listen, and where to keep the data."""
        parser.add_argument(
            "--port", type=int, default=8000, help="port to serve on; 0 for any free port"
        )
        parser.add_argument("--host", default="127.0.0.1", help="address to serve on")
        parser.add_argument(
            "--data-dir", type=Path, default=settings.PANEL_DATA_DIR, help="folder of all data"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        """Exit with 0 when stopped, with 1 when it cannot start."""
        plan = Plan(
            data_dir=options["data_dir"],
            host=options["host"],
            port=options["port"],
            report=self._report,
            announce=lambda address: self._say(f"ready {address}"),
        )
        try:
            code = run_panel(plan)
        except CannotStart as error:
            raise CommandError(str(error)) from error
        sys.exit(code)

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()

    def _report(self, line: str) -> None:
        self.stderr.write(line)
        self.stderr.flush()
