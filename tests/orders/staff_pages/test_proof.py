"""The staff page of the audit."""

import re
import zlib
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import Role
from orders.audit.prove_all import keep_proof
from orders.audit.prove_changes import reconcile
from orders.jobs.timetable import TIMETABLE
from orders.models import Proof, Status, Sweep, Watch
from tests.factories import NOW, make_order, make_user, signed_in
from tests.row_damage import damage

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff() -> Client:
    """The browser of somebody of staff."""
    return signed_in(make_user(role=Role.STAFF))


def test_page_without_an_audit_says_so(staff: Client) -> None:
    page = staff.get("/staff/proof").content.decode()

    assert "No audit yet" in page
    assert "No jobs have run" in page


def test_audit_is_made_on_demand_and_shown(staff: Client) -> None:
    make_order()

    answer = staff.post("/staff/proof")
    page = staff.get("/staff/proof").content.decode()

    assert answer["Location"] == "/staff/proof"
    assert Proof.objects.get().is_sound
    assert "Everything adds up" in page
    assert "does not add up" not in page
    assert "1, charged $1.20, refunded $0.00" in page
    assert "prove_money" in page
    assert "passed: 1 wallets, 2 transfers, 1 orders" in page


def test_what_does_not_add_up_is_said(staff: Client) -> None:
    order = make_order()
    damage("UPDATE orders_order SET charge = 5 WHERE id = %s", order.pk)

    staff.post("/staff/proof")
    page = staff.get("/staff/proof").content.decode()

    assert "It does not add up" in page
    assert f"<li>order {order.pk}: its charge is 5.00000, but 1.20000 was booked</li>" in page
    assert "Everything adds up" not in page


def test_old_audit_is_called_old(staff: Client) -> None:
    keep_proof(now=NOW)

    assert "This audit is out of date" in staff.get("/staff/proof").content.decode()


def test_jobs_are_listed(staff: Client) -> None:
    Sweep.objects.create(name="submit_due", ran_at=NOW, seconds=1.234, note="sent 5")

    page = staff.get("/staff/proof").content.decode()

    assert "submit_due" in page
    assert "1.23" in page
    assert "sent 5" in page


def test_job_that_stopped_while_others_run_is_called_late(staff: Client) -> None:
    now = timezone.now()
    for job in TIMETABLE:
        Sweep.objects.create(name=job.name, ran_at=now, since=now - timedelta(days=1))
    calm = staff.get("/staff/proof").content.decode()
    Sweep.objects.filter(name="track_due").update(ran_at=now - timedelta(minutes=7))

    page = staff.get("/staff/proof").content.decode()

    assert "Late</span>" not in calm
    assert re.search(r"\b\d{1,2} s ago", calm)
    assert page.count("Late</span>") == 1
    assert "7\xa0minutes ago" in page


def test_audit_of_what_changed_is_shown_beside_the_last_one_of_all(staff: Client) -> None:
    make_order()
    now = timezone.now()
    keep_proof(now=now)

    reconcile(now=now)
    page = staff.get("/staff/proof").content.decode()

    assert "Recent changes add up" in page
    assert "1 wallet, 2 transfers, 1 order" in page
    assert "1, charged $1.20, refunded $0.00" in page
    assert "everything: passed" in page


def test_what_stands_still_is_said_and_nothing_is_halted(staff: Client) -> None:
    order = make_order(status=Status.RUNNING)
    Watch.objects.all().delete()

    staff.post("/staff/proof")
    page = staff.get("/staff/proof").content.decode()

    assert f"Order {order.pk} is running but is not tracked" in page
    assert "Everything adds up" in page
    assert "Paused since" not in page


@pytest.mark.django_db(transaction=True)
def test_second_click_while_an_audit_runs_starts_no_second(staff: Client) -> None:
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [_lock_of("prove_money")])
        page = staff.post("/staff/proof", follow=True).content.decode()
    other.close()

    assert "A check is running" in page
    assert not Proof.objects.exists()


def _lock_of(name: str) -> int:
    """The key that orders.jobs.run_job takes."""
    return zlib.crc32(f"panel:sweep:{name}".encode())


@pytest.mark.parametrize("rows", [1, 3])
def test_page_costs_the_same_queries_for_any_number_of_audits(
    rows: int, staff: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(rows):
        keep_proof(now=NOW)
        Sweep.objects.create(name=f"job {number}", ran_at=NOW)

    # session, user, last, earlier, halt, jobs; the frame: balance and inbox
    with django_assert_num_queries(8):
        staff.get("/staff/proof")


def test_wrong_verb_is_refused(staff: Client) -> None:
    assert staff.delete("/staff/proof").status_code == 405
