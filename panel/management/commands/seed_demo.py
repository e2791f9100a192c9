"""`manage.py seed_demo`: fills the demo's panel on its first start. `demo` runs it."""

from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from accounts.models import User
from panel.demo.catalog import find_again, open_shop
from panel.demo.history import make_history
from panel.demo.orders import Counter
from panel.demo.provider_control import Steering
from panel.demo.providers import PORTS, doubles
from panel.demo.reset import clear, is_cut_short, mark
from panel.demo.users import enrol_people, hand_out_key, key_file


class Command(BaseCommand):
    """Adds providers, catalog, users, balances and orders in every state."""

    help = "Fill the demo's panel. Only for use by `manage.py demo`."

    def add_arguments(self, parser: CommandParser) -> None:
        """The providers' ports, or only a check."""
        parser.add_argument(
            "--ports", type=int, nargs=PORTS, default=[0] * PORTS, help="of the running providers"
        )
        parser.add_argument(
            "--check",
            action="store_true",
            help="only check that this is the demo's database; reset it after a killed start",
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        """Fill an empty database. Raises CommandError if it holds anything but the demo."""
        if options["check"] and is_cut_short(settings.PANEL_DATA_DIR):
            clear(settings.PANEL_DATA_DIR)
        is_filled = _is_filled()
        if options["check"]:
            return
        providers = doubles(options["ports"])
        for double in providers:
            Steering(double.control_url).wait()
        if is_filled:
            find_again(providers)
            return
        mark(settings.PANEL_DATA_DIR)
        now = timezone.now()
        people = enrol_people(now=now)
        open_shop(doubles=providers, admin=people.admin, now=now)
        buyers = [
            people.customer,
            people.customer,
            people.others[0],
            people.customer,
            people.others[1],
        ]
        main, euro, paused = (Counter(double=double, buyers=buyers) for double in providers)
        make_history(people=people, main=main, euro=euro, paused=paused)
        hand_out_key(people=people, data_dir=settings.PANEL_DATA_DIR, now=timezone.now())


def _is_filled() -> bool:
    """Whether an earlier start has filled it. Raises CommandError for a real panel."""
    if key_file(settings.PANEL_DATA_DIR).exists():
        return True
    if User.objects.exists():
        raise CommandError(
            f"{settings.PANEL_DATA_DIR} holds a real panel: use another --data-dir for the demo"
        )
    return False
