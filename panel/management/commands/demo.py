"""`manage.py demo`: a complete panel with sample data and its own providers, until stopped."""

import os
import sys
from pathlib import Path
from typing import Any

from django.core.management import BaseCommand, CommandError, CommandParser

from panel.demo.ports import choose_ports
from panel.demo.providers import PORTS, Double, doubles, folder
from panel.demo.users import ADMIN, CUSTOMER, PASSWORD, STAFF, key_file
from panel.embedded import CannotStart
from panel.embedded.child_processes import Child
from panel.embedded.paths import Paths
from panel.processes.run_panel import PROJECT, Plan, make_folder, manage, run_panel

ENVIRONMENT = {  # the demo's own defaults, in seconds: fast enough to watch
    "PANEL_NAME": "Demo panel",
    "PROVIDER_ALLOW_PRIVATE": "on",
    "WEBHOOK_ALLOW_PRIVATE": "on",
    "STATIC_STORAGE": "plain",  # compressing takes longer than the rest of a first start
    "SUBMIT_EVERY": "2",
    "REAP_EVERY": "5",
    "TRACK_EVERY": "2",
    "TRACK_MIN_INTERVAL": "2",
    "REFILL_EVERY": "2",
    "RESOLVE_EVERY": "5",
    "SYNC_EVERY": "300",
    "AUDIT_EVERY": "600",
    "PROVIDER_TIMEOUT": "8",
    "UNCLEAR_QUIET": "30",
    "REFUND_CONFIRM": "2",
}


# of a real panel, perhaps set in `.env`; the demo has its own
SERVERS = ("DATABASE_URL", "REDIS_URL")


class Command(BaseCommand):
    """Runs a panel with sample data on this machine."""

    help = (
        "Run a demo: the panel, three providers, users, balances and orders in every state. "
        "Ctrl-C stops everything."
    )
    # the secrets may not exist yet; `prepare` runs the checks
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Where to listen, and where to keep the data."""
        parser.add_argument(
            "--port", type=int, default=8000, help="port to serve on; 0 for any free port"
        )
        parser.add_argument("--host", default="127.0.0.1", help="address to serve on")
        parser.add_argument(
            "--data-dir", type=Path, default=Path("var/demo"), help="folder for all data"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        """Exits with 0 when stopped, with 1 if it cannot start."""
        for name in SERVERS:
            if os.environ.get(name):
                self._write(self.stderr, f"The demo ignores {name}: it runs its own servers.")
                os.environ[name] = ""  # an unset one would be read from `.env` again
        paths = Paths.of(options["data_dir"])
        try:
            make_folder(paths)
            code = run_panel(self._plan(paths.data_dir, host=options["host"], port=options["port"]))
        except CannotStart as error:
            raise CommandError(str(error)) from error
        sys.exit(code)

    def _plan(self, data_dir: Path, *, host: str, port: int) -> Plan:
        env = {name: os.environ.get(name) or value for name, value in ENVIRONMENT.items()}
        folder(data_dir).mkdir(mode=0o700, exist_ok=True)
        ports = choose_ports(folder(data_dir) / "ports.json", count=PORTS)
        providers = doubles(ports)
        return Plan(
            data_dir=data_dir,
            host=host,
            port=port,
            report=lambda line: self._write(self.stderr, line),
            announce=lambda address: self._write(
                self.stdout, _greeting(address, data_dir=data_dir, providers=providers)
            ),
            companions=[double.child(data_dir=data_dir) for double in providers],
            # so that no worker of the demo ever touches a real panel's orders
            gates=[_filling(data_dir, "--check", env=env)],
            errands=[_filling(data_dir, "--ports", *map(str, ports), env=env)],
            env=env,
        )

    @staticmethod
    def _write(stream: Any, text: str) -> None:
        stream.write(text)
        stream.flush()


def _filling(data_dir: Path, *arguments: str, env: dict[str, str]) -> Child:
    return Child(
        name="seed_demo",
        argv=manage("seed_demo", *arguments),
        log=data_dir / "log" / "seed_demo.log",
        data_dir=data_dir,
        cwd=PROJECT,
        env={**env, "PANEL_DATA_DIR": str(data_dir)},
    )


def _greeting(address: str, *, data_dir: Path, providers: tuple[Double, ...]) -> str:
    people = "\n".join(f"  {email:<22} {PASSWORD}" for email in (CUSTOMER, STAFF, ADMIN))
    records = "\n".join(f"  {double.name:<22} {double.control_url}/orders" for double in providers)
    return (
        f"ready {address}\n\n"
        f"Log in at {address}/accounts/login/ as\n{people}\n\n"
        f"What the providers have received (JSON):\n{records}\n\n"
        f"Customer's API key: {key_file(data_dir).read_text()}\n\n"
        "Ctrl-C stops everything. Your changes are kept for the next start."
    )
