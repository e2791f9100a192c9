"""Whether every periodic job runs as often as it should, by what each leaves behind."""

from datetime import timedelta

import pytest

from orders.audit.concerns import look
from orders.jobs.late_jobs import beats, is_running, patience
from orders.jobs.run_job import run_noted
from orders.jobs.run_without_broker import perform_once
from orders.jobs.timetable import TIMETABLE
from orders.models import Sweep
from tests.factories import NOW

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)
NAMES = {
    "submit_due",
    "reap_leases",
    "repeat_unclear",
    "track_due",
    "submit_aftercare",
    "poll_refills",
    "deliver_due",
    "check_providers",
    "resolve_unclear",
    "sync_catalogs",
    "learn_links",
    "prove_money",
}


def ran(name: str, *, ago: timedelta, since: timedelta = timedelta(days=1)) -> None:
    Sweep.objects.create(name=name, ran_at=NOW - ago, since=NOW - since)


def all_ran(*, ago: timedelta = timedelta(0), since: timedelta = timedelta(days=1)) -> None:
    for job in TIMETABLE:
        ran(job.name, ago=ago, since=since)


def late() -> list[str]:
    return [beat.name for beat in beats(now=NOW) if beat.is_late]


@pytest.mark.django_db(transaction=True)
def test_every_job_of_the_timetable_leaves_a_row_under_its_name() -> None:
    assert perform_once(tell=lambda _: None)

    assert set(Sweep.objects.values_list("name", flat=True)) == NAMES


def test_timetable_lists_every_periodic_job() -> None:
    assert {job.name for job in TIMETABLE} == NAMES


def test_jobs_that_ran_in_time_are_not_late() -> None:
    all_ran()

    assert late() == []
    assert look(now=NOW) == []


def test_job_that_stopped_while_others_run_is_late() -> None:
    all_ran()
    Sweep.objects.filter(name="track_due").update(ran_at=NOW - 5 * MINUTE)

    assert late() == ["track_due"]
    assert [concern.key for concern in look(now=NOW)] == ["late:track_due"]


def test_job_is_given_two_intervals_and_the_time_of_one_run() -> None:
    allowed = patience("track_due")
    assert allowed == timedelta(seconds=2 * 15 + 60)
    all_ran()
    Sweep.objects.filter(name="track_due").update(ran_at=NOW - allowed)

    assert late() == []


def test_job_that_never_ran_beside_others_is_late() -> None:
    all_ran()
    Sweep.objects.filter(name="resolve_unclear").delete()

    assert late() == ["resolve_unclear"]
    assert look(now=NOW)[0].text == "The job resolve_unclear has never run"


def test_panel_that_has_just_begun_is_late_with_nothing() -> None:
    all_ran(ago=timedelta(hours=8))
    Sweep.objects.filter(name="submit_due").update(ran_at=NOW, since=NOW - MINUTE)

    assert late() == []


def test_stopped_panel_is_said_to_be_stopped_and_no_more() -> None:
    all_ran(ago=timedelta(hours=8))

    assert not is_running(now=NOW)
    assert [concern.text for concern in look(now=NOW)] == [
        "No job has run since 2026-03-14 04:00 UTC. Is the panel stopped?"
    ]
    assert set(late()) == NAMES


def test_proof_made_by_hand_does_not_make_a_stopped_panel_run() -> None:
    all_ran(ago=timedelta(hours=8))
    Sweep.objects.filter(name="prove_money").update(ran_at=NOW, since=NOW)

    assert not is_running(now=NOW)
    assert "submit_due" in late()


def test_panel_that_never_ran_is_late_with_nothing() -> None:
    assert late() == []
    assert look(now=NOW) == []


def test_unbroken_row_of_runs_keeps_its_beginning_and_a_gap_ends_it() -> None:
    run_noted(name="submit_due", job=lambda: "")
    first = Sweep.objects.get()
    run_noted(name="submit_due", job=lambda: "")
    second = Sweep.objects.get()
    Sweep.objects.update(ran_at=first.ran_at - timedelta(hours=1))

    run_noted(name="submit_due", job=lambda: "")

    third = Sweep.objects.get()
    assert first.since == second.since
    assert third.since == third.ran_at
