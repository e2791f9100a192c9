"""`manage.py prepare`: brings the database and the static files up to this version; harmless when repeated."""

from typing import Any

from django.core.management import BaseCommand, call_command


class Command(BaseCommand):
    """Migrate, make the cache table, collect the static files."""

    help = "Bring the database and the static files up to this version of the panel."

    def handle(self, *_args: Any, **options: Any) -> None:
        """Run the three steps; the first failure ends it."""
        quiet = {"verbosity": options["verbosity"], "stdout": self.stdout, "stderr": self.stderr}
        call_command("migrate", interactive=False, **quiet)
        call_command("createcachetable", **quiet)
        call_command("collectstatic", interactive=False, **quiet)
