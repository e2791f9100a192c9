"""What Celery may ask of the orders app: each task makes one call, and may run twice, late or never
without effect.
"""

from celery import shared_task
from django.utils import timezone

from catalog.tasks import sync_catalogs as sync_catalogs_by_tasks
from catalog.tasks import sync_here as sync_catalogs_here
from orders.aftercare import refill_status
from orders.aftercare.send_requests import send_due
from orders.audit.prove_changes import reconcile
from orders.forwarding import recovery
from orders.forwarding import sweep as forwarding_sweep
from orders.forwarding.resend_sweep import resend_due
from orders.jobs.run_job import run_alone, run_noted
from orders.tracking import sweep as tracking_sweep
from orders.unclear.sweep import resolve_due
from orders.webhooks import sweep as webhooks_sweep


@shared_task
def submit_due() -> None:
    """Forward every order that is due, all providers' lanes at once; beside a sweep that a slow
    provider keeps busy.
    """
    run_noted(name="submit_due", job=forwarding_sweep.submit_due)


@shared_task
def reap_leases() -> None:
    """Take back what dead workers left behind."""
    run_alone(name="reap_leases", job=lambda: forwarding_sweep.reap_leases(now=timezone.now()))


@shared_task
def repeat_unclear() -> None:
    """Send orders that were perhaps placed again, where the provider gives one order for one key."""
    run_alone(name="repeat_unclear", job=resend_due)


@shared_task
def track_due() -> None:
    """Ask the providers about every running order that is due, 100 a call."""
    run_alone(name="track_due", job=tracking_sweep.track_due)


@shared_task
def submit_aftercare() -> None:
    """Send approved refills and cancellations, 100 a call."""
    run_alone(name="submit_aftercare", job=send_due)


@shared_task
def poll_refills() -> None:
    """Ask the providers about every refill under way, 100 a call."""
    run_alone(name="poll_refills", job=refill_status.poll_refills)


@shared_task
def deliver_due() -> None:
    """Post webhooks that are due to customers' programs."""
    run_alone(name="deliver_due", job=webhooks_sweep.deliver_due)


@shared_task
def check_providers() -> None:
    """Read balances, lift automatic pauses, release orders whose reason is gone."""
    run_alone(name="check_providers", job=recovery.check_providers)


@shared_task
def resolve_unclear() -> None:
    """Settle by proof what became of orders that were perhaps placed."""
    run_alone(name="resolve_unclear", job=resolve_due)


@shared_task
def sync_catalogs() -> None:
    """Have every provider synced that is due, each by a task of its own."""
    run_noted(name="sync_catalogs", job=_ask_for_syncs)


def sync_here() -> None:
    """Sync every provider that is due in this process: for a panel without a broker."""
    run_noted(name="sync_catalogs", job=_sync_here)


def _ask_for_syncs() -> str:
    sync_catalogs_by_tasks()
    return "asked for"


def _sync_here() -> str:
    sync_catalogs_here()
    return "done here"


@shared_task
def prove_money() -> None:
    """Prove what changed since the last sound proof, once a day all money, and keep the result."""
    run_alone(name="prove_money", job=lambda: reconcile(now=timezone.now()))
