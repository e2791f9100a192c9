"""The admin's pages of providers."""

from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks, Settings

from accounts.models import User
from catalog.models import ExchangeRate, MarginRule, Provider, Service
from catalog.providers import set_exchange_rate
from catalog.sync.sync import sync_provider
from lib.encryption import seal, unseal
from orders.forwarding.recovery import check_providers
from orders.models import HoldReason
from tests.connected_provider import connect
from tests.double.handle import ProviderDouble
from tests.factories import NOW, make_order, make_provider, make_service

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


def page_of(provider: Provider) -> str:
    return f"/admin/providers/{provider.pk}"


def stored(provider: Provider) -> Provider:
    return Provider.objects.get(pk=provider.pk)


def values_of(provider: Provider, **changes: str) -> dict[str, str]:
    return {"name": provider.name, "url": provider.url, "key": "", **changes}


def test_a_new_provider_is_stored_with_its_margin_and_read_at_once(
    client: Client, admin: User
) -> None:
    response = client.post(NEW, {**GOOD, "is_review_first": "on", "is_idempotent": "on"})

    provider = Provider.objects.get()
    rule = MarginRule.objects.get(provider=provider)
    assert (response.status_code, response["Location"]) == (302, page_of(provider))
    assert (provider.name, provider.is_review_first, provider.is_probe_allowed) == (
        "Acme",
        True,
        False,
    )
    assert provider.is_idempotent
    assert unseal(provider.sealed_key) == GOOD["key"]
    assert (rule.percent, rule.updated_by) == (Decimal(40), admin)


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


def test_sending_the_form_twice_stores_one(client: Client) -> None:
    client.post(NEW, GOOD)
    response = client.post(NEW, GOOD)

    assert response.status_code == 422
    assert "Another provider is named Acme." in response.content.decode()
    assert Provider.objects.count() == 1


def test_the_key_is_never_rendered_back(client: Client) -> None:
    provider = make_provider()
    provider.sealed_key = seal("s3cret-key-of-ours")
    provider.save()

    shown = client.get(page_of(provider)).content.decode()
    refused = client.post(
        page_of(provider), values_of(provider, name="", key="another-s3cret")
    ).content.decode()

    for text in (shown, refused):
        assert "s3cret" not in text
        assert provider.sealed_key not in text


def test_saving_without_a_key_keeps_the_stored_one(client: Client) -> None:
    provider = make_provider(name="Acme")
    provider.sealed_key = seal("s3cret-key-of-ours")
    provider.save()

    flags = {"is_probe_allowed": "on", "is_idempotent": "on", "is_429_unclear": "on"}
    client.post(page_of(provider), values_of(provider, name="Acme Ltd", **flags))

    saved = stored(provider)
    assert (saved.name, saved.is_probe_allowed, saved.is_idempotent, saved.is_429_unclear) == (
        "Acme Ltd",
        True,
        True,
        True,
    )
    assert unseal(saved.sealed_key) == "s3cret-key-of-ours"


def test_a_new_key_replaces_the_old_one(client: Client) -> None:
    provider = make_provider()

    client.post(page_of(provider), values_of(provider, key="fresh-key"))

    assert unseal(stored(provider).sealed_key) == "fresh-key"


def test_the_stored_key_is_not_sent_to_another_host(client: Client) -> None:  # pitfall 30
    provider = make_provider()
    provider.sealed_key = seal("s3cret-key-of-ours")
    provider.save()
    elsewhere = "http://127.0.0.1:4242/api/v2"

    refused = client.post(page_of(provider), values_of(provider, url=elsewhere))
    url_after = stored(provider).url
    client.post(page_of(provider), values_of(provider, url=elsewhere, key="a-key-for-there"))

    assert refused.status_code == 422
    assert "Enter the key again" in refused.content.decode()
    assert url_after == provider.url
    assert stored(provider).url == elsewhere


def test_another_path_on_the_same_host_keeps_the_key(client: Client) -> None:
    provider = make_provider()

    client.post(page_of(provider), values_of(provider, url=f"{provider.url}/new"))

    assert stored(provider).url == f"{provider.url}/new"


def test_a_name_that_another_has_is_refused(client: Client) -> None:
    provider, other = make_provider(name="Acme"), make_provider(name="Bolt")

    response = client.post(page_of(other), values_of(other, name="ACME"))

    assert response.status_code == 422
    assert "Another provider is named ACME." in response.content.decode()
    assert stored(other).name == "Bolt"
    assert stored(provider).name == "Acme"


