"""Rejection messages are kept; one that staff mark ambiguous leaves an order unclear."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import Role, User
from catalog.models import Provider
from orders.forwarding import refusal_texts
from orders.forwarding.refusal_texts import decide_meaning, note_rejection
from orders.forwarding.sweep import submit_due
from orders.models import Meaning, Order, ProviderAccount, RejectionText, Status
from tests.double.handle import ProviderDouble
from tests.factories import NOW, make_provider, make_user
from tests.guards_off import at_once_without
from tests.orders.attempts import make_due, make_lane
from tests.threads import at_once

WORDS = "Link is already in work, order #991 (max 5,000)"
FOLDED = "link is already in work, order ## (max #)"


def texts(provider: Provider) -> list[tuple[str, int]]:
    return list(
        RejectionText.objects.filter(provider=provider).order_by("pk").values_list("text", "count")
    )


def phrases() -> list[str]:
    return list(ProviderAccount.objects.of(Provider.objects.get()).phrases)


def note(provider: Provider, text: str = WORDS) -> RejectionText:
    note_rejection(provider_id=provider.pk, text=text, now=NOW)
    return RejectionText.objects.latest("pk")


def mark_ambiguous(*, rejection: RejectionText, actor: User) -> None:
    decide_meaning(rejection=rejection, meaning=Meaning.AMBIGUOUS, actor=actor, now=NOW)


def mark_customers(*, rejection: RejectionText, actor: User) -> None:
    decide_meaning(rejection=rejection, meaning=Meaning.CUSTOMER, actor=actor, now=NOW)


@pytest.fixture
def staff() -> User:
    return make_user(role=Role.STAFF)


@pytest.mark.django_db
def test_words_that_differ_by_numbers_links_and_case_are_the_same() -> None:
    provider = make_provider()

    for text in (
        WORDS,
        WORDS.replace("991", "17").upper(),
        "Bad link https://a.example/x",
        "Bad link www.b.example",
    ):
        note_rejection(provider_id=provider.pk, text=text, now=NOW)

    assert texts(provider) == [(FOLDED, 2), ("bad link (link)", 2)]
    assert RejectionText.objects.earliest("pk").example == WORDS


@pytest.mark.django_db
def test_first_and_last_time_are_kept() -> None:
    provider = make_provider()
    note(provider)
    note_rejection(provider_id=provider.pk, text=WORDS, now=NOW + timedelta(hours=1))

    kept = RejectionText.objects.get()
    assert (kept.first_seen_at, kept.last_seen_at, kept.looked_at) == (
        NOW,
        NOW + timedelta(hours=1),
        None,
    )


@pytest.mark.django_db
def test_of_over_a_hundred_texts_the_longest_unseen_gives_way_but_never_an_ambiguous_one(
    staff: User,
) -> None:
    provider = make_provider()
    mark_ambiguous(rejection=note(provider, "ambiguous"), actor=staff)
    words = ["x" * number for number in range(1, 102)]
    for minutes, word in enumerate(words):
        note_rejection(provider_id=provider.pk, text=word, now=NOW + timedelta(minutes=minutes))

    assert [text for text, _ in texts(provider)] == ["ambiguous", *words[2:]]


@pytest.mark.django_db(transaction=True)
def test_rejected_order_leaves_its_message(double: ProviderDouble) -> None:
    service = make_lane(double)
    make_due(service)
    double.fault("add", "refuse", text=WORDS)

    submit_due()

    assert texts(service.provider) == [(FOLDED, 1)]


@pytest.mark.django_db(transaction=True)
def test_message_that_is_ambiguous_everywhere_is_kept_and_can_be_decided(
    double: ProviderDouble, staff: User
) -> None:
    service = make_lane(double)
    double.fault("add", "refuse", text="Link unavailable")
    [first] = make_due(service)
    submit_due()
    mark_customers(rejection=RejectionText.objects.get(), actor=staff)
    [second] = make_due(service)
    submit_due()

    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.status, second.status) == (Status.UNCLEAR, Status.CANCELED)
    assert second.refunded == second.charge


@pytest.mark.django_db(transaction=True)
def test_ambiguous_message_makes_an_order_unclear_and_a_definite_one_refunds_again(
    double: ProviderDouble, staff: User
) -> None:
    service = make_lane(double)
    rejection = note(service.provider)
    double.fault("add", "refuse", text=WORDS.replace("991", "1042"))
    mark_ambiguous(rejection=rejection, actor=staff)
    [ambiguous] = make_due(service)
    submit_due()
    mark_customers(rejection=rejection, actor=staff)
    [trusted] = make_due(service)
    submit_due()

    ambiguous.refresh_from_db()
    trusted.refresh_from_db()
    assert (ambiguous.status, ambiguous.refunded) == (Status.UNCLEAR, Decimal(0))
    assert (trusted.status, trusted.refunded) == (Status.CANCELED, trusted.charge)


@pytest.mark.django_db(transaction=True)
def test_message_that_contains_an_ambiguous_one_is_not_ambiguous(
    double: ProviderDouble, staff: User
) -> None:
    service = make_lane(double)
    mark_ambiguous(rejection=note(service.provider, "Bad"), actor=staff)
    double.fault("add", "refuse", text="Bad link")
    [order] = make_due(service)

    submit_due()

    order.refresh_from_db()
    assert order.status == Status.CANCELED


@pytest.mark.django_db
def test_marking_ambiguous_and_definite_twice_is_the_same_as_once(staff: User) -> None:
    provider = make_provider()
    ProviderAccount.objects.create(provider=provider, ambiguous_phrases=["queue"])
    rejection = note(provider)

    lists = []
    for decide in (mark_ambiguous, mark_ambiguous, mark_customers, mark_customers):
        decide(rejection=rejection, actor=staff)
        lists.append(phrases())

    assert lists == [["queue", f"={FOLDED}"]] * 2 + [["queue"]] * 2
    kept = RejectionText.objects.get()
    assert (kept.meaning, kept.looked_by, kept.looked_at) == ("customer", staff, NOW)


@pytest.mark.django_db(transaction=True)
def test_of_many_decisions_at_once_none_is_lost(staff: User) -> None:
    provider = make_provider()
    rows = [note(provider, f"words {'x' * number}") for number in range(1, 9)]

    at_once(lambda number: mark_ambiguous(rejection=rows[number], actor=staff), times=8)

    assert sorted(phrases()) == sorted(f"={row.text}" for row in rows)


@pytest.mark.django_db(transaction=True)
def test_control_without_the_providers_lock_all_decisions_but_one_are_lost(staff: User) -> None:
    provider = make_provider()
    ProviderAccount.objects.create(provider=provider)
    rows = [note(provider, f"words {'x' * number}") for number in range(1, 5)]

    def decide(number: int) -> None:
        mark_ambiguous(rejection=rows[number], actor=staff)

    at_once_without(decide, times=4)

    assert len(phrases()) == 1


@pytest.mark.django_db(transaction=True)
def test_same_new_words_at_once_are_one_text_counted_right() -> None:
    provider = make_provider()

    at_once(
        lambda _: note_rejection(provider_id=provider.pk, text=WORDS, now=timezone.now()), times=12
    )

    assert texts(provider) == [(FOLDED, 12)]


# The pages


def page_of(provider: Provider) -> str:
    return reverse("staff_provider", args=[provider.pk])


@pytest.mark.django_db
def test_new_words_are_marked_until_looked_at_and_escaped(client: Client, staff: User) -> None:
    client.force_login(staff)
    rejection = note(make_provider(), "<script>alert(1)</script>")
    address = page_of(rejection.provider)

    before = client.get(address).content.decode()
    answer = client.post(
        reverse("staff_refusals_seen", args=[rejection.provider_id]), {"text": [rejection.pk, "x"]}
    )
    after = client.get(address).content.decode()

    assert "New</span>" in before
    assert "<script>alert" not in before
    assert "&lt;script&gt;alert(1)" in before
    assert answer["Location"] == f"{address}#refusals"
    assert "New</span>" not in after
    assert staff.email in after


@pytest.mark.django_db
def test_new_words_are_counted_in_the_menu_until_looked_at(client: Client, staff: User) -> None:
    note(make_provider())
    client.force_login(staff)

    before = client.get(reverse("staff_unclear")).content.decode()
    RejectionText.objects.update(looked_at=NOW, looked_by=staff)
    after = client.get(reverse("staff_unclear")).content.decode()

    assert '<span class="count">1<span class="sr-only"> to decide</span></span>' in before
    assert 'class="count"' not in after


@pytest.mark.django_db
def test_meaning_is_chosen_on_the_page_and_can_be_chosen_anew(client: Client, staff: User) -> None:
    client.force_login(staff)
    rejection = note(make_provider())
    address = reverse("staff_refusal_decide", args=[rejection.pk])

    client.post(address, {"meaning": "ambiguous"})
    added = phrases()
    page = client.get(page_of(rejection.provider)).content.decode()
    answer = client.post(address, {"meaning": "funds"}, follow=True).content.decode()

    assert added == [f"={FOLDED}"]
    assert '<option value="ambiguous" selected>' in page
    assert phrases() == []
    assert "Saved. Our balance there: hold." in answer
    assert RejectionText.objects.get().meaning == "funds"


@pytest.mark.django_db
def test_meanings_are_posted_by_staff_and_are_known_ones(client: Client) -> None:
    rejection = note(make_provider())
    address = reverse("staff_refusal_decide", args=[rejection.pk])
    stranger = client.post(address, {"meaning": "customer"})
    client.force_login(make_user())
    customer = client.post(address, {"meaning": "customer"})
    client.force_login(make_user(role=Role.STAFF))

    assert (stranger.status_code, customer.status_code) == (302, 403)
    assert client.get(address).status_code == 405
    for wrong in ({}, {"meaning": ""}, {"meaning": "burn"}):
        answer = client.post(address, wrong, follow=True)
        assert "Meaning: choose one." in answer.content.decode()
    assert client.post(reverse("staff_refusal_decide", args=[0])).status_code == 404
    assert RejectionText.objects.get().meaning == ""
    assert Order.objects.count() == 0


@pytest.mark.django_db
def test_message_that_holds_orders_stays_new_until_it_is_decided(
    client: Client, staff: User
) -> None:
    client.force_login(staff)
    provider = make_provider()
    known, unknown = note(provider, "Bad link"), note(provider, WORDS)

    page = client.get(page_of(provider)).content.decode()

    assert f'type="hidden" name="text" value="{known.pk}"' in page
    assert f'type="hidden" name="text" value="{unknown.pk}"' not in page
    assert "Held until known" in page


@pytest.mark.django_db
@pytest.mark.parametrize("rows", [1, 3])
def test_list_of_providers_tells_of_new_words_in_the_same_queries(
    client: Client, staff: User, rows: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client.force_login(staff)
    for number in range(rows):
        provider = make_provider(name=f"Upstream {number}")
        note(provider, "one")
        note(provider, "two")

    with django_assert_num_queries(5):  # session, user, providers; the frame: balance and inbox
        page = client.get(reverse("staff_providers")).content.decode()

    assert page.count('#refusals">2</a>') == rows


@pytest.mark.django_db
def test_phrase_is_added_and_removed_on_the_page(client: Client, staff: User) -> None:
    client.force_login(staff)
    provider = make_provider()
    add, remove = (
        reverse("staff_provider_word", args=[provider.pk, decision])
        for decision in ("add", "remove")
    )

    answers = [client.post(add, {"word": "  Already in WORK! "}) for _ in range(2)]
    added = phrases()
    page = client.get(page_of(provider)).content.decode()
    client.post(remove, {"word": "already in work"})

    assert [answer.status_code for answer in answers] == [302, 302]
    assert added == ["already in work"]
    assert 'value="already in work"' in page
    assert phrases() == []


@pytest.mark.django_db
@pytest.mark.parametrize("word", ["", "  ", "a", "=!", "x" * 101])
def test_phrase_that_any_message_contains_is_refused(
    client: Client, staff: User, word: str
) -> None:
    client.force_login(staff)
    provider = make_provider()

    answer = client.post(reverse("staff_provider_word", args=[provider.pk, "add"]), {"word": word})

    assert answer.status_code == 422
    assert phrases() == []


@pytest.mark.django_db
def test_whole_text_is_not_removed_as_a_word(staff: User) -> None:
    rejection = note(make_provider())
    mark_ambiguous(rejection=rejection, actor=staff)

    refusal_texts.remove_phrase(provider=rejection.provider, phrase=f"={FOLDED}", actor=staff)

    assert phrases() == [f"={FOLDED}"]
