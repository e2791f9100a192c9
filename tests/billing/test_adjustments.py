"""Much money that an admin moves by hand is agreed to by another."""

import html
import re
from decimal import Decimal
from uuid import UUID, uuid4

import pytest
from django.db import IntegrityError, transaction
from pytest_django import Settings

from accounts.models import Role, User
from billing import adjustments, ledger
from billing.halt import halt
from billing.models import Account, Adjustment, AdjustmentKind, Transfer
from billing.reference import order_charge
from orders.audit.prove_all import prove
from tests.factories import NOW, fund, make_user, signed_in

pytestmark = pytest.mark.django_db

TOP_UP, CORRECTION = AdjustmentKind.TOP_UP, AdjustmentKind.CORRECTION


@pytest.fixture
def first() -> User:
    """The admin who proposes."""
    return make_user(email="first@example.com", role=Role.ADMIN)


@pytest.fixture
def second() -> User:
    """Another admin."""
    return make_user(email="second@example.com", role=Role.ADMIN)


@pytest.fixture
def ann() -> User:
    """A customer with 150."""
    return make_user(email="ann@example.com", balance="150")


def propose(
    customer: User,
    actor: User,
    *,
    kind: AdjustmentKind = TOP_UP,
    amount: str = "100.00001",
    act_id: UUID | None = None,
) -> Adjustment:
    """Above the limit, which is 100."""
    adjustment, _ = adjustments.propose(
        kind=kind,
        customer=customer,
        amount=Decimal(amount),
        act_id=act_id or uuid4(),
        actor=actor,
        reason="invoice 7",
        now=NOW,
    )
    return adjustment


def balance(customer: User) -> Decimal:
    """What is in the wallet."""
    return Account.objects.get(owner=customer).balance


@pytest.mark.parametrize(
    ("kind", "amount", "reference", "left"),
    [
        (TOP_UP, "100.00001", "pay:manual:{}", "250.00001"),
        (CORRECTION, "100.00001", "adj:{}", "250.00001"),
        (CORRECTION, "-150", "adj:{}", "0"),
    ],
)
def test_money_moves_when_a_second_admin_agrees(
    kind: AdjustmentKind,
    amount: str,
    reference: str,
    left: str,
    first: User,
    second: User,
    ann: User,
) -> None:
    adjustment = propose(ann, first, kind=kind, amount=amount)
    assert (balance(ann), Transfer.objects.count()) == (Decimal(150), 1)

    adjustments.agree(adjustment=adjustment, actor=second, now=NOW)

    booked = Transfer.objects.get(reference=reference.format(adjustment.act_id))
    adjustment.refresh_from_db()
    assert (booked.kind, booked.signed_amount, booked.actor, booked.reason) == (
        kind,
        Decimal(amount),
        second,
        "invoice 7",
    )
    assert (adjustment.outcome, adjustment.proposed_by, adjustment.closed_by) == (
        "agreed",
        first,
        second,
    )
    assert balance(ann) == Decimal(left)
    assert prove().is_sound


@pytest.mark.parametrize(
    ("amount", "needs"),
    [("100", False), ("100.00001", True), ("-100", False), ("-100.00001", True)],
)
def test_limit_counts_either_way(amount: str, needs: bool) -> None:
    assert adjustments.needs_two(Decimal(amount)) is needs


def test_limit_can_be_set(settings: Settings) -> None:
    settings.SECOND_PERSON_ABOVE = Decimal(0)

    assert adjustments.needs_two(Decimal("0.00001"))


def test_nobody_agrees_to_their_own_proposal(first: User, ann: User) -> None:
    adjustment = propose(ann, first)

    with pytest.raises(adjustments.SamePerson):
        adjustments.agree(adjustment=adjustment, actor=first, now=NOW)

    adjustment.refresh_from_db()
    assert (adjustment.closed_at, balance(ann)) == (None, Decimal(150))


@pytest.mark.parametrize(
    ("values", "rule"),
    [
        ({"outcome": "agreed", "closed_at": NOW, "closed_by": "first"}, "adjustment_needs_two"),
        ({"outcome": "agreed", "closed_at": NOW}, "adjustment_closed_by_someone"),
        ({"closed_at": NOW, "closed_by": "second"}, "adjustment_closed_by_someone"),
        (
            {"outcome": "perhaps", "closed_at": NOW, "closed_by": "second"},
            "adjustment_closed_by_someone",
        ),
        ({"amount": Decimal(-1)}, "adjustment_amount_fits_kind"),
    ],
)
def test_database_refuses_what_the_rules_forbid(
    values: dict[str, object], rule: str, first: User, second: User, ann: User
) -> None:
    people = {"first": first, "second": second}
    values = {name: people.get(str(value), value) for name, value in values.items()}
    row = Adjustment.objects.filter(pk=propose(ann, first).pk)

    with pytest.raises(IntegrityError, match=rule), transaction.atomic():
        row.update(**values)


