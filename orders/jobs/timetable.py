"""The timetable: which job runs how often, for beat and `manage.py sweep` alike.

Importable before Django is set up: tasks are named here and imported when they first run.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from django.conf import settings
from django.utils.module_loading import import_string


@dataclass(frozen=True, slots=True)
class Job:
    """One periodic job."""

    task: str  # the Celery task; a plain call of it runs it here and now
    setting: str  # names the setting with its interval in seconds
    act: str = ""  # what runs it without a broker, where the task only starts other tasks

    @property
    def name(self) -> str:
        """The last part of the task's name: `submit_due`."""
        return self.task.rpartition(".")[2]

    @property
    def every(self) -> float:
        """Seconds between two runs."""
        return float(getattr(settings, self.setting))

    def find(self) -> Callable[[], None]:
        """What runs the job in this process, without a broker."""
        act: Callable[[], None] = import_string(self.act or self.task)
        return act


TIMETABLE: Final = (
    Job("orders.tasks.submit_due", "SUBMIT_EVERY"),
    Job("orders.tasks.reap_leases", "REAP_EVERY"),
    Job("orders.tasks.repeat_unclear", "REAP_EVERY"),
    Job("orders.tasks.track_due", "TRACK_EVERY"),
    Job("orders.tasks.submit_aftercare", "REFILL_EVERY"),
    Job("orders.tasks.poll_refills", "REFILL_EVERY"),
    Job("orders.tasks.deliver_due", "DELIVER_EVERY"),
    Job("orders.tasks.check_providers", "RESOLVE_EVERY"),
    Job("orders.tasks.resolve_unclear", "RESOLVE_EVERY"),
    Job("orders.tasks.sync_catalogs", "SYNC_EVERY", act="orders.tasks.sync_here"),
    Job("orders.tasks.learn_links", "SYNC_EVERY"),
    Job("orders.tasks.prove_money", "RECONCILE_EVERY"),
)
