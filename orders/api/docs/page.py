"""The API page: every call with a working sample, error texts, limits, latest requests."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from accounts.models import User
from catalog.models import Service
from orders.api.actions import ACTIONS, Action
from orders.api.authenticate import orders_per_minute, requests_per_minute
from orders.api.docs.calls import TITLES, Call, calls_of
from orders.api.docs.errors import ERRORS
from orders.api.docs.examples import Own, fields_of, own_of
from orders.api.docs.samples import DEFAULT, LANGUAGES, Language
from orders.api.recent_requests import recent

SAFE_TO_REPEAT: Final = "add-default"  # the call that shows an idempotency key


@dataclass(frozen=True, slots=True)
class Tab:
    """A link to the same sample in another language."""

    label: str
    url: str
    is_current: bool
    count: None = None


@dataclass(frozen=True, slots=True)
class Shown:
    """One call with its sample."""

    anchor: str
    call: Call
    service: Service | None  # in the sample of an `add`
    sample: str
    tabs: tuple[Tab, ...]
    reply: str


@dataclass(frozen=True, slots=True)
class Section:
    """One action with its calls."""

    action: Action
    title: str
    calls: tuple[Shown, ...]


@require_safe
def api_docs(request: HttpRequest) -> HttpResponse:
    """The API page, with the user's own ids, limits and latest requests."""
    user = request.user if isinstance(request.user, User) else None
    if user is None and not settings.ARE_SERVICES_PUBLIC:
        return redirect_to_login(request.get_full_path())
    language = LANGUAGES.get(request.GET.get("code", ""), DEFAULT)
    own = own_of(user)
    sections = tuple(_sections(own, language))
    context = {
        "url": _url(),
        "language": language,
        "tabs": _tabs("samples", language, place="samples"),
        "sections": sections,
        "repeatable": _repeatable(own, language),
        "errors": ERRORS,
        "requests_per_minute": requests_per_minute(user)
        if user
        else settings.API_REQUESTS_PER_MINUTE,
        "orders_per_minute": orders_per_minute(user) if user else settings.API_ORDERS_PER_MINUTE,
        "is_get_allowed": settings.API_ALLOW_GET,
        "open_anchor": request.GET.get("open", SAFE_TO_REPEAT),
        "recent": recent(user_id=user.pk) if user else (),
    }
    return render(request, "orders/api/docs.html", context)


def _url() -> str:
    return f"{settings.SITE_URL}{reverse('api')}"


def _tabs(anchor: str, current: Language, *, place: str) -> tuple[Tab, ...]:
    return tuple(
        Tab(
            label=language.name,
            url=f"?code={language.slug}&open={anchor}#{place}",
            is_current=language is current,
        )
        for language in LANGUAGES.values()
    )


def _sections(own: Own, language: Language) -> Iterator[Section]:
    for action in ACTIONS.values():
        calls = tuple(_shown(call, own, language) for call in calls_of(action.name))
        yield Section(action=action, title=TITLES[action.name], calls=calls)


def _shown(call: Call, own: Own, language: Language) -> Shown:
    return Shown(
        anchor=call.anchor,
        call=call,
        service=own.services.get(call.kind.name) if call.kind else None,
        sample=language.write(_url(), fields_of(call, own)),
        tabs=_tabs(call.anchor, language, place=f"call-{call.anchor}"),
        reply=json.dumps(call.reply.example, indent=2),
    )


def _repeatable(own: Own, language: Language) -> str:
    """The sample of an order with an idempotency key."""
    call = next(call for call in calls_of("add") if call.anchor == SAFE_TO_REPEAT)
    fields = fields_of(call, own) | {
        "link": "https://example.com/other-page",
        "idempotency_key": "my-order-1001",
    }
    return language.write(_url(), fields)
