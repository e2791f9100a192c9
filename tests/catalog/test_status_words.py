"""Status words that a provider invents: shown, explained by the admin, read so, and taken back."""

import re

import pytest
from django.utils import timezone

from accounts.models import Role, User
from catalog.models import Provider, StatusMapping, StatusSubject, UnknownStatus
from catalog.status_words import (
    MAX_KEPT,
    CannotExplain,
    explain,
    note_unknown,
    revert,
    taught_words,
    unknown_statuses,
)
from catalog.upstream import RefillState, Status, TaughtWords
from tests.factories import NOW, make_provider, make_user, signed_in
from tests.guards_off import Guard, at_once_without
from tests.threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)

ORDER, REFILL = StatusSubject.ORDER, StatusSubject.REFILL
CATALOG_LOCK = Guard(re.compile(r"pg_advisory_xact_lock\(%s\)"), "%s::bigint")


@pytest.fixture
def admin() -> User:
    return make_user(role=Role.ADMIN)


@pytest.fixture
def provider() -> Provider:
    return make_provider()


def taught(provider: Provider) -> TaughtWords:
    return taught_words(Provider.objects.get(pk=provider.pk))


def told() -> list[tuple[str, str]]:
    return [(one.subject, one.word) for one in unknown_statuses()]


@pytest.mark.parametrize(
    ("word", "folded"),
    [("Abgebrochen", "abgebrochen"), ("5", "5"), ("Отменён", "отменён"), ("Fail", "fail")],
)
def test_a_word_or_number_means_what_the_admin_says(
    provider: Provider, admin: User, word: str, folded: str
) -> None:
    explain(provider=provider, subject=ORDER, word=word, status="canceled", actor=admin, now=NOW)

    assert taught(provider) == TaughtWords(orders={folded: Status.CANCELED})
    assert taught(make_provider()) == TaughtWords()


def test_orders_and_refills_have_words_of_their_own(provider: Provider, admin: User) -> None:
    for subject, status in ((ORDER, "in_progress"), (REFILL, "rejected")):
        explain(provider=provider, subject=subject, word="3", status=status, actor=admin, now=NOW)

    assert taught(provider) == TaughtWords(
        orders={"3": Status.IN_PROGRESS}, refills={"3": RefillState.REJECTED}
    )


@pytest.mark.parametrize(
    ("subject", "word", "status", "why"),
    [
        (ORDER, "Completed", "canceled", "Completed is a known status and needs no mapping."),
        (ORDER, "IN_PROGRESS", "completed", "IN_PROGRESS is a known status"),
        (REFILL, "Rejected", "completed", "Rejected is a known status"),
        (ORDER, "Zargled", "unknown", "Choose one of the statuses."),
        (ORDER, "Zargled", "failed", "Choose one of the statuses."),
        (REFILL, "Zargled", "partial", "Choose one of the statuses."),
        (ORDER, " - ", "completed", "Enter the provider's word."),
    ],
)
def test_a_word_that_is_known_or_a_meaning_that_is_none_changes_nothing(
    provider: Provider, admin: User, subject: StatusSubject, word: str, status: str, why: str
) -> None:
    with pytest.raises(CannotExplain, match=why):
        explain(provider=provider, subject=subject, word=word, status=status, actor=admin, now=NOW)

    assert not StatusMapping.objects.exists()
    assert taught(provider) == TaughtWords()


def test_one_word_has_one_meaning_at_a_time(provider: Provider, admin: User) -> None:
    first = explain(
        provider=provider, subject=ORDER, word="Zar gled", status="canceled", actor=admin, now=NOW
    )
    with pytest.raises(CannotExplain, match="already mapped"):
        explain(
            provider=provider, subject=ORDER, word="ZAR_GLED", status="partial", actor=admin,
            now=NOW,
        )  # fmt: skip

    assert [revert(mapping=first, actor=admin, now=NOW) for _ in range(2)] == [True, False]
    assert taught(provider) == TaughtWords()
    explain(
        provider=provider, subject=ORDER, word="zargled", status="partial", actor=admin, now=NOW
    )
    assert taught(provider) == TaughtWords(orders={"zargled": Status.PARTIAL})


