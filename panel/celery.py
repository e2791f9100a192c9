"""The Celery app, with orders/jobs/timetable.py as beat's schedule.

Celery only triggers work: the rows in PostgreSQL are the queue, so every task may run twice, late
or never.
"""

import os

from celery import Celery
from celery.schedules import schedule

from orders.jobs.timetable import TIMETABLE

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "panel.settings")

app = Celery("panel")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@app.on_after_configure.connect
def set_timetable(sender: Celery, **_: object) -> None:
    """Add all periodic tasks; messages older than their interval expire."""
    sender.conf.beat_schedule = {
        job.task: {
            "task": job.task,
            "schedule": schedule(run_every=job.every),
            "options": {"expires": job.every},
        }
        for job in TIMETABLE
    }
