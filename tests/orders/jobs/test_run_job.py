"""Periodic jobs: alone, and noted."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from django.db import OperationalError, connections

from lib import advisory_locks
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


def test_a_worker_that_stands_still_keeps_no_job_from_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(advisory_locks, "MAX_SILENCE", "200ms")
    began, go_on = Event(), Event()

    def stand_still() -> str:
        began.set()
        go_on.wait(60)
        return "long ago"

    def work(job: Callable[[], str]) -> bool:
        try:
            return run_alone(name="job", job=job)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as threads:
        frozen = threads.submit(work, stand_still)
        assert began.wait(60)
        # the others are only slow, as long as that may take
        monkeypatch.setattr(advisory_locks, "MAX_SILENCE", "60s")
        give_up_at = time.monotonic() + 60
        while not threads.submit(work, lambda: "by another").result():
            assert time.monotonic() < give_up_at
            time.sleep(0.05)
        go_on.set()
        error = frozen.exception(60)

    # it learns that it is not alone any more, and writes nothing down
    assert isinstance(error, OperationalError)
    assert Sweep.objects.get().note == "by another"
