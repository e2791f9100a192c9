"""A provider's replies name another currency: staff see why it stands still, an admin decides."""

from decimal import Decimal

import pytest
from django.test import Client

from accounts.models import Role
from catalog.models import ExchangeRate, Provider, Service
from catalog.sync.sync import sync_provider
from orders.forwarding.recovery import check_providers
from orders.forwarding.sweep import submit_due
from orders.models import Baseline, Order, Status
from tests.catalog.sync.sync_runs import ROW, rows
from tests.connected_provider import connect
from tests.double.handle import ProviderDouble
from tests.factories import NOW, make_order, make_provider, make_user, signed_in

pytestmark = pytest.mark.django_db(transaction=True)

EURO = {"currency": "EUR", "exchange_rate": "1.08", "word": "EUR"}


@pytest.fixture
def browser() -> Client:
    return signed_in(make_user(role=Role.ADMIN))


def stopped(*, word: str = "EUR", **fields: object) -> Provider:
    provider = make_provider(name="Acme")
    Provider.objects.filter(pk=provider.pk).update(other_currency=word, **fields)
    return Provider.objects.get(pk=provider.pk)


def page_of(provider: Provider) -> str:
    return f"/admin/providers/{provider.pk}/currency"


def stored(provider: Provider) -> Provider:
    return Provider.objects.get(pk=provider.pk)


@pytest.mark.parametrize("address", ["/staff/unclear", "/staff/providers", "/staff/providers/{}"])
def test_staff_see_why_a_provider_stands_still(address: str) -> None:
    provider = stopped()
    staff = signed_in(make_user(role=Role.STAFF))

    text = staff.get(address.format(provider.pk)).content.decode()

    assert "Its replies name the currency EUR, but USD is stored." in text
    assert '<span class="count">1<' in text  # beside the menu's heading
    assert page_of(provider) not in text  # an admin decides


@pytest.mark.parametrize("address", ["/admin/providers", "/admin/providers/{}"])
def test_an_admin_is_led_to_the_decision(browser: Client, address: str) -> None:
    provider = stopped()

    text = browser.get(address.format(provider.pk)).content.decode()

    assert "Another currency</span>" in text
    assert f'href="{page_of(provider)}">Decide' in text
    assert ">Active</span>" not in text


def test_the_words_of_a_provider_are_shown_as_text(browser: Client) -> None:
    provider = stopped(word="<B>X</B>")

    text = browser.get(page_of(provider)).content.decode()

    assert "<B>" not in text
    assert "&lt;B&gt;X&lt;/B&gt;" in text


def test_keeping_the_currency_accepts_the_word_and_orders_go_on(
    browser: Client, double: ProviderDouble
) -> None:
    provider = connect(double)
    double.dialect(currency="credits")
    double.set_services(rows(1))
    sync_provider(provider_id=provider.pk, now=NOW)

    browser.post(page_of(provider), {"keep": "1", "word": "CREDITS"})
    sync_provider(provider_id=provider.pk, now=NOW)
    check_providers()

    kept = stored(provider)
    assert (kept.currency, kept.other_currency, kept.own_words) == ("USD", "", ["CREDITS"])
    assert kept.balance is not None
    order = make_order(service=Service.objects.get())
    submit_due()
    order.refresh_from_db()
    assert order.status == Status.RUNNING


def test_a_new_currency_is_taken_over_with_its_rate_and_prices_follow_at_the_sync(
    browser: Client, double: ProviderDouble
) -> None:
    double.set_services([{**ROW, "rate": "1.08"}, {**ROW, "service": 2, "rate": "2.16"}])
    provider = connect(double)
    sync_provider(provider_id=provider.pk, now=NOW)
    before = list(Service.objects.order_by("pk").values_list("cost", "price"))
    double.dialect(currency="EUR")
    double.patch_service(1, rate="1.00")
    double.patch_service(2, rate="2.10")
    check_providers()

    response = browser.post(page_of(provider), EURO)

    switched = stored(provider)
    assert response.status_code == 302
    assert (switched.currency, switched.other_currency) == ("EUR", "")
    assert (switched.former_words, switched.balance) == (["USD"], None)
    assert switched.sync_wanted_at is not None
    assert ExchangeRate.objects.get().rate == Decimal("1.08")
    services = Service.objects.order_by("pk")
    assert list(services.values_list("cost", "price")) == before  # nothing moves before the sync
    assert list(services.values_list("rate", flat=True)) == [Decimal(1), Decimal(2)]
    assert Baseline.objects.get().reason == "The currency changed from USD to EUR"

    run = sync_provider(provider_id=provider.pk, now=NOW)

    assert (run.changed, run.held) == (1, 0)
    assert list(services.values_list("rate", "cost")) == [
        (Decimal("1.00"), Decimal("1.08")),
        (Decimal("2.10"), Decimal("2.268")),
    ]


def test_rates_that_were_in_the_new_currency_all_along_are_read_anew(
    browser: Client, double: ProviderDouble
) -> None:
    double.set_services([{**ROW, "rate": "1.00"}])
    provider = connect(double)
    sync_provider(provider_id=provider.pk, now=NOW)  # taken for dollars
    double.dialect(currency="EUR")
    check_providers()
    browser.post(page_of(provider), EURO)

    sync_provider(provider_id=provider.pk, now=NOW)

    assert Service.objects.get().cost == Decimal("1.08")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"exchange_rate": ""}, "Enter how many USD one EUR is worth."),
        ({"exchange_rate": "0"}, "An exchange rate must be above 0."),
        ({"currency": "U5D"}, "Enter a three-letter currency code such as USD."),
        ({"currency": "usd"}, "USD is stored already: keep it below."),
        ({"currency": ""}, "This field is required."),
        ({"currency": "GBP", "exchange_rate": "2"}, "The panel knows the rate of GBP."),
    ],
    ids=str,
)
def test_a_bad_value_is_named_and_changes_nothing(
    browser: Client, values: dict[str, str], message: str
) -> None:
    ExchangeRate.objects.create(currency="GBP", rate=Decimal("1.3"))
    provider = stopped()

    response = browser.post(page_of(provider), {**EURO, **values})

    assert response.status_code == 422
    assert message in response.content.decode()
    assert (stored(provider).currency, stored(provider).other_currency) == ("USD", "EUR")
    assert ExchangeRate.objects.count() == 1


@pytest.mark.parametrize("values", [EURO, {"keep": "1"}], ids=["switch", "keep"])
def test_what_the_admin_did_not_see_is_not_decided(browser: Client, values: dict[str, str]) -> None:
    provider = stopped(word="INR")

    text = browser.post(page_of(provider), {**values, "word": "EUR"}, follow=True).content.decode()

    assert "The provider&#x27;s replies have changed, or somebody has decided." in text
    assert (stored(provider).currency, stored(provider).other_currency) == ("USD", "INR")
    assert not ExchangeRate.objects.exists()


def test_deciding_twice_decides_once(browser: Client) -> None:
    provider = stopped()

    browser.post(page_of(provider), EURO)
    text = browser.post(page_of(provider), EURO, follow=True).content.decode()

    assert "Nothing to decide: Acme is in EUR." in text
    assert Baseline.objects.count() == 1
    assert not Order.objects.exists()


def test_a_rate_that_would_not_fit_its_column_is_cut(browser: Client) -> None:
    provider = stopped()
    make_order()
    Service.objects.update(provider=provider, rate=Decimal(10) ** 8)

    browser.post(page_of(provider), {**EURO, "exchange_rate": "0.00000001"})

    assert stored(provider).currency == "EUR"
    assert Service.objects.get().rate == Decimal(10) ** 9 - 1
