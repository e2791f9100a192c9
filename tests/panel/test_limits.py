"""How long a statement and a task may take, and which worker takes which task."""

from datetime import timedelta

import pytest
import yaml
from celery import current_app
from django.conf import settings
from django.db import connection

from orders.jobs.timetable import TIMETABLE
from orders.models import quiet
from panel.processes.run_panel import PROJECT

QUEUES = {
    "submit": {"submit_due"},
    # money and leases wait behind no catalog and no webhook
    "poll": {"reap_leases", "repeat_unclear", "track_due", "poll_refills"},
    "misc": {
        "submit_aftercare",
        "deliver_due",
        "check_providers",
        "resolve_unclear",
        "sync_catalogs",
        "learn_links",
        "prove_money",
    },
}


@pytest.mark.django_db
def test_no_statement_and_no_idle_transaction_keeps_a_session_for_long() -> None:
    with connection.cursor() as cursor:
        limits = {}
        for name in ("statement_timeout", "idle_in_transaction_session_timeout"):
            cursor.execute(f"SHOW {name}")
            limits[name] = cursor.fetchone()[0]

    assert limits == {"statement_timeout": "30s", "idle_in_transaction_session_timeout": "30s"}


def test_task_is_dead_before_its_order_counts_as_quiet() -> None:
    """What is still sent after the quiet time could be placed beside a second sending."""
    soft, hard = (
        timedelta(seconds=getattr(settings, name))
        for name in ("CELERY_TASK_SOFT_TIME_LIMIT", "CELERY_TASK_TIME_LIMIT")
    )

    assert timedelta(seconds=settings.PROVIDER_TIMEOUT) < soft < hard < quiet()


def test_task_is_acknowledged_before_it_runs_and_never_delivered_again() -> None:
    current_app.loader.import_default_modules()
    ours = [task for name, task in current_app.tasks.items() if not name.startswith("celery.")]

    assert not current_app.conf.task_acks_late
    assert not current_app.conf.task_reject_on_worker_lost
    assert len(ours) >= len(TIMETABLE)
    assert [task.name for task in ours if task.acks_late or task.reject_on_worker_lost] == []


def test_every_job_is_in_its_queue_and_every_queue_has_a_worker() -> None:
    routed: dict[str, set[str]] = {}
    for job in TIMETABLE:
        route = current_app.amqp.router.route({}, job.task)
        routed.setdefault(route["queue"].name, set()).add(job.name)
    compose = yaml.safe_load((PROJECT / "docker-compose.yml").read_text())
    commands = {name: each.get("command", []) for name, each in compose["services"].items()}
    served = {
        name: command[command.index("-Q") + 1].split(",")
        for name, command in commands.items()
        if "-Q" in command
    }

    assert routed == QUEUES
    assert served == {"worker-submit": ["submit"], "worker": ["poll", "misc"]}
