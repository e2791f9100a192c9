"""How long a sweep may begin new calls, so that the last one ends before the task's time limit."""

import time

from django.conf import settings

from orders.jobs.ask_one_by_one import MARGIN


def sweep_end(*, most: float) -> float:
    """When (monotonic seconds) a sweep of at most so many seconds begins nothing new.

    A call begun at the last moment still ends before the task's soft limit.
    """
    left = settings.CELERY_TASK_SOFT_TIME_LIMIT - settings.PROVIDER_TIMEOUT - MARGIN
    return time.monotonic() + max(1.0, min(most, left))
