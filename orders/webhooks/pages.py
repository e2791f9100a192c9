"""Customers' pages of their webhooks: endpoints, secrets and the log."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.decorators import MemberRequest, customer_required
from orders.models import DeliveryState, WebhookDelivery, WebhookEndpoint
from orders.webhooks.endpoints import (
    MAX_ENDPOINTS,
    RotationOpen,
    SwitchedOff,
    TooManyEndpoints,
    UnderWay,
    UrlTaken,
    add_endpoint,
    change_endpoint,
    end_old_secret,
    remove_endpoint,
    resend,
    rotate_secret,
    send_test,
    switch_off,
    switch_on,
)
from orders.webhooks.forms import WebhookForm

ROWS = 50  # deliveries in the log
TAKEN = "URL: you already have a webhook with this URL."
OFF = "This webhook is disabled. Enable it first."


@customer_required
@require_GET
def webhooks(request: MemberRequest) -> HttpResponse:
    """The customer's endpoints, and the form for one more."""
    return _list_page(request, form=WebhookForm())


@customer_required
@require_POST
@never_cache
def webhook_new(request: MemberRequest) -> HttpResponse:
    """Add an endpoint and show its secret, this once."""
    form = WebhookForm(request.POST)
    if not form.is_valid():
        return _list_page(request, form=form, status=422)
    try:
        endpoint, secret = add_endpoint(user=request.user, now=timezone.now(), **form.cleaned_data)
    except UrlTaken:
        form.add_error("url", TAKEN)
    except TooManyEndpoints:
        form.add_error(None, f"You have {MAX_ENDPOINTS} webhooks, the maximum. Remove one first.")
    else:
        return _page(request, endpoint, secret=secret)
    return _list_page(request, form=form, status=422)


@customer_required
@require_http_methods(["GET", "HEAD", "POST"])
def webhook(request: MemberRequest, pk: int) -> HttpResponse:
    """One endpoint with its log; posting changes its URL and events."""
    endpoint = _own(request, pk)
    if request.method != "POST":
        return _page(request, endpoint)
    form = WebhookForm(request.POST)
    if form.is_valid():
        try:
            change_endpoint(endpoint=endpoint, **form.cleaned_data)
        except UrlTaken:
            form.add_error("url", TAKEN)
        else:
            messages.success(request, "Saved.")
            return redirect("webhook", pk=pk)
    return _page(request, _own(request, pk), form=form)


@customer_required
@require_POST
def webhook_switch(request: MemberRequest, pk: int) -> HttpResponse:
    """Switch it on or off, as `to` says."""
    endpoint = _own(request, pk)
    if request.POST.get("to") == "on":
        switch_on(endpoint=endpoint)
        messages.success(request, "Enabled. New events will be sent.")
    else:
        switch_off(endpoint=endpoint, now=timezone.now())
        messages.success(request, "Disabled. Nothing is sent.")
    return redirect("webhook", pk=pk)


@customer_required
@require_POST
@never_cache
def webhook_rotate(request: MemberRequest, pk: int) -> HttpResponse:
    """Make a new secret and show it this once."""
    endpoint = _own(request, pk)
    try:
        secret = rotate_secret(endpoint=endpoint, now=timezone.now())
    except RotationOpen:
        messages.error(
            request,
            "A new secret was made a short while ago. End the old one first.",
        )
        return redirect("webhook", pk=pk)
    return _page(request, _own(request, pk), secret=secret)


@customer_required
@require_POST
def webhook_old_secret_end(request: MemberRequest, pk: int) -> HttpResponse:
    """End the old secret before its day is over."""
    end_old_secret(endpoint=_own(request, pk))
    messages.success(request, "The old secret no longer works.")
    return redirect("webhook", pk=pk)


@customer_required
@require_POST
def webhook_test(request: MemberRequest, pk: int) -> HttpResponse:
    """Send a test; its answer appears in the log."""
    try:
        send_test(endpoint=_own(request, pk), now=timezone.now())
    except SwitchedOff:
        messages.error(request, OFF)
    except UnderWay:
        messages.info(request, "A test was sent a moment ago. See the log.")
    else:
        messages.success(request, "Test sent. The answer will appear in the log.")
    return redirect("webhook", pk=pk)


@customer_required
@require_http_methods(["GET", "HEAD", "POST"])
def webhook_remove(request: MemberRequest, pk: int) -> HttpResponse:
    """Ask for confirmation, then remove it."""
    endpoint = _own(request, pk)
    if request.method == "POST":
        remove_endpoint(endpoint=endpoint, now=timezone.now())
        messages.success(request, "Webhook removed.")
        return redirect("webhooks")
    context = {
        "title": "Remove webhook",
        "question": f"Remove the webhook to {endpoint.url}?",
        "details": ["Nothing more will be sent to it.", "Its secret and log will be deleted."],
        "action": "Remove",
        "cancel_url": reverse("webhook", args=[pk]),
        "is_destructive": True,
    }
    return render(request, "confirm.html", context)


@customer_required
@require_POST
def webhook_resend(request: MemberRequest, pk: int) -> HttpResponse:
    """Send a delivery of the log again."""
    endpoints = request.user.webhook_endpoints.kept()
    deliveries = WebhookDelivery.objects.filter(endpoint__in=endpoints)
    delivery = get_object_or_404(deliveries.select_related("endpoint"), pk=pk)
    try:
        resend(delivery=delivery, now=timezone.now())
    except SwitchedOff:
        messages.error(request, OFF)
    except UnderWay:
        messages.info(request, "This event is being sent right now.")
    else:
        messages.success(request, "The event will be sent again.")
    return redirect("webhook", pk=delivery.endpoint_id)


def _own(request: MemberRequest, pk: int) -> WebhookEndpoint:
    return get_object_or_404(request.user.webhook_endpoints.kept(), pk=pk)


def _list_page(request: MemberRequest, *, form: WebhookForm, status: int = 200) -> HttpResponse:
    endpoints = request.user.webhook_endpoints.kept().order_by("pk")
    return render(
        request,
        "orders/webhooks/webhooks.html",
        {"endpoints": endpoints, "form": form},
        status=status,
    )


def _page(
    request: MemberRequest,
    endpoint: WebhookEndpoint,
    *,
    form: WebhookForm | None = None,
    secret: str = "",
) -> HttpResponse:
    deliveries = list(endpoint.deliveries.order_by("-pk")[:ROWS])
    is_waiting = endpoint.is_active and any(
        each.state == DeliveryState.WAITING for each in deliveries
    )
    known = {"url": endpoint.url, "events": endpoint.events}
    context = {
        "endpoint": endpoint,
        "deliveries": deliveries,
        "is_waiting": is_waiting,
        "form": form or WebhookForm(initial=known),
        "secret": secret,
        "is_rotation_open": endpoint.has_two_secrets(now=timezone.now()),
    }
    template = "orders/webhooks/_log.html" if request.htmx else "orders/webhooks/webhook.html"
    return render(request, template, context, status=422 if form else 200)
