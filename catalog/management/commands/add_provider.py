"""`manage.py add_provider NAME --url URL --key KEY …`: store a provider and its margin."""

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from catalog.forms import ProviderForm
from catalog.prices.margin_rules import TooDear
from catalog.providers import NameTaken, add_provider
from lib.decimals import shortest

# form fields whose option has another name
WORDS = {"percent": "margin", "exchange_rate": "exchange-rate"}


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
            "--currency", default=settings.PANEL_CURRENCY, help="the currency of its rates"
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

    def handle(
        self,
        *,
        name: str,
        url: str,
        key: str,
        currency: str,
        margin: str,
        exchange_rate: str | None,
        probe: bool,
        idempotent: bool,
        review_first: bool,
        **_: object,
    ) -> None:
        """Validate, then store in one transaction."""
        form = ProviderForm(
            {
                "name": name,
                "url": url,
                "key": key,
                "currency": currency,
                "percent": margin,
                "exchange_rate": exchange_rate or "",
                "is_probe_allowed": probe,
                "is_idempotent": idempotent,
                "is_review_first": review_first,
            }
        )
        if not form.is_valid():
            raise CommandError("\n".join(_problems(form)))
        try:
            provider = add_provider(**form.cleaned_data, actor=None, now=timezone.now())
        except NameTaken as error:
            raise CommandError(f"name: {error}") from error
        except TooDear as error:
            raise CommandError(f"exchange-rate: {error}") from error
        percent = shortest(form.cleaned_data["percent"])
        self.stdout.write(f"Stored provider {provider.name} with a margin of {percent} %.")
        self.stdout.write(f'Next: manage.py sync_catalog --provider "{provider.name}"')


def _problems(form: ProviderForm) -> list[str]:
    return [
        f"{WORDS.get(name, name)}: {error}"
        for name, errors in form.errors.items()
        for error in errors
    ]
