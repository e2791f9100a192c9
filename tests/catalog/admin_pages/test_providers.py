"""The admin's pages of providers."""

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks

from catalog.models import Provider
from catalog.sync.sync import sync_provider
from lib.encryption import seal, unseal
from orders.forwarding.recovery import check_providers
from orders.models import HoldReason
from tests.connected_provider import connect
from tests.double.handle import ProviderDouble
from tests.factories import NOW, make_order, make_provider, make_service

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("admin")]


def page_of(provider: Provider) -> str:
    return f"/admin/providers/{provider.pk}"


def stored(provider: Provider) -> Provider:
    return Provider.objects.get(pk=provider.pk)


def values_of(provider: Provider, **changes: str) -> dict[str, str]:
    return {"name": provider.name, "url": provider.url, "key": "", **changes}


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


def test_a_new_key_replaces_the_old_one_once_it_is_tested(
    client: Client, double: ProviderDouble
) -> None:
    provider = make_provider(url=double.url)
    provider.sealed_key = seal("old-key")
    provider.save()

    refused = client.post(page_of(provider), values_of(provider, key="wrong-key"))
    key_between = unseal(stored(provider).sealed_key)
    client.post(page_of(provider), values_of(provider, key=double.key))

    assert refused.status_code == 422
    assert "Nothing was stored: the provider answered: Invalid API key" in refused.content.decode()
    assert key_between == "old-key"
    assert unseal(stored(provider).sealed_key) == double.key


def test_the_stored_key_is_not_sent_to_another_host(
    client: Client, double: ProviderDouble
) -> None:  # pitfall 30
    provider = make_provider()
    provider.sealed_key = seal("s3cret-key-of-ours")
    provider.save()

    refused = client.post(page_of(provider), values_of(provider, url=double.url))
    url_after = stored(provider).url
    client.post(page_of(provider), values_of(provider, url=double.url, key=double.key))

    assert refused.status_code == 422
    assert "Enter the key again" in refused.content.decode()
    assert url_after == provider.url
    assert stored(provider).url == double.url


def test_another_path_on_the_same_host_keeps_the_key(
    client: Client, double: ProviderDouble
) -> None:
    provider = connect(double)
    Provider.objects.filter(pk=provider.pk).update(url=f"{double.url}/old")

    client.post(page_of(provider), values_of(provider, url=double.url))

    assert stored(provider).url == double.url
    assert unseal(stored(provider).sealed_key) == double.key


def test_an_address_that_does_not_answer_is_not_stored(
    client: Client, double: ProviderDouble
) -> None:
    provider = connect(double)

    response = client.post(
        page_of(provider), values_of(provider, url="http://127.0.0.1:9/api/v2", key="a-key")
    )

    assert response.status_code == 422
    assert "Nothing was stored, because the provider cannot be used" in response.content.decode()
    assert stored(provider).url == double.url


def test_a_provider_that_is_down_can_be_renamed(client: Client) -> None:
    provider = make_provider(name="Acme")

    client.post(page_of(provider), values_of(provider, name="Acme Ltd"))

    assert stored(provider).name == "Acme Ltd"


@pytest.mark.parametrize("address", ["/admin/providers", "/admin/providers/{}"])
def test_a_provider_that_does_not_answer_is_red_and_not_green(
    client: Client, double: ProviderDouble, address: str
) -> None:
    provider = connect(double)
    Provider.objects.filter(pk=provider.pk).update(url="http://127.0.0.1:9/api/v2")
    sync_provider(provider_id=provider.pk, now=NOW)

    text = client.get(address.format(provider.pk)).content.decode()

    assert '<span class="status" data-tone="bad">Unreachable</span>' in text
    assert "no connection" in text
    assert '<span class="status" data-tone="good">' not in text


def test_a_provider_that_was_never_asked_is_not_green(client: Client) -> None:
    make_provider()

    text = client.get("/admin/providers").content.decode()

    assert '<span class="status" data-tone="idle">Not contacted yet</span>' in text
    assert 'data-tone="good"' not in text


def test_a_name_that_another_has_is_refused(client: Client) -> None:
    provider, other = make_provider(name="Acme"), make_provider(name="Bolt")

    response = client.post(page_of(other), values_of(other, name="ACME"))

    assert response.status_code == 422
    assert "Another provider is named ACME." in response.content.decode()
    assert stored(other).name == "Bolt"
    assert stored(provider).name == "Acme"


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
