"""`manage.py add_provider`."""

from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from catalog.models import ExchangeRate, MarginRule, Provider
from lib.encryption import unseal
from tests.factories import make_provider, make_service

pytestmark = pytest.mark.django_db

URL = "https://provider.example/api/v2"
KEY = "s3cret-key-of-ours"


def add(name: str = "Acme", **options: object) -> str:
    out = StringIO()
    call_command(
        "add_provider", name, **{"url": URL, "key": KEY, **options}, stdout=out, stderr=out
    )
    return out.getvalue()


def test_provider_is_stored_with_its_margin_and_a_sealed_key() -> None:
    said = add(margin="40", probe=True)

    provider = Provider.objects.get()
    rule = MarginRule.objects.get(provider=provider)
    assert (provider.name, provider.url, provider.currency) == ("Acme", URL, "USD")
    assert provider.is_probe_allowed
    assert not provider.is_review_first
    assert (rule.scope, rule.percent, rule.fixed) == ("provider", Decimal(40), Decimal(0))
    assert KEY not in provider.sealed_key
    assert unseal(provider.sealed_key) == KEY
    assert KEY not in said
    assert "margin of 40 %" in said


def test_margin_is_25_percent_and_probing_off_unless_said_otherwise() -> None:
    add()

    assert MarginRule.objects.get(scope="provider").percent == Decimal(25)
    assert not Provider.objects.get().is_probe_allowed


def test_provider_honours_idempotency_keys_only_where_it_is_said() -> None:
    add("Acme", idempotent=True)
    add("Globex")

    flags = dict(Provider.objects.values_list("name", "is_idempotent"))
    assert flags == {"Acme": True, "Globex": False}


def test_another_currency_comes_with_its_exchange_rate() -> None:
    add(currency="eur", exchange_rate="1.08")

    assert Provider.objects.get().currency == "EUR"
    assert ExchangeRate.objects.get().rate == Decimal("1.08")


def test_a_known_currency_needs_no_exchange_rate() -> None:
    ExchangeRate.objects.create(currency="EUR", rate=Decimal("1.08"))

    add(currency="EUR")

    assert Provider.objects.get().currency == "EUR"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"url": "http://provider.example/api/v2"}, "url: The URL must begin with https://."),
        (
            {"url": "provider.example/api/v2"},
            "url: The URL is not valid: expected https://host/path.",
        ),
        ({"url": "ftp://provider.example/"}, "url: The URL must begin with https://."),
        (
            {"url": "https://user:pass@provider.example/"},
            "url: The URL must not contain a user name or a password.",
        ),
        ({"url": "https://provider.example:8443/"}, "url: The URL must use port 443."),
        ({"url": "https://127.0.0.1/api"}, "url: The URL points to an address that is not public."),
        ({"url": "https://127.1/api"}, "url: The URL points to an address that is not public."),
        (
            {"url": "https://0x7f000001/api"},
            "url: The URL points to an address that is not public.",
        ),
        (
            {"url": "https://[::ffff:127.0.0.1]/api"},
            "url: The URL points to an address that is not public.",
        ),
        (
            {"url": "https://169.254.169.254/api"},
            "url: The URL points to an address that is not public.",
        ),
        (
            {"url": "https://100.64.0.1/api"},
            "url: The URL points to an address that is not public.",
        ),
        ({"url": "https://localhost/api"}, "url: The URL points to an address that is not public."),
        (
            {"url": "https://db.internal/api"},
            "url: The URL points to an address that is not public.",
        ),
        ({"url": "https://intranet/api"}, "url: The URL points to an address that is not public."),
        ({"key": ""}, "key: This field is required."),
        (
            {"key": "two words"},
            "key: An API key has only printable ASCII characters and no spaces.",
        ),
        (
            {"currency": "DOLLAR"},
            "currency: Ensure this value has at most 3 characters (it has 6).",
        ),
        ({"currency": "U5D"}, "currency: Enter a three-letter currency code such as USD."),
        ({"currency": "EUR"}, "exchange-rate: Enter how many USD one EUR is worth."),
        (
            {"currency": "EUR", "exchange_rate": "0"},
            "exchange-rate: An exchange rate must be above 0.",
        ),
        ({"currency": "EUR", "exchange_rate": "abc"}, "exchange-rate: Enter a number."),
        ({"currency": "EUR", "exchange_rate": "NaN"}, "exchange-rate: Enter a number."),
        ({"exchange_rate": "2"}, "exchange-rate: USD is the panel's currency: its rate is 1."),
        ({"margin": "-1"}, "margin: Ensure this value is greater than or equal to 0."),
        ({"margin": "lots"}, "margin: Enter a number."),
        ({"margin": "10001"}, "margin: Ensure this value is less than or equal to 10000."),
        ({"name": " "}, "name: This field is required."),
        ({"name": "acme ltd"}, "name: Another provider is named acme ltd."),
        ({"name": "x" * 61}, "name: Ensure this value has at most 60 characters (it has 61)."),
    ],
    ids=str,
)
def test_a_bad_value_is_named_and_nothing_is_stored(
    options: dict[str, str], message: str, settings: Settings
) -> None:
    settings.PROVIDER_ALLOW_PRIVATE = False
    make_provider(name="Acme Ltd")

    with pytest.raises(CommandError) as caught:
        add(**{"name": "Acme", **options})

    assert str(caught.value) == message
    assert Provider.objects.count() == 1
    assert not MarginRule.objects.exists()
    assert not ExchangeRate.objects.exists()


def test_an_exchange_rate_that_makes_a_price_beyond_all_bounds_is_named() -> None:
    ExchangeRate.objects.create(currency="EUR", rate=Decimal("0.001"))
    make_service(provider=make_provider(currency="EUR"), cost="999999999")

    with pytest.raises(CommandError, match="exchange-rate: the price would be too high"):
        add(currency="EUR", exchange_rate="1000000")

    assert Provider.objects.count() == 1
    assert ExchangeRate.objects.get().rate == Decimal("0.001")


def test_every_bad_value_is_named_at_once() -> None:
    with pytest.raises(CommandError) as caught:
        add(url="nonsense", margin="-3", currency="12")

    assert [line.split(":")[0] for line in str(caught.value).splitlines()] == [
        "url",
        "currency",
        "margin",
    ]


def test_loopback_is_a_provider_where_private_hosts_are_allowed(settings: Settings) -> None:
    settings.PROVIDER_ALLOW_PRIVATE = True

    add(url="http://127.0.0.1:8123/api/v2")

    assert Provider.objects.get().url == "http://127.0.0.1:8123/api/v2"


def test_adding_twice_stores_one() -> None:
    add()

    with pytest.raises(CommandError, match="name: Another provider is named Acme"):
        add()

    assert Provider.objects.count() == 1
