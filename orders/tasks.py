"""Celery's tasks of orders: each makes one call, and may run twice, late or never without harm."""

from celery import shared_task
from django.utils import timezone

from catalog.tasks import sync_catalogs as sync_catalogs_by_tasks
from catalog.tasks import sync_here as sync_catalogs_here
from orders.aftercare.refill_status import poll_refills as poll_refills_now
from orders.aftercare.send_requests import send_due
from orders.audit.prove_changes import reconcile
from orders.forwarding.expired_leases import settle_expired_leases
from orders.forwarding.recovery import check_providers as check_providers_now
from orders.forwarding.resend_sweep import resend_due
from orders.forwarding.sweep import submit_due as submit_due_now
from orders.jobs.run_job import run_alone, run_noted
from orders.placing.learn_links import learn_links as learn_links_now
from orders.tracking.sweep import track_due as track_due_now
from orders.unclear.sweep import resolve_due
from orders.webhooks.sweep import deliver_due as deliver_due_now


@shared_task
def submit_due() -> None:
    """Forward every order that is due, all providers at once; runs may overlap."""
    run_noted(name="submit_due", job=submit_due_now)


@shared_task
def reap_leases() -> None:
    """Settle the attempts that dead workers left behind."""
    run_alone(name="reap_leases", job=lambda: settle_expired_leases(now=timezone.now()))


@shared_task
def repeat_unclear() -> None:
    """Send perhaps placed orders again, where the provider places one order for one key."""
    run_alone(name="repeat_unclear", job=resend_due)


@shared_task
def track_due() -> None:
    """Ask the providers about every running order that is due, 100 a call."""
    run_alone(name="track_due", job=track_due_now)


@shared_task
def submit_aftercare() -> None:
    """Send approved refills and cancellations, 100 a call."""
    run_alone(name="submit_aftercare", job=send_due)


@shared_task
def poll_refills() -> None:
    """Ask the providers about every refill under way, 100 a call."""
    run_alone(name="poll_refills", job=poll_refills_now)


@shared_task
def deliver_due() -> None:
    """Post the webhooks that are due to customers' programs."""
    run_alone(name="deliver_due", job=deliver_due_now)


@shared_task
def check_providers() -> None:
    """Read balances, lift automatic pauses, release orders whose reason is gone."""
    run_alone(name="check_providers", job=check_providers_now)


@shared_task
def resolve_unclear() -> None:
    """Settle unclear orders by evidence."""
    run_alone(name="resolve_unclear", job=resolve_due)


@shared_task
def sync_catalogs() -> None:
    """Start a task of its own for every provider whose catalog is due for a sync."""
    run_noted(name="sync_catalogs", job=_start_syncs)


def sync_here() -> None:
    """Sync every provider that is due in this process: for a panel without a broker."""
    run_noted(name="sync_catalogs", job=_sync_here)


def _start_syncs() -> str:
    sync_catalogs_by_tasks()
    return "started"


def _sync_here() -> str:
    sync_catalogs_here()
    return "done here"


@shared_task
def learn_links() -> None:
    """Learn from accepted orders which links services take."""
    run_alone(name="learn_links", job=lambda: learn_links_now(now=timezone.now()))


@shared_task
def prove_money() -> None:
    """Audit what changed since the last sound audit, or once a day all money."""
    run_alone(name="prove_money", job=lambda: reconcile(now=timezone.now()))
