"""The demo's catalog: its providers, synced and priced as an admin would."""

from datetime import datetime
from decimal import Decimal

from accounts.models import User
from catalog.models import Category, Provider, Service
from catalog.prices.set_margin import set_margin
from catalog.providers import add_provider, pause_provider
from catalog.sync.sync import sync_provider
from panel.demo.provider_control import Steering
from panel.demo.providers import Double

EXCHANGE_RATES = {"EUR": Decimal("1.0845")}  # in the panel's currency; made up
PAUSE = "Announced maintenance; resume when it is over"
FLAT = Decimal("0.05")  # on top of the percent of one category, per 1000
EURO_MANNERS = {  # all seen in real APIs
    "words": "lower",
    "status_shape": "list",
    "booleans": "digit_text",
    "rates": "eight",
    "ids": "text",
    "error_shape": "status_msg",
}


def open_shop(*, doubles: tuple[Double, ...], admin: User | None, now: datetime) -> None:
    """Add and sync the providers, set a margin for one category, pause the last provider."""
    Steering(doubles[1].control_url).speak(**EURO_MANNERS)
    for double in doubles:
        provider = add_provider(
            name=double.name,
            url=double.url,
            key=double.key,
            currency=double.currency,
            percent=Decimal(double.percent),
            exchange_rate=EXCHANGE_RATES.get(double.currency),
            actor=admin,
            now=now,
        )
        sync_provider(provider_id=provider.pk, now=now)
    pause_provider(provider=Provider.objects.get(name=doubles[-1].name), reason=PAUSE, now=now)
    category = Category.objects.get(pk=Service.objects.in_shop_order()[0].category_id)
    set_margin(target=category, percent=Decimal(45), fixed=FLAT, actor=admin, now=now)


def find_again(doubles: tuple[Double, ...]) -> None:
    """Update the providers' URLs to their present ports."""
    for double in doubles:
        Provider.objects.filter(name=double.name).exclude(url=double.url).update(url=double.url)
