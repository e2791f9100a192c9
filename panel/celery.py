"""The Celery app and the whole timetable.

Celery is only the clock and the hands: every task may run twice, late or never without effect, since the rows in
PostgreSQL are the queue. So nothing is acknowledged late, retried, delayed or kept as a result.
"""

import os

from celery import Celery
from celery.schedules import schedule

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "panel.settings")

app = Celery("panel")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@app.on_after_configure.connect
def set_timetable(sender: Celery, **_: object) -> None:
    """Enter every periodic task; a message that waited longer than its interval expires unread."""
    from django.conf import settings  # Django is set up only now

    timetable = {
        "orders.tasks.submit_due": settings.SUBMIT_EVERY,
        "orders.tasks.reap_leases": settings.REAP_EVERY,
        "orders.tasks.track_due": settings.TRACK_EVERY,
        "orders.tasks.submit_aftercare": settings.REFILL_EVERY,
        "orders.tasks.poll_refills": settings.REFILL_EVERY,
        "orders.tasks.check_providers": settings.RESOLVE_EVERY,
        "catalog.tasks.sync_catalogs": settings.SYNC_EVERY,
        "orders.tasks.prove_money": settings.AUDIT_EVERY,
    }
    sender.conf.beat_schedule = {
        name: {"task": name, "schedule": schedule(run_every=every), "options": {"expires": every}}
        for name, every in timetable.items()
    }
