"""The admin's page of an exchange rate: its effect first, then the change."""

from decimal import Decimal

import pytest
from django.test import Client

from catalog.models import ExchangeRate, Provider, Service
from catalog.providers import set_exchange_rate
from tests.factories import NOW, make_provider, make_service

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("admin")]


@pytest.fixture
def provider() -> Provider:
    """In euros, with a service that costs 1 EUR; another provider sells one for 2 EUR."""
    provider = make_provider(name="Acme", currency="EUR")
    make_service(provider=provider, cost="1", name="<b>Likes</b>")
    make_service(provider=make_provider(name="Bolt", currency="EUR"), cost="2")
    make_service(cost="1", price="1.25")
    set_exchange_rate(currency="EUR", rate=Decimal("1.00"), now=NOW)
    return provider


def page_of(provider: Provider) -> str:
    return f"/admin/providers/{provider.pk}/exchange-rate"


def prices() -> list[Decimal]:
    return list(Service.objects.order_by("pk").values_list("price", flat=True))


def test_the_effect_of_a_rate_is_shown_and_nothing_is_saved(
    client: Client, provider: Provider
) -> None:
    before = prices()

    text = client.get(page_of(provider), {"rate": "1.20"}).content.decode()

    assert "2 of 2 prices would change" in text
    assert "Acme" in text
    assert "Bolt" in text  # which the rate concerns, too
    assert '<td data-label="Current price" class="num">$1.25</td>' in text
    assert "<strong>$1.50</strong>" in text
    assert "&lt;b&gt;Likes&lt;/b&gt;" in text
    assert prices() == before
    assert ExchangeRate.objects.get().rate == 1


def test_what_was_shown_is_applied(client: Client, provider: Provider) -> None:
    response = client.post(page_of(provider), {"rate": "1.20"}, follow=True)

    assert "Exchange rate saved. 2 prices have changed." in response.content.decode()
    assert prices() == [Decimal("1.50"), Decimal("3.00"), Decimal("1.25")]
    assert "1 EUR = $1.20" in response.content.decode()


@pytest.mark.parametrize(
    ("rate", "message"),
    [
        ("0", "An exchange rate must be above 0."),
        ("x", "Enter a number."),
        ("1000001", "An exchange rate can be at most 1,000,000."),
        ("", "This field is required."),
    ],
)
def test_a_bad_rate_is_named_and_changes_nothing(
    client: Client, provider: Provider, rate: str, message: str
) -> None:
    before = prices()

    for response in (
        client.get(page_of(provider), {"rate": rate}),
        client.post(page_of(provider), {"rate": rate}),
    ):
        assert response.status_code == 422
        assert message in response.content.decode()
    assert prices() == before


def test_a_price_beyond_all_bounds_is_named(client: Client, provider: Provider) -> None:
    Service.objects.update(rate=Decimal(900000000))

    for response in (
        client.get(page_of(provider), {"rate": "1000000"}),
        client.post(page_of(provider), {"rate": "1000000"}),
    ):
        assert response.status_code == 422
        assert "With this rate a price would be too high." in response.content.decode()
    assert ExchangeRate.objects.get().rate == 1


def test_the_panels_own_currency_has_no_rate_to_change(client: Client) -> None:
    provider = make_provider()

    text = client.post(page_of(provider), {"rate": "2"}, follow=True).content.decode()

    assert "USD is the panel&#x27;s currency: its rate is 1." in text
    assert page_of(provider) not in text
    assert not ExchangeRate.objects.exists()