def test_unknown_words_are_listed_once_until_they_are_mapped(
    provider: Provider, admin: User
) -> None:
    for words in ({"Zargled", "Completed", ""}, {"ZARGLED", "Fail"}):
        note_unknown(provider=provider, subject=ORDER, words=words, now=NOW)
    note_unknown(provider=provider, subject=REFILL, words={"Zargled"}, now=NOW)
    assert told() == [("order", "Zargled"), ("order", "Fail"), ("refill", "Zargled")]

    mapping = explain(
        provider=provider, subject=ORDER, word="zargled", status="canceled", actor=admin, now=NOW
    )
    assert told() == [("order", "Fail"), ("refill", "Zargled")]

    revert(mapping=mapping, actor=admin, now=NOW)
    assert ("order", "Zargled") in told()


def test_a_provider_that_invents_a_word_for_each_order_fills_no_table(provider: Provider) -> None:
    for hundred in range(3):
        words = {f"word{hundred}-{number}" for number in range(100)}
        note_unknown(provider=provider, subject=ORDER, words=words, now=NOW)

    assert UnknownStatus.objects.count() == MAX_KEPT


def explain_at_once(provider: Provider, admin: User, *, is_guarded: bool) -> dict[str, Status]:
    def act(number: int) -> None:
        explain(
            provider=provider,
            subject=ORDER,
            word=f"word{number}",
            status="canceled",
            actor=admin,
            now=NOW,
        )

    if is_guarded:
        at_once(act, times=4)
    else:
        meet = re.compile(r'SELECT "catalog_statusmapping"')
        at_once_without(act, times=4, off=(CATALOG_LOCK,), meet=meet)
    return dict(taught(provider).orders)


def test_words_explained_at_one_moment_are_all_taught(provider: Provider, admin: User) -> None:
    found = explain_at_once(provider, admin, is_guarded=True)

    assert sorted(found) == ["word0", "word1", "word2", "word3"]


def test_control_without_the_lock_a_word_is_lost(provider: Provider, admin: User) -> None:
    assert len(explain_at_once(provider, admin, is_guarded=False)) < 4


def test_the_admin_sees_maps_and_reverts_on_the_page(provider: Provider, admin: User) -> None:
    client = signed_in(admin)
    note_unknown(provider=provider, subject=ORDER, words={"<b>Zargled"}, now=timezone.now())
    listed = client.get("/admin/providers").content.decode()
    page = client.get("/admin/statuses").content.decode()
    form = {"provider": str(provider.pk), "word": "<b>Zargled", "meaning": "order:canceled"}

    mapped = client.post("/admin/statuses", form)
    mapping = StatusMapping.objects.get()
    after = client.get("/admin/statuses").content.decode()
    client.post(f"/admin/statuses/{mapping.pk}/revert")

    assert "1 unknown status word" in listed
    assert "<bdi>&lt;b&gt;Zargled</bdi>" in page
    assert (mapped.status_code, mapping.mapped_by, mapping.status) == (302, admin, "canceled")
    assert "All statuses are known" in after
    assert "Revert &lt;b&gt;Zargled" in after
    assert taught(provider) == TaughtWords()


@pytest.mark.parametrize(
    "values",
    [
        {"meaning": ""},
        {"meaning": "order:failed"},
        {"meaning": "refill:partial"},
        {"provider": "999999"},
        {"word": "Completed"},
        {"word": ""},
        {"word": "x" * 65},
    ],
)
def test_bad_input_is_answered_422_and_maps_nothing(
    provider: Provider, admin: User, values: dict[str, str]
) -> None:
    form = {
        "provider": str(provider.pk), "word": "Zargled", "meaning": "order:canceled", **values
    }  # fmt: skip

    response = signed_in(admin).post("/admin/statuses", form)

    assert response.status_code == 422
    assert not StatusMapping.objects.exists()


@pytest.mark.parametrize("role", [Role.CUSTOMER, Role.STAFF])
def test_the_page_is_the_admins(provider: Provider, role: Role) -> None:
    client = signed_in(make_user(role=role))
    form = {"provider": str(provider.pk), "word": "Zargled", "meaning": "order:canceled"}

    assert client.post("/admin/statuses", form).status_code in {403, 404}
    assert not StatusMapping.objects.exists()
