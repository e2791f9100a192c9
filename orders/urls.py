"""The addresses of the orders app, by audience."""

from django.urls import URLPattern, path

from orders.api.docs.openapi import api_openapi
from orders.api.docs.page import api_docs
from orders.api.views import api
from orders.mass_order.page import order_mass
from orders.pages import order_new
from orders.pages.order_charge import order_charge
from orders.pages.orders import order, order_cancel, order_refill, orders, orders_live
from orders.staff_pages.aftercare import (
    staff_cancel_decide,
    staff_cancels,
    staff_refill_decide,
    staff_refills,
)
from orders.staff_pages.end_order import (
    staff_order_end,
    staff_order_end_preview,
    staff_order_end_undo,
)
from orders.staff_pages.orders import (
    staff_doubt_close,
    staff_order,
    staff_order_decide,
    staff_orders,
    staff_proposal_answer,
    staff_unclear,
)
from orders.staff_pages.proof import staff_halt_clear, staff_proof
from orders.staff_pages.provider_currency import admin_provider_currency
from orders.staff_pages.providers import (
    staff_provider,
    staff_provider_explain,
    staff_provider_test,
    staff_provider_top_up,
    staff_provider_word,
    staff_providers,
    staff_refusal_decide,
    staff_refusals_seen,
)
from orders.webhooks.pages import (
    webhook,
    webhook_new,
    webhook_old_secret_end,
    webhook_remove,
    webhook_resend,
    webhook_rotate,
    webhook_switch,
    webhook_test,
    webhooks,
)

customers: list[URLPattern] = [
    path("order", order_new.order_new, name="order_new"),
    path("order/charge", order_charge, name="order_charge"),
    path("orders", orders, name="orders"),
    path("orders/mass", order_mass, name="order_mass"),
    path("orders/live", orders_live, name="orders_live"),
    path("orders/<int:pk>", order, name="order"),
    path("orders/<int:pk>/refill", order_refill, name="order_refill"),
    path("orders/<int:pk>/cancel", order_cancel, name="order_cancel"),
    path("api", api_docs, name="api_docs"),
    path("webhooks", webhooks, name="webhooks"),
    path("webhooks/new", webhook_new, name="webhook_new"),
    path("webhooks/<int:pk>", webhook, name="webhook"),
    path("webhooks/<int:pk>/switch", webhook_switch, name="webhook_switch"),
    path("webhooks/<int:pk>/secret", webhook_rotate, name="webhook_rotate"),
    path("webhooks/<int:pk>/old-secret", webhook_old_secret_end, name="webhook_old_secret_end"),
    path("webhooks/<int:pk>/test", webhook_test, name="webhook_test"),
    path("webhooks/<int:pk>/remove", webhook_remove, name="webhook_remove"),
    path("webhooks/deliveries/<int:pk>/resend", webhook_resend, name="webhook_resend"),
]

staff: list[URLPattern] = [
    path("staff/orders", staff_orders, name="staff_orders"),
    path("staff/orders/<int:pk>", staff_order, name="staff_order"),
    path("staff/orders/<int:pk>/settle", staff_order_end, name="staff_order_end"),
    path(
        "staff/orders/<int:pk>/settle/preview",
        staff_order_end_preview,
        name="staff_order_end_preview",
    ),
    path("staff/orders/<int:pk>/undo", staff_order_end_undo, name="staff_order_end_undo"),
    path("staff/orders/<int:pk>/<slug:decision>", staff_order_decide, name="staff_order_decide"),
    path("staff/unclear", staff_unclear, name="staff_unclear"),
    path("staff/doubts/<int:pk>/close", staff_doubt_close, name="staff_doubt_close"),
    path(
        "staff/proposals/<int:pk>/<slug:answer>",
        staff_proposal_answer,
        name="staff_proposal_answer",
    ),
    path("staff/providers", staff_providers, name="staff_providers"),
    path("staff/providers/<int:pk>", staff_provider, name="staff_provider"),
    path(
        "staff/providers/<int:pk>/words/<slug:decision>",
        staff_provider_word,
        name="staff_provider_word",
    ),
    path("staff/providers/<int:pk>/seen", staff_refusals_seen, name="staff_refusals_seen"),
    path("staff/refusals/<int:pk>", staff_refusal_decide, name="staff_refusal_decide"),
    path("staff/providers/<int:pk>/top-up", staff_provider_top_up, name="staff_provider_top_up"),
    path("staff/providers/<int:pk>/explain", staff_provider_explain, name="staff_provider_explain"),
    path("staff/providers/<int:pk>/test", staff_provider_test, name="staff_provider_test"),
    path(
        "admin/providers/<int:pk>/currency", admin_provider_currency, name="admin_provider_currency"
    ),
    path("staff/refills", staff_refills, name="staff_refills"),
    path("staff/refills/<int:pk>/<slug:decision>", staff_refill_decide, name="staff_refill_decide"),
    path("staff/cancels", staff_cancels, name="staff_cancels"),
    path("staff/cancels/<int:pk>/<slug:decision>", staff_cancel_decide, name="staff_cancel_decide"),
    path("staff/proof", staff_proof, name="staff_proof"),
    path("staff/halt/clear", staff_halt_clear, name="staff_halt_clear"),
]

# both addresses answer by themselves: a redirect would turn a POST into a GET
programs: list[URLPattern] = [
    path("api/v2", api, name="api"),
    path("api/v2/", api, name="api_slash"),
    path("api/v2/openapi.json", api_openapi, name="api_openapi"),
]

urlpatterns = customers + staff + programs
