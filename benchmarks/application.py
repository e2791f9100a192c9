"""The panel as gunicorn serves it, and beside its own actions the least and the usual that
`serving` compares with.
"""

from django.http import HttpResponse

from panel.wsgi import application

# isort: split
from datetime import datetime

from catalog.models import Service
from orders.api import views
from orders.api.actions import ACTIONS, Action
from orders.api.answers import reply
from orders.api.authenticate import Caller
from orders.api.request import Ask
from orders.api.status import status

__all__ = ["application"]


def nothing(caller: Caller, ask: Ask, now: datetime) -> HttpResponse:
    """An empty answer to a caller who was admitted as for any action: nothing can be served
    faster here.
    """
    del caller, ask, now
    return reply([])


def habitual_services(caller: Caller, ask: Ask, now: datetime) -> HttpResponse:
    """What other panels do: every row through the models and into JSON, each time."""
    del caller, ask, now
    rows = [
        {
            "service": service.pk,
            "name": service.name,
            "type": service.type,
            "category": service.category.name,
            "rate": str(service.price),
            "min": str(service.min_quantity),
            "max": str(service.max_quantity),
            "refill": service.is_refill,
            "cancel": service.is_cancel,
        }
        for service in Service.objects.on_sale().select_related("category").in_shop_order()
    ]
    return reply(rows)


def habitual_status(caller: Caller, ask: Ask, now: datetime) -> HttpResponse:
    """What other panels do: a query for each id."""
    for text in ask.values["orders"].split(","):
        one = Ask(
            action="status",
            values={"order": text},
            key="",
            idempotency_key=None,
            request=ask.request,
        )
        status(caller, one, now)
    return reply({})


views.ACTIONS = {  # type: ignore[attr-defined]  # final for the panel; this is not the panel
    **ACTIONS,
    "nothing": Action("nothing", "read", nothing),
    "habitual_services": Action("habitual_services", "read", habitual_services),
    "habitual_status": Action("habitual_status", "read", habitual_status),
}
