"""What a provider's client notes on its row: whether it answers, and in which currency."""

from decimal import Decimal

import pytest

from catalog.models import Contact, Provider, Service, SyncOutcome
from catalog.provider_client import open_client
from catalog.upstream import ErrorReply
from lib.encryption import CannotUnseal
from orders.forwarding.open_providers import lock_if_open, open_for_orders
from orders.forwarding.recovery import check_providers
from orders.forwarding.sweep import submit_due
from orders.models import HoldReason, Order, Status
from orders.tracking.sweep import track_due
from orders.unclear.accounts import self_test
from tests.catalog.sync.sync_runs import rows, sync
from tests.connected_provider import connect, make_due, mirror_service, run_order
from tests.double.handle import ProviderDouble
from tests.factories import NOW, make_order, make_provider, make_service

pytestmark = pytest.mark.django_db(transaction=True)


def stored(provider: Provider) -> Provider:
    return Provider.objects.get(pk=provider.pk)


@pytest.mark.parametrize("said", ["EUR", "credits", "&euro;"])
def test_a_balance_in_another_currency_stops_orders(double: ProviderDouble, said: str) -> None:
    service = mirror_service(double, connect(double))
    order = make_order(service=service)
    double.dialect(currency=said)

    check_providers()
    submit_due()

    provider = stored(service.provider)
    order.refresh_from_db()
    assert provider.other_currency
    assert "Orders and price syncs wait until an admin decides." in provider.trouble
    assert (order.status, double.placed()) == (Status.WAITING, ())
    assert not open_for_orders(now=NOW).exists()
    assert lock_if_open(provider_id=provider.pk, now=NOW) is None
    assert provider.balance is None  # what it says is in another currency


def test_control_a_provider_that_names_its_currency_or_none_is_sent_orders(
    double: ProviderDouble,
) -> None:
    service = mirror_service(double, connect(double))
    for said in ("usd", "$", "absent"):
        double.dialect(currency=said)
        make_order(service=service)
        check_providers()
        submit_due()

    assert stored(service.provider).trouble == ""
    assert len(double.placed()) == 3


def test_a_status_in_another_currency_stops_orders_and_its_charge_is_not_taken(
    double: ProviderDouble,
) -> None:
    order = run_order(mirror_service(double, connect(double)))
    double.set_order(order.upstream_id or "", status="In progress", charge="83.1")
    double.dialect(currency="INR")
    make_due()

    track_due()

    order.refresh_from_db()
    assert (order.upstream_status, order.upstream_charge) == ("In progress", None)
    assert stored(order.provider).other_currency == "INR"


def test_a_self_test_in_another_currency_stops_orders(double: ProviderDouble) -> None:
    provider = connect(double)
    double.dialect(currency="INR")

    self_test(provider=provider, now=NOW)

    assert stored(provider).other_currency == "INR"


def test_orders_held_for_funds_are_not_released_by_a_balance_in_another_currency(
    double: ProviderDouble,
) -> None:
    order = make_order(service=make_service(provider=connect(double)))
    order.hold(reason=HoldReason.PROVIDER_FUNDS, text="", now=NOW)
    double.dialect(currency="INR")

    check_providers()

    assert Order.objects.get().status == Status.HELD


def test_a_sync_in_another_currency_moves_no_price_even_before_a_balance_was_read(
    double: ProviderDouble,
) -> None:
    double.set_services(rows(1, 2))
    provider = connect(double)
    sync(provider)
    before = list(Service.objects.order_by("pk").values())
    double.patch_service(1, rate="1.10")
    double.dialect(currency="EUR")

    runs = [sync(provider), sync(provider)]

    assert [run.outcome for run in runs] == [SyncOutcome.FAILED] * 2
    assert "name the currency EUR, but USD is stored" in runs[0].message
    assert list(Service.objects.order_by("pk").values()) == before
    assert len(double.journal().asked("services")) == 1  # by the first sync


def test_the_words_that_an_admin_has_accepted_stop_nothing(double: ProviderDouble) -> None:
    provider = connect(double)
    provider.own_words = ["CREDITS"]
    provider.save()
    double.dialect(currency="credits")

    check_providers()

    assert (stored(provider).other_currency, stored(provider).balance is None) == ("", False)


def test_statuses_of_old_orders_may_name_the_former_currency_and_a_balance_may_not(
    double: ProviderDouble,
) -> None:
    order = run_order(mirror_service(double, connect(double)))
    Provider.objects.update(former_words=["INR"])
    double.set_order(order.upstream_id or "", status="In progress", charge="83.1")
    double.dialect(currency="INR")
    make_due()

    track_due()
    after_status = stored(order.provider).other_currency
    check_providers()

    order.refresh_from_db()
    assert (after_status, order.upstream_charge) == ("", Decimal("83.1"))
    assert stored(order.provider).other_currency == "INR"


def test_a_client_opened_before_the_admin_decided_stops_nothing(double: ProviderDouble) -> None:
    provider = connect(double)
    double.dialect(currency="EUR")
    with open_client(provider) as client:
        Provider.objects.update(currency="EUR")
        client.balance()

    assert stored(provider).other_currency == ""


def test_a_provider_that_does_not_answer_is_unreachable_until_it_answers(
    double: ProviderDouble,
) -> None:
    provider = connect(double)
    dead = make_provider(url="http://127.0.0.1:9/api/v2")
    Provider.objects.filter(pk=dead.pk).update(sealed_key=provider.sealed_key)

    sync(dead)
    unreachable = stored(dead)
    Provider.objects.filter(pk=dead.pk).update(url=double.url)
    sync(dead)

    assert unreachable.contact == Contact.UNREACHABLE
    assert unreachable.contact_at is not None
    assert unreachable.trouble.startswith("Unreachable: no connection")
    assert (stored(dead).contact, stored(dead).trouble) == (Contact.ANSWERED, "")


def test_a_rejected_key_is_no_answer_and_an_unknown_order_is_one(double: ProviderDouble) -> None:
    provider = connect(double)
    with open_client(provider) as client:
        client.status(["404"])
    after_unknown = stored(provider).contact
    double.fault("balance", "bad_key")
    with open_client(provider) as client, pytest.raises(ErrorReply):
        client.balance()

    assert after_unknown == Contact.ANSWERED
    assert stored(provider).contact == Contact.REJECTED
    assert double.key not in stored(provider).contact_text


def test_a_key_that_cannot_be_decrypted_is_shown(double: ProviderDouble) -> None:
    provider = make_provider(url=double.url)

    with pytest.raises(CannotUnseal):
        open_client(provider)

    assert stored(provider).trouble == (
        "Rejects our account: The stored API key cannot be decrypted"
    )
