"""Search over all customers' orders, for staff."""

from django.db.models import Q

from lib.email_addresses import search_form
from lib.query_text import is_id, printable
from orders.models import Order, OrderQuerySet, Status


def find_any(*, query: str, status: str, provider_id: str) -> OrderQuerySet:
    """Orders with our id or the provider's, or part of their link or e-mail address.

    Invalid filters are ignored.
    """
    found = Order.objects.all()
    if status in Status.values:
        found = found.filter(status=status)
    if is_id(provider_id):
        found = found.filter(provider_id=int(provider_id))
    query = printable(query)
    if not query:
        return found
    if is_id(query):
        return found.filter(Q(pk=int(query)) | Q(upstream_id=query))
    return found.filter(
        Q(upstream_id=query)
        | Q(link__icontains=query)
        | Q(user__email__contains=search_form(query))
    )