def test_an_exchange_rate_is_changed_with_its_prices(client: Client) -> None:
    provider = make_provider(currency="EUR")
    service = make_service(provider=provider, cost="1")
    set_exchange_rate(currency="EUR", rate=service.rate, now=NOW)

    client.post(page_of(provider), values_of(provider, exchange_rate="1.20"))

    assert str(ExchangeRate.objects.get().rate) == "1.20000000"
    assert str(Service.objects.get().price) == "1.50000000"


def test_a_change_locks_the_catalog_before_the_provider_as_a_sync_does(client: Client) -> None:
    provider = make_provider(currency="EUR")

    with CaptureQueriesContext(connection) as queries:
        client.post(page_of(provider), values_of(provider, exchange_rate="1.20"))

    sent = [query["sql"] for query in queries]
    lock = next(place for place, sql in enumerate(sent) if "pg_advisory_xact_lock" in sql)
    change = next(
        place for place, sql in enumerate(sent) if sql.startswith('UPDATE "catalog_provider"')
    )
    assert lock < change  # the other way round the two wait for each other


def test_a_provider_is_paused_with_a_reason_and_resumed(client: Client) -> None:
    provider = make_provider()
    Provider.objects.filter(pk=provider.pk).update(failures_in_row=5)

    client.post(f"{page_of(provider)}/pause", {"reason": "Their site is down"})
    paused = stored(provider)
    shown = client.get(page_of(provider)).content.decode()
    client.post(f"{page_of(provider)}/resume")
    resumed = stored(provider)

    assert paused.is_paused
    assert (paused.pause_reason, paused.is_pause_automatic) == ("Their site is down", False)
    assert "Their site is down" in shown
    assert not resumed.is_paused
    assert (resumed.pause_reason, resumed.failures_in_row) == ("", 0)


def test_pausing_needs_a_reason(client: Client) -> None:
    provider = make_provider()

    response = client.post(f"{page_of(provider)}/pause", {"reason": " "})

    assert response.status_code == 422
    assert "This field is required." in response.content.decode()
    assert not stored(provider).is_paused


@pytest.mark.django_db(transaction=True)
def test_a_pause_by_hand_is_not_lifted_by_the_machine(
    client: Client, double: ProviderDouble
) -> None:
    by_hand, by_itself = connect(double), connect(double)
    for provider in (by_hand, by_itself):
        Provider.objects.filter(pk=provider.pk).update(
            paused_at=timezone.now(), is_pause_automatic=True
        )
        # for its sake the provider is asked, paused or not
        order = make_order(service=make_service(provider=provider))
        order.hold(reason=HoldReason.PROVIDER_KEY, text="", now=NOW)

    client.post(f"{page_of(by_hand)}/pause", {"reason": "Leave it"})
    check_providers()

    assert stored(by_hand).balance is not None
    assert (stored(by_hand).is_paused, stored(by_hand).pause_reason) == (True, "Leave it")
    assert not stored(by_itself).is_paused


def test_sync_now_works_without_a_broker(
    client: Client, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    provider = make_provider()

    with django_capture_on_commit_callbacks(execute=True) as callbacks:
        response = client.post(f"{page_of(provider)}/sync")

    assert (response.status_code, response["Location"]) == (302, page_of(provider))
    assert len(callbacks) == 1
    assert stored(provider).sync_wanted_at is not None  # the next round takes it


def test_the_list_tells_state_and_last_sync(client: Client, double: ProviderDouble) -> None:
    provider = connect(double, name="<b>Acme</b>")
    sync_provider(provider_id=provider.pk, now=NOW)
    Provider.objects.filter(pk=provider.pk).update(paused_at=NOW, pause_reason="No <i>funds</i>")

    text = client.get("/admin/providers").content.decode()

    assert "&lt;b&gt;Acme&lt;/b&gt;" in text
    assert "No &lt;i&gt;funds&lt;/i&gt;" in text
    assert f'<td data-label="Services" class="num">{len(double.services())}</td>' in text
    assert "Applied</span>" in text


@pytest.mark.parametrize("providers", [1, 3])
def test_the_list_asks_few_questions_however_many_rows(
    client: Client, providers: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(providers):
        make_service()

    # session, user, balance, inbox, providers, runs, unknown statuses
    with django_assert_num_queries(7):
        client.get("/admin/providers")
