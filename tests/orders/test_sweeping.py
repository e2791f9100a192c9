"""Periodic jobs: alone, and noted."""

from threading import Barrier, Event, Thread

import pytest
from django.db import connections

from orders.models import Sweep
from orders.sweeping import run_alone, run_noted

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
    assert run_alone(name="job", job=lambda: "again") is True


def test_pitfall_11_of_many_workers_one_runs_the_job() -> None:
    ran, began, done = [], Barrier(5), Event()

    def job() -> str:
        ran.append(1)
        done.wait(5)
        return ""

    def work() -> None:
        try:
            began.wait()
            if not run_alone(name="job", job=job):
                results.append(False)
                if len(results) == 4:
                    done.set()
        finally:
            connections.close_all()

    results: list[bool] = []
    threads = [Thread(target=work) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(ran) == 1
    assert results == [False] * 4