def test_proposal_is_agreed_to_once(first: User, second: User, ann: User) -> None:
    adjustment = propose(ann, first)
    adjustments.agree(adjustment=adjustment, actor=second, now=NOW)

    with pytest.raises(adjustments.AlreadyClosed, match="was already agreed"):
        adjustments.agree(adjustment=adjustment, actor=second, now=NOW)
    with pytest.raises(adjustments.AlreadyClosed, match="was already agreed"):
        adjustments.withdraw(adjustment=adjustment, actor=first, now=NOW)

    assert balance(ann) == Decimal("250.00001")


@pytest.mark.parametrize("whose", ["first", "second"])
def test_what_was_withdrawn_is_not_agreed_to(
    whose: str, first: User, second: User, ann: User
) -> None:
    adjustment = propose(ann, first)
    adjustments.withdraw(
        adjustment=adjustment, actor={"first": first, "second": second}[whose], now=NOW
    )

    with pytest.raises(adjustments.AlreadyClosed, match="was already withdrawn"):
        adjustments.agree(adjustment=adjustment, actor=second, now=NOW)

    assert balance(ann) == 150


def test_halted_top_up_is_neither_proposed_nor_agreed_to(
    first: User, second: User, ann: User
) -> None:
    adjustment = propose(ann, first)
    halt(reason="a wallet is not its sum", now=NOW)

    with pytest.raises(ledger.Halted):
        propose(ann, first)
    with pytest.raises(ledger.Halted):
        adjustments.agree(adjustment=adjustment, actor=second, now=NOW)

    assert list(Adjustment.objects.to_agree()) == [adjustment]
    assert balance(ann) == 150


def test_money_that_is_gone_is_not_taken_and_the_proposal_waits_on(
    first: User, second: User, ann: User
) -> None:
    adjustment = propose(ann, first, kind=CORRECTION, amount="-150")
    ledger.charge(customer=ann, amount=Decimal("0.00001"), reference=order_charge(7), now=NOW)

    with pytest.raises(ledger.InsufficientFunds):
        propose(ann, first, kind=CORRECTION, amount="-150")
    with pytest.raises(ledger.InsufficientFunds):
        adjustments.agree(adjustment=adjustment, actor=second, now=NOW)
    fund(user=ann, amount="1")
    adjustments.agree(adjustment=adjustment, actor=second, now=NOW)

    assert balance(ann) == Decimal("0.99999")
    assert Adjustment.objects.count() == 1


def test_form_with_other_values_or_that_was_booked_proposes_nothing(first: User, ann: User) -> None:
    adjustment = propose(ann, first)
    booked = uuid4()
    ledger.correct(
        customer=ann, amount=Decimal(200), correction_id=booked, actor=first, reason="x", now=NOW
    )

    with pytest.raises(ledger.ReferenceReused):
        propose(ann, first, amount="500", act_id=adjustment.act_id)
    with pytest.raises(ledger.ReferenceReused):
        propose(ann, first, kind=CORRECTION, amount="200", act_id=booked)

    assert list(Adjustment.objects.all()) == [adjustment]


def test_form_that_one_person_booked_since_is_not_booked_again(
    first: User, second: User, ann: User
) -> None:
    """The limit was raised while it waited, and the form was sent again."""
    adjustment = propose(ann, first, kind=CORRECTION, amount="200")
    ledger.correct(
        customer=ann,
        amount=Decimal(200),
        correction_id=adjustment.act_id,
        actor=first,
        reason="x",
        now=NOW,
    )

    with pytest.raises(adjustments.AlreadyClosed, match="already booked without a second admin"):
        adjustments.agree(adjustment=adjustment, actor=second, now=NOW)

    assert balance(ann) == 350


def test_page_proposes_once_and_another_admin_books_it(
    first: User, second: User, ann: User
) -> None:
    form = {"amount": "1000", "reason": "bank <7>", "act_id": str(uuid4())}
    ours, theirs = signed_in(first), signed_in(second)

    page = ours.post(f"/admin/users/{ann.pk}/top-up", form, follow=True).content.decode()
    again = ours.post(f"/admin/users/{ann.pk}/top-up", form, follow=True).content.decode()
    adjustment = Adjustment.objects.get()
    agree = f"/admin/adjustments/{adjustment.pk}/agree"

    assert "1,000.00 USD waits for another admin. Nothing has been booked yet." in page
    assert "Nothing was proposed twice." in again
    assert agree not in page
    assert "bank &lt;7&gt;" in page
    assert agree in theirs.get(f"/admin/users/{ann.pk}").content.decode()
    listed = theirs.get("/admin/users").content.decode()
    assert '<span class="count">1<span class="sr-only"> to approve</span></span>' in listed
    assert agree in listed
    assert "$1,000.00" in listed
    question = theirs.get(agree).content.decode()
    assert "Book 1,000.00 USD on the wallet of ann@example.com?" in question
    assert "proposed by first@example.com" in question
    assert "Balance now 150.00 USD, afterwards 1,150.00 USD." in question
    assert balance(ann) == 150
    done = theirs.post(agree, follow=True).content.decode()
    assert "Booked 1,000.00 USD. ann@example.com now has 1,150.00 USD." in done
    assert "agreed by <bdi>second@example.com</bdi>" in done
    assert "Waiting for a second admin" not in done
    assert "to approve" not in done


