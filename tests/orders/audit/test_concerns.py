"""Work that stands still is shown to staff and logged once, and halts nothing."""

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone

from billing.models import Halt
from orders.audit.concerns import Concern, look
from orders.audit.prove_all import keep_proof
from orders.audit.prove_changes import reconcile
from orders.models import Attempt, AttemptState, Proof, Status, Watch
from tests.factories import NOW, make_order
from tests.orders.attempts import leave_attempt

pytestmark = pytest.mark.django_db


def stuck() -> Attempt:
    """An order whose sending has lasted for ten minutes."""
    attempt = leave_attempt(make_order(status=Status.SUBMITTING), AttemptState.SENT)
    attempt.sent_at = timezone.now() - timedelta(minutes=10)
    attempt.save()
    return attempt


def test_attempt_on_its_way_for_over_five_minutes_is_a_concern() -> None:
    attempt = stuck()

    assert look(now=NOW) == [
        Concern(
            key=f"sent:{attempt.pk}",
            text=f"Order {attempt.order_id}: attempt {attempt.pk} was sent at "
            f"{attempt.sent_at:%Y-%m-%d %H:%M} UTC and has no outcome",
        )
    ]


def test_attempt_on_its_way_for_a_minute_is_none() -> None:
    Attempt.objects.filter(pk=stuck().pk).update(sent_at=timezone.now() - timedelta(minutes=1))

    assert look(now=NOW) == []


def test_running_order_that_nobody_watches_is_a_concern() -> None:
    watched, order = make_order(status=Status.RUNNING), make_order(status=Status.RUNNING)
    Watch.objects.filter(order=order).delete()

    assert [concern.text for concern in look(now=NOW)] == [
        f"Order {order.pk} is running but is not tracked"
    ]
    assert watched.pk


def test_order_that_is_being_sent_by_nobody_is_a_concern() -> None:
    order = make_order(status=Status.SUBMITTING)
    leave_attempt(order, AttemptState.NOT_SENT)

    assert [concern.key for concern in look(now=NOW)] == [f"unattended:{order.pk}"]


def test_concern_is_kept_with_the_audit_logged_once_and_halts_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    attempt = stuck()

    notes = [keep_proof(now=NOW), reconcile(now=NOW), reconcile(now=NOW)]

    assert all(note.startswith("passed") for note in notes)
    assert not Halt.objects.exists()
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    assert [each["key"] for each in Proof.objects.latest("pk").concerns] == [f"sent:{attempt.pk}"]


def test_audit_prints_concerns_as_warnings_and_exits_with_0(
    capsys: pytest.CaptureFixture[str],
) -> None:
    stuck()

    call_command("audit")

    lines = capsys.readouterr().out.splitlines()
    assert lines[-2].startswith("Warning: Order ")
    assert lines[-1] == "Everything adds up."
