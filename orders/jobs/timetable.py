"""The whole timetable: which act runs how often. Beat and `manage.py sweep` read the same table, so
they cannot differ.

Importable before Django is set up: acts are named here and found when they are first asked for.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from django.conf import settings
from django.utils.module_loading import import_string


@dataclass(frozen=True, slots=True)
class Job:
    """One periodic act."""

    task: str  # the Celery task, which is the act itself: a plain call of it runs it here and now
    setting: str  # names the setting with its interval in seconds
    act: str = ""  # what runs it without a broker, where the task would only send other tasks

    @property
    def name(self) -> str:
        """The last part of the task's name: `submit_due`."""
        return self.task.rpartition(".")[2]

    @property
    def every(self) -> float:
        """Seconds between two runs."""
        return float(getattr(settings, self.setting))

    def find(self) -> Callable[[], None]:
        """The act, to be run in this process; needs no broker. Django must be set up."""
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
    Job("orders.tasks.prove_money", "RECONCILE_EVERY"),
)
