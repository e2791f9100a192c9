"""Admin pages of syncs: what each changed, and accepting one that the guard rejected."""

from functools import partial

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts.decorators import MemberRequest, admin_required
from catalog.models import SyncOutcome, SyncRun
from catalog.providers import want_sync
from catalog.tasks import nudge_sync
from lib.keyset import newest_first
from lib.query_text import to_id

PAGE = 50  # runs
MAX_CHANGES = 500  # rows of one change set that are shown


@admin_required
@require_safe
def admin_syncs(request: MemberRequest) -> HttpResponse:
    """The syncs of all providers, newest first."""
    runs = SyncRun.objects.select_related("provider")
    page = newest_first(runs, size=PAGE, before=to_id(request.GET.get("before", "")))
    older_url = f"?before={page.older_than}" if page.older_than else ""
    return render(request, "catalog/admin/syncs.html", {"runs": page.rows, "older_url": older_url})


@admin_required
@require_safe
def admin_sync(request: MemberRequest, pk: int) -> HttpResponse:
    """One sync: its figures and its change set."""
    run = get_object_or_404(SyncRun.objects.select_related("provider"), pk=pk)
    context = {
        "run": run,
        "changes": run.changes.select_related("service").order_by("pk")[:MAX_CHANGES],
        "has_more": run.changes.count() > MAX_CHANGES,
        "is_acceptable": _is_newest_rejection(run),
    }
    return render(request, "catalog/admin/sync.html", context)


@admin_required
@require_POST
def admin_sync_accept(request: MemberRequest, pk: int) -> HttpResponse:
    """Accept as many missing services as this sync had; a worker syncs again at once."""
    run = get_object_or_404(SyncRun.objects.select_related("provider"), pk=pk)
    if not _is_newest_rejection(run):
        messages.error(request, "There is a newer sync of this provider. Check that one instead.")
        return redirect("admin_sync", pk=pk)
    want_sync(provider=run.provider, accepted_gone=run.lost, now=timezone.now())
    transaction.on_commit(partial(nudge_sync, provider_id=run.provider_id), robust=True)
    messages.success(
        request, f"The next sync of {run.provider.name} may withdraw up to {run.lost:,} services."
    )
    return redirect("admin_provider", pk=run.provider_id)


def _is_newest_rejection(run: SyncRun) -> bool:
    is_newest = not SyncRun.objects.filter(provider=run.provider_id, pk__gt=run.pk).exists()
    return is_newest and run.outcome == SyncOutcome.REFUSED
