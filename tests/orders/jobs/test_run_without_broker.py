"""`manage.py sweep`: the panel works without a broker, and by the same timetable as beat."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from celery import current_app
from django.db import connection, connections
from pytest_django import Settings

from orders.jobs.run_without_broker import perform_once, perform_until
from orders.jobs.timetable import TIMETABLE, Job
from orders.models import Order, Status, Sweep
from panel.processes.run_panel import PROJECT
from tests.double.handle import ProviderDouble
from tests.orders.attempts import make_due, make_lane
from tests.waiting import PATIENCE, wait_for

pytestmark = pytest.mark.django_db(transaction=True)

calls: list[str] = []
others_ran_often = threading.Event()
has_come_back = threading.Event()
OFTEN = 5


def note(name: str) -> None:
    calls.append(name)
    if min(calls.count("act"), calls.count("act_that_fails")) >= OFTEN:
        others_ran_often.set()


def act() -> None:
    note("act")


def act_that_fails() -> None:
    note("act_that_fails")
    raise ZeroDivisionError


def act_that_is_slow() -> None:
    """Takes until the others have run often."""
    if not others_ran_often.wait(PATIENCE):
        calls.append("alone for a minute")


def act_whose_session_is_ended() -> None:
    """At first the database is away in the middle of it; later it is back."""
    note("act_whose_session_is_ended")
    with connection.cursor() as cursor:
        if calls.count("act_whose_session_is_ended") == 1:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        cursor.execute("SELECT 1")
    note("it is back")
    has_come_back.set()


FAST, FAILING, SLOW, ENDED = (
    Job(f"{__name__}.{name}", "SUBMIT_EVERY")
    for name in ("act", "act_that_fails", "act_that_is_slow", "act_whose_session_is_ended")
)


@contextmanager
def sweeping(*arguments: str) -> Iterator["subprocess.Popen[str]"]:
    """The command as a process on the test's database, with a broker that refuses."""
    url = os.environ["DATABASE_URL"].rpartition("/")[0] + f"/{connection.settings_dict['NAME']}"
    process = subprocess.Popen(
        [sys.executable, "manage.py", "sweep", *arguments],
        cwd=PROJECT,
        env={
            **os.environ,
            "DATABASE_URL": url,
            "REDIS_URL": "redis://127.0.0.1:9/0",
            "SUBMIT_EVERY": "0.2",
        },
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def test_beat_and_sweep_run_the_same_acts_at_the_same_intervals() -> None:
    current_app.loader.import_default_modules()

    schedule = current_app.conf.beat_schedule
    entries = {
        entry["task"]: entry["schedule"].run_every.total_seconds() for entry in schedule.values()
    }

    assert entries == {job.task: job.every for job in TIMETABLE}
    assert entries.keys() <= set(current_app.tasks)


def test_every_act_runs_without_a_broker(double: ProviderDouble) -> None:
    [order] = make_due(make_lane(double))

    with sweeping() as process:
        said, _ = process.communicate(timeout=180)

    order.refresh_from_db()
    assert process.returncode == 0
    assert [line.split()[0] for line in said.splitlines()] == [job.name for job in TIMETABLE]
    assert (order.status, len(double.placed())) == (Status.RUNNING, 1)
    assert order.provider.sync_runs.count() == 1
    assert Sweep.objects.filter(name="prove_money").count() == 1


def test_loop_forwards_what_is_placed_while_it_runs_and_ends_at_sigterm(
    double: ProviderDouble,
) -> None:
    service = make_lane(double)
    with sweeping("--loop") as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "sweeping\n"
        [order] = make_due(service)
        wait_for(lambda: Order.objects.get().status == Status.RUNNING)
        process.send_signal(signal.SIGTERM)

        assert process.wait(PATIENCE) == 0
    order.refresh_from_db()
    assert order.status == Status.RUNNING


def test_one_act_that_fails_is_told_and_the_others_run() -> None:
    calls.clear()
    said: list[str] = []

    is_done = perform_once(tell=said.append, jobs=[FAILING, FAST])

    assert (is_done, len(calls), said[0]) == (False, 2, "act_that_fails failed")


def test_loop_goes_on_beside_a_slow_act_and_after_a_failure(settings: Settings) -> None:
    settings.SUBMIT_EVERY = 0.05
    calls.clear()
    others_ran_often.clear()

    perform_until(stop=others_ran_often, tell=lambda _: None, jobs=[FAST, FAILING, SLOW])

    assert min(calls.count("act"), calls.count("act_that_fails")) >= OFTEN
    assert "alone for a minute" not in calls
    connections.close_all()


def test_loop_goes_on_when_the_database_is_back(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.SUBMIT_EVERY = 0.05
    calls.clear()
    has_come_back.clear()
    said: list[str] = []

    perform_until(stop=has_come_back, tell=said.append, jobs=[ENDED])

    assert said[0] == "act_whose_session_is_ended failed"
    assert calls.count("it is back") == 1
    assert [record.levelname for record in caplog.records if "database" in record.message] == [
        "WARNING"
    ]