def test_page_says_why_it_does_not_book(first: User, second: User, ann: User) -> None:
    adjustment = propose(ann, first, kind=CORRECTION, amount="-150")
    agree = f"/admin/adjustments/{adjustment.pk}/agree"

    own = signed_in(first).post(agree, follow=True).content.decode()
    ledger.charge(customer=ann, amount=Decimal(50), reference=order_charge(7), now=NOW)
    poor = signed_in(second).post(agree, follow=True).content.decode()
    withdrawn = (
        signed_in(first)
        .post(f"/admin/adjustments/{adjustment.pk}/withdraw", follow=True)
        .content.decode()
    )
    late = signed_in(second).post(agree, follow=True).content.decode()
    twice = (
        signed_in(second)
        .post(f"/admin/adjustments/{adjustment.pk}/withdraw", follow=True)
        .content.decode()
    )

    assert "Another admin must confirm your proposal." in own
    assert "Only 100.00 USD is available. The proposal stays open." in poor
    assert "Withdrawn: -150.00 USD. Nothing was booked." in withdrawn
    assert "This proposal was already withdrawn." in late
    assert "This proposal was already withdrawn." in twice
    assert balance(ann) == 100


def test_form_says_what_becomes_of_much_money(first: User, ann: User) -> None:
    browser = signed_in(first)

    alone = browser.get(f"/admin/users/{ann.pk}").content.decode()
    make_user(role=Role.ADMIN)
    together = browser.get(f"/admin/users/{ann.pk}").content.decode()

    assert "because you are the only admin; above $100.00 you confirm it first." in alone
    assert "Above $100.00, another admin must approve." in together


@pytest.mark.parametrize(
    ("act", "amount", "question", "after"),
    [
        ("top-up", "1000", "Add 1,000.00 USD: ann@example.com?", "1,150.00"),
        ("correct", "-120", "Correct by -120.00 USD: ann@example.com?", "30.00"),
    ],
)
def test_only_admin_confirms_much_money_and_sees_the_new_balance(
    first: User, ann: User, act: str, amount: str, question: str, after: str
) -> None:
    User.objects.filter(pk=make_user(role=Role.ADMIN).pk).update(is_active=False)
    make_user(role=Role.STAFF)
    browser, address = signed_in(first), f"/admin/users/{ann.pk}/{act}"
    form = {"amount": amount, "reason": "bank <7>", "act_id": str(uuid4())}

    asked = browser.post(address, form).content.decode()
    balance_asked = balance(ann)
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', asked))
    hidden["reason"] = html.unescape(hidden["reason"])
    done = browser.post(address, hidden, follow=True).content.decode()

    assert question in asked
    assert f"Balance now 150.00 USD, afterwards {after} USD." in asked
    assert "Reason, shown to the customer: bank &lt;7&gt;" in asked
    assert balance_asked == 150
    assert {name: hidden[name] for name in form} == form
    assert f"ann@example.com now has {after} USD." in done
    again = browser.post(address, form, follow=True).content.decode()
    assert "Nothing was booked twice." in again
    assert not Adjustment.objects.exists()


def test_only_admin_books_little_money_at_once(first: User, ann: User) -> None:
    form = {"amount": "100", "reason": "bank 7", "act_id": str(uuid4())}

    page = signed_in(first).post(f"/admin/users/{ann.pk}/top-up", form, follow=True)

    assert "Booked 100.00 USD. ann@example.com now has 250.00 USD." in page.content.decode()


def test_a_confirmation_is_no_second_person(first: User, second: User, ann: User) -> None:
    """Where there is another admin by now, the confirmed amount becomes a proposal."""
    form = {"amount": "1000", "reason": "bank 7", "act_id": str(uuid4()), "is_confirmed": "yes"}

    signed_in(first).post(f"/admin/users/{ann.pk}/top-up", form)

    assert balance(ann) == 150
    assert Adjustment.objects.get().proposed_by == first
