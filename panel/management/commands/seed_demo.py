"""`manage.py seed_demo`: what `demo` runs beside its panel to fill it, once; on later starts it
finds it filled.
"""

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
    """Fills the demo's panel: providers, catalog, people, money, orders in every state."""

    help = "Fill the demo's panel. Part of `manage.py demo`; of no use in another one."

    def add_arguments(self, parser: CommandParser) -> None:
        """Where the providers are, or whether to look only."""
        parser.add_argument(
            "--ports", type=int, nargs=PORTS, default=[0] * PORTS, help="of the running providers"
        )
        parser.add_argument(
            "--check",
            action="store_true",
            help="only say whether it may be; begin anew where an earlier start was killed",
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        """Fill it where it is empty. Raises CommandError where anything else is in it."""
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
    """Whether an earlier start has filled it; False where it is empty.

    Raises CommandError for anything else.
    """
    if key_file(settings.PANEL_DATA_DIR).exists():
        return True
    if User.objects.exists():
        raise CommandError(
            f"{settings.PANEL_DATA_DIR} holds a real panel: give the demo another --data-dir"
        )
    return False
