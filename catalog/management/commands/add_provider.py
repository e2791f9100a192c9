"""`manage.py add_provider NAME --url URL --key KEY …`: store a provider and its margin."""

from typing import Any, Final

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from catalog.first_contact import ask_provider
from catalog.forms import ProviderForm
from catalog.providers import NameTaken, add_provider
from lib.decimals import plain, shortest

# form fields and the options that fill them
OPTIONS: Final = {
    "name": "name",
    "url": "url",
    "key": "key",
    "currency": "currency",
    "percent": "margin",
    "exchange_rate": "exchange_rate",
    "is_probe_allowed": "probe",
    "is_idempotent": "idempotent",
    "is_review_first": "review_first",
}


class Command(BaseCommand):
    """Stores a provider, or reports what is wrong."""

    help = "Store a provider with its own margin. The key is encrypted and never shown again."

    def add_arguments(self, parser: CommandParser) -> None:
        """The command's arguments."""
        parser.add_argument("name", metavar="NAME")
        parser.add_argument(
            "--url", required=True, help="API URL, for example https://provider.example/api/v2"
        )
        parser.add_argument("--key", required=True, help="our API key there")
        parser.add_argument(
            "--currency", help="the currency of its rates, if its balance does not name one"
        )
        parser.add_argument("--margin", default="25", metavar="PERCENT", help="added to its rates")
        parser.add_argument(
            "--exchange-rate",
            help=f"one unit of its currency in {settings.PANEL_CURRENCY}, if not known yet",
        )
        parser.add_argument(
            "--probe",
            action="store_true",
            help="permit reading foreign ids to resolve unclear orders",
        )
        parser.add_argument(
            "--idempotent",
            action="store_true",
            help="it places one order per idempotency key: unclear orders are resent with theirs",
        )
        parser.add_argument(
            "--review-first",
            action="store_true",
            help="new services are not sold until an admin has reviewed them",
        )

    def handle(self, **options: Any) -> None:
        """Validate, ask the provider, then store in one transaction."""
        form = ProviderForm({field: options[name] for field, name in OPTIONS.items()})
        contact = ask_provider(form) if form.is_valid() else None
        if contact is None or not form.settle_currency(contact.currency):
            raise CommandError("\n".join(_problems(form)))
        try:
            provider = add_provider(
                **form.cleaned_data, contact=contact, actor=None, now=timezone.now()
            )
        except NameTaken as error:
            raise CommandError(f"name: {error}") from error
        percent = shortest(form.cleaned_data["percent"])
        self.stdout.write(
            f"It answers: balance {plain(contact.balance)} {provider.currency},"
            f" {contact.services:,} services."
        )
        self.stdout.write(f"Stored provider {provider.name} with a margin of {percent} %.")
        self.stdout.write(f'Next: manage.py sync_catalog --provider "{provider.name}"')


def _problems(form: ProviderForm) -> list[str]:
    return [
        f"{OPTIONS.get(name, name).replace('_', '-')}: {error}"
        for name, errors in form.errors.items()
        for error in errors
    ]
