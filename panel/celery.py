"""The Celery app, and orders/timetable.py as beat's schedule.

Celery is only the clock and the hands: every task may run twice, late or never without effect,
since the rows in PostgreSQL are the queue. So nothing is acknowledged late, retried, delayed or
kept as a result.
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
    """Enter every periodic task; a message that waited longer than its interval expires unread."""
    sender.conf.beat_schedule = {
        job.task: {
            "task": job.task,
            "schedule": schedule(run_every=job.every),
            "options": {"expires": job.every},
        }
        for job in TIMETABLE
    }
