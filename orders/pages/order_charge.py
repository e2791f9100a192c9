"""The charge of the order that a customer is filling in, as a fragment of the new-order page."""

from django.conf import settings
from django.http import HttpResponse
from django.template.loader import render_to_string
from django.views.decorators.http import require_POST

from accounts.decorators import MemberRequest, customer_required
from catalog.models import Service
from catalog.upstream.service_types import find
from lib.query_text import is_id
from orders.placing.price_quote import forecast

TEMPLATE = "orders/customer/_order_charge.html"


@customer_required
@require_POST
def order_charge(request: MemberRequest) -> HttpResponse:
    """What the form would be charged now; 422 where its service is not on sale. Orders nothing."""
    service = _find_service(request.POST.get("service", ""))
    kind = find(service.type) if service else None
    if service is None or kind is None:
        return _fragment(status=422, notice="This service is no longer available.")
    values = {field.name: request.POST.get(field.name, "") for field in kind.fields}
    found = forecast(customer=request.user, service=service, values=values)
    return _fragment(forecast=found, kind=kind)


def _find_service(text: str) -> Service | None:
    return Service.objects.on_sale().filter(pk=int(text)).first() if is_id(text) else None


def _fragment(*, status: int = 200, **context: object) -> HttpResponse:
    """The fragment alone: without the request, the frame's variables cost no queries."""
    context["currency"] = settings.PANEL_CURRENCY
    return HttpResponse(render_to_string(TEMPLATE, context), status=status)
