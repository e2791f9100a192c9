"""`manage.py add_provider`."""

from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from catalog.models import ExchangeRate, MarginRule, Provider
from lib.encryption import unseal
from tests.double.handle import ProviderDouble
from tests.factories import make_provider

pytestmark = pytest.mark.django_db

URL = "https://provider.example/api/v2"
KEY = "s3cret-key-of-ours"


def add(name: str = "Acme", *, at: ProviderDouble | None = None, **options: object) -> str:
    """What the command says; `at`: the provider that is added."""
    out = StringIO()
    account = {"url": at.url if at else URL, "key": at.key if at else KEY}
    call_command("add_provider", name, **{**account, **options}, stdout=out, stderr=out)
    return out.getvalue()


def test_provider_is_stored_with_its_margin_and_a_sealed_key(double: ProviderDouble) -> None:
    said = add(at=double, margin="40", probe=True)

    provider = Provider.objects.get()
    rule = MarginRule.objects.get(provider=provider)
    assert (provider.name, provider.url, provider.currency) == ("Acme", double.url, "USD")
    assert provider.is_probe_allowed
    assert not provider.is_review_first
    assert (rule.scope, rule.percent, rule.fixed) == ("provider", Decimal(40), Decimal(0))
    assert double.key not in provider.sealed_key
    assert unseal(provider.sealed_key) == double.key
    assert double.key not in said
    assert (provider.balance, provider.contact) == (double.balance(), "answered")
    assert f"{len(double.services())} services" in said
    assert double.placed() == ()
    assert "margin of 40 %" in said


def test_margin_is_25_percent_and_probing_off_unless_said_otherwise(
    double: ProviderDouble,
) -> None:
    add(at=double)

    assert MarginRule.objects.get(scope="provider").percent == Decimal(25)
    assert not Provider.objects.get().is_probe_allowed


def test_provider_honours_idempotency_keys_only_where_it_is_said(double: ProviderDouble) -> None:
    add("Acme", at=double, idempotent=True)
    add("Globex", at=double)

    flags = dict(Provider.objects.values_list("name", "is_idempotent"))
    assert flags == {"Acme": True, "Globex": False}


@pytest.mark.parametrize("said", ["EUR", "eur", "&euro;"])
def test_the_currency_is_read_from_the_balance(double: ProviderDouble, said: str) -> None:
    double.dialect(currency=said)

    add(at=double, exchange_rate="1.08")

    provider = Provider.objects.get()
    assert (provider.currency, provider.own_words) == ("EUR", [])
    assert ExchangeRate.objects.get().rate == Decimal("1.08")


def test_a_known_currency_needs_no_exchange_rate(double: ProviderDouble) -> None:
    ExchangeRate.objects.create(currency="EUR", rate=Decimal("1.08"))
    double.dialect(currency="EUR")

    add(at=double)

    assert Provider.objects.get().currency == "EUR"


def test_the_currency_is_asked_for_only_where_the_balance_names_none(
    double: ProviderDouble,
) -> None:
    double.dialect(currency="absent")
    with pytest.raises(CommandError) as caught:
        add(at=double)

    add(at=double, currency="eur", exchange_rate="1.08")

    assert str(caught.value) == (
        "currency: Enter the currency of its rates: the provider names none."
    )
    assert Provider.objects.get().currency == "EUR"


def test_a_word_that_is_no_code_is_kept_for_the_currency_that_was_entered(
    double: ProviderDouble,
) -> None:
    double.dialect(currency="credits")
    with pytest.raises(CommandError, match="“CREDITS” is no currency code"):
        add(at=double)

    add(at=double, currency="USD")

    assert Provider.objects.get().own_words == ["CREDITS"]  # it does not stop the provider


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"currency": "USD"}, "currency: The provider's balance is in EUR. Leave this empty."),
        ({}, "exchange-rate: Enter how many USD one EUR is worth."),
    ],
    ids=["another currency", "no rate"],
)
def test_what_the_balance_contradicts_is_named(
    double: ProviderDouble, options: dict[str, str], message: str
) -> None:
    double.dialect(currency="EUR")

    with pytest.raises(CommandError) as caught:
        add(at=double, **options)

    assert str(caught.value) == message
    assert not Provider.objects.exists()


def test_a_rate_of_the_panels_own_currency_is_1(double: ProviderDouble) -> None:
    with pytest.raises(CommandError) as caught:
        add(at=double, exchange_rate="2")

    assert str(caught.value) == "exchange-rate: USD is the panel's currency: its rate is 1."


def test_a_known_exchange_rate_is_not_changed_by_the_way(double: ProviderDouble) -> None:
    ExchangeRate.objects.create(currency="EUR", rate=Decimal("1.08"))
    double.dialect(currency="EUR")

    with pytest.raises(CommandError, match=r"exchange-rate: The panel knows 1 EUR = 1\.08 USD"):
        add(at=double, exchange_rate="1.20")

    assert ExchangeRate.objects.get().rate == Decimal("1.08")
    assert not Provider.objects.exists()


@pytest.mark.parametrize(
    ("options", "begin"),
    [
        ({"key": "wrong"}, "key: Nothing was stored: the provider answered: Invalid API key"),
        (
            {"url": "http://127.0.0.1:9/api/v2"},
            "url: Nothing was stored, because the provider cannot be used: no connection",
        ),
    ],
    ids=["key", "address"],
)
def test_a_provider_that_cannot_be_used_is_not_stored(
    double: ProviderDouble, options: dict[str, str], begin: str
) -> None:
    with pytest.raises(CommandError) as caught:
        add(at=double, **options)

    assert str(caught.value).startswith(begin)
    assert double.key not in str(caught.value)
    assert not Provider.objects.exists()


@pytest.mark.parametrize("action", ["balance", "services"])
def test_balance_and_catalog_are_both_tested(double: ProviderDouble, action: str) -> None:
    double.fault(action, "html200")

    with pytest.raises(CommandError, match="url: Nothing was stored"):
        add(at=double)

    assert not Provider.objects.exists()


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
            {"key": "schlüssel"},
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
        (
            {"currency": "USD", "exchange_rate": "2"},
            "exchange-rate: USD is the panel's currency: its rate is 1.",
        ),
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
    options: dict[str, Any], message: str, settings: Settings
) -> None:
    settings.PROVIDER_ALLOW_PRIVATE = False
    make_provider(name="Acme Ltd")

    with pytest.raises(CommandError) as caught:
        add(**{"name": "Acme", **options})

    assert str(caught.value) == message
    assert Provider.objects.count() == 1
    assert not MarginRule.objects.exists()
    assert not ExchangeRate.objects.exists()


def test_every_bad_value_is_named_at_once() -> None:
    with pytest.raises(CommandError) as caught:
        add(url="nonsense", margin="-3", currency="12")

    assert [line.split(":")[0] for line in str(caught.value).splitlines()] == [
        "url",
        "currency",
        "margin",
    ]


def test_adding_twice_stores_one(double: ProviderDouble) -> None:
    add(at=double)

    with pytest.raises(CommandError, match="name: Another provider is named Acme"):
        add(at=double)

    assert Provider.objects.count() == 1
