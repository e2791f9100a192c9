"""Periodic jobs: alone, and noted."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from django.db import OperationalError, connection, connections

from orders.jobs.run_job import run_alone, run_noted
from orders.models import Sweep
from tests.threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_job_is_noted_with_its_word() -> None:
    run_noted(name="job", job=lambda: "3 done")

    sweep = Sweep.objects.get()
    assert (sweep.name, sweep.note) == ("job", "3 done")


def test_a_job_that_fails_is_noted_and_raised() -> None:
    def fail() -> str:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run_alone(name="job", job=fail)

    assert Sweep.objects.get().note == "failed"
    assert runs_for_another() is True


def test_a_job_that_has_run_is_free_for_the_next_worker() -> None:
    assert run_alone(name="job", job=lambda: "first") is True

    assert runs_for_another() is True

    assert Sweep.objects.get().note == "by another"


def runs_for_another() -> bool:
    """Whether another session may run the job now: one session may take its lock twice."""

    def run() -> bool:
        try:
            return run_alone(name="job", job=lambda: "by another")
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as threads:
        return threads.submit(run).result(timeout=60)


def test_pitfall_11_of_many_workers_one_runs_the_job() -> None:
    ran, done = [], Event()

    def job() -> str:
        ran.append(1)
        done.wait(60)
        return ""

    def work(_: int) -> None:
        if not run_alone(name="job", job=job):
            results.append(False)
            if len(results) == 4:
                done.set()

    results: list[bool] = []
    at_once(work, times=5)

    assert len(ran) == 1
    assert results == [False] * 4


def test_a_session_that_holds_a_job_is_ended_when_it_stands_still_for_two_minutes() -> None:
    limits = []

    def look() -> str:
        with connection.cursor() as cursor:
            cursor.execute("SHOW idle_session_timeout")
            limits.append(cursor.fetchone()[0])
        return ""

    run_alone(name="job", job=look)

    assert limits == ["2min"]


def test_a_worker_whose_session_was_ended_keeps_no_job_from_the_others() -> None:
    began, go_on = Event(), Event()
    sessions = []

    def stand_still() -> str:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            sessions.append(cursor.fetchone()[0])
        began.set()
        go_on.wait(60)
        return "long ago"

    def work() -> bool:
        try:
            return run_alone(name="job", job=stand_still)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as threads:
        frozen = threads.submit(work)
        assert began.wait(60)
        assert runs_for_another() is False
        with connection.cursor() as cursor:  # as PostgreSQL does after two minutes
            cursor.execute("SELECT pg_terminate_backend(%s, 60000)", sessions)
        while_it_stands = runs_for_another()
        go_on.set()
        error = frozen.exception(60)

    # it learns that it is not alone any more, and writes nothing down
    assert while_it_stands is True
    assert isinstance(error, OperationalError)
    assert Sweep.objects.get().note == "by another"
