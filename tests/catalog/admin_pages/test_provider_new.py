"""The admin's page of a new provider, which is asked before it is stored."""

from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from catalog.models import MarginRule, Provider
from lib.encryption import unseal
from tests.double.handle import ProviderDouble

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("admin")]

NEW = "/admin/providers/new"
GOOD = {
    "name": "Acme",
    "url": "https://provider.example/api/v2",
    "key": "s3cret-key-of-ours",
    "currency": "USD",
    "exchange_rate": "",
    "percent": "40",
}


def good(double: ProviderDouble, **changes: str) -> dict[str, str]:
    """The form of a new provider that answers."""
    return {**GOOD, "url": double.url, "key": double.key, "currency": "", **changes}


def test_a_new_provider_is_stored_with_its_margin_and_read_at_once(
    client: Client, admin: User, double: ProviderDouble
) -> None:
    response = client.post(NEW, good(double, is_review_first="on", is_idempotent="on"), follow=True)

    provider = Provider.objects.get()
    rule = MarginRule.objects.get(provider=provider)
    assert response.redirect_chain == [(f"/admin/providers/{provider.pk}", 302)]
    assert (provider.name, provider.is_review_first, provider.is_probe_allowed) == (
        "Acme",
        True,
        False,
    )
    assert provider.is_idempotent
    assert unseal(provider.sealed_key) == double.key
    assert (rule.percent, rule.updated_by) == (Decimal(40), admin)
    assert (provider.currency, provider.balance) == ("USD", double.balance())
    text = response.content.decode()
    assert f"{len(double.services())} services. Its catalog is being synced." in text
    assert '<span class="status" data-tone="good">Active</span>' in text


@pytest.mark.parametrize(
    ("fault", "field", "message"),
    [
        ("bad_key", "key", "Nothing was stored: the provider answered: Invalid API key"),
        ("html200", "url", "Nothing was stored, because the provider cannot be used"),
    ],
)
def test_a_provider_that_cannot_be_used_is_not_stored(
    client: Client, double: ProviderDouble, fault: str, field: str, message: str
) -> None:
    double.fault("balance", fault)

    response = client.post(NEW, good(double))

    text = response.content.decode()
    assert response.status_code == 422
    assert f'id="id_{field}_error"' in text
    assert message in text
    assert double.key not in text
    assert not Provider.objects.exists()


def test_no_transaction_is_open_while_a_new_provider_is_asked() -> None:
    """The page is served without one: the provider may take its time."""
    assert not connection.settings_dict["ATOMIC_REQUESTS"]


def test_the_currency_is_read_from_the_balance_and_its_rate_asked_for(
    client: Client, double: ProviderDouble
) -> None:
    double.dialect(currency="EUR")

    asked = client.post(NEW, good(double))
    stored_before = Provider.objects.count()
    client.post(NEW, good(double, exchange_rate="1.08"))

    assert asked.status_code == 422
    assert "Enter how many USD one EUR is worth." in asked.content.decode()
    assert stored_before == 0
    assert Provider.objects.get().currency == "EUR"


def test_the_currency_is_asked_for_where_the_balance_names_none(
    client: Client, double: ProviderDouble
) -> None:
    double.dialect(currency="absent")

    asked = client.post(NEW, good(double))
    client.post(NEW, good(double, currency="usd"))

    assert "Enter the currency of its rates: the provider names none." in asked.content.decode()
    assert Provider.objects.get().currency == "USD"


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("name", "", "This field is required."),
        ("url", "https://127.0.0.1/", "The URL points to an address that is not public."),
        ("url", "http://provider.example/", "The URL must begin with https://."),
        ("key", "", "This field is required."),
        ("currency", "EUR", "Enter how many USD one EUR is worth."),
        ("percent", "-5", "Ensure this value is greater than or equal to 0."),
    ],
)
def test_a_bad_value_is_named_and_nothing_is_stored(
    client: Client, settings: Settings, field: str, value: str, message: str
) -> None:
    settings.PROVIDER_ALLOW_PRIVATE = False

    response = client.post(NEW, {**GOOD, field: value})

    assert response.status_code == 422
    assert message in response.content.decode()
    assert not Provider.objects.exists()
    assert not MarginRule.objects.filter(scope="provider").exists()


def test_sending_the_form_twice_stores_one(client: Client, double: ProviderDouble) -> None:
    client.post(NEW, good(double))
    response = client.post(NEW, good(double))

    assert response.status_code == 422
    assert "Another provider is named Acme." in response.content.decode()
    assert Provider.objects.count() == 1
