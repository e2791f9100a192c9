"""The addresses of the orders app, by audience."""

from django.urls import URLPattern, path

from orders import mass_order, order_new, staff_aftercare, staff_orders, staff_proof, staff_providers, views, webhooks
from orders.api.openapi import api_openapi
from orders.api.views import api
from orders.api_docs import api_docs

customers: list[URLPattern] = [
    path("order", order_new.order_new, name="order_new"),
    path("orders", views.orders, name="orders"),
    path("orders/mass", mass_order.order_mass, name="order_mass"),
    path("orders/live", views.orders_live, name="orders_live"),
    path("orders/<int:pk>", views.order, name="order"),
    path("orders/<int:pk>/refill", views.order_refill, name="order_refill"),
    path("orders/<int:pk>/cancel", views.order_cancel, name="order_cancel"),
    path("api", api_docs, name="api_docs"),
    path("webhooks", webhooks.webhooks, name="webhooks"),
    path("webhooks/new", webhooks.webhook_new, name="webhook_new"),
    path("webhooks/<int:pk>", webhooks.webhook, name="webhook"),
    path("webhooks/<int:pk>/switch", webhooks.webhook_switch, name="webhook_switch"),
    path("webhooks/<int:pk>/secret", webhooks.webhook_rotate, name="webhook_rotate"),
    path("webhooks/<int:pk>/old-secret", webhooks.webhook_old_secret_end, name="webhook_old_secret_end"),
    path("webhooks/<int:pk>/test", webhooks.webhook_test, name="webhook_test"),
    path("webhooks/<int:pk>/remove", webhooks.webhook_remove, name="webhook_remove"),
    path("webhooks/deliveries/<int:pk>/resend", webhooks.webhook_resend, name="webhook_resend"),
]

staff: list[URLPattern] = [
    path("staff/orders", staff_orders.staff_orders, name="staff_orders"),
    path("staff/orders/<int:pk>", staff_orders.staff_order, name="staff_order"),
    path("staff/orders/<int:pk>/<slug:decision>", staff_orders.staff_order_decide, name="staff_order_decide"),
    path("staff/unclear", staff_orders.staff_unclear, name="staff_unclear"),
    path("staff/doubts/<int:pk>/close", staff_orders.staff_doubt_close, name="staff_doubt_close"),
    path("staff/proposals/<int:pk>/<slug:answer>", staff_orders.staff_proposal_answer, name="staff_proposal_answer"),
    path("staff/providers", staff_providers.staff_providers, name="staff_providers"),
    path("staff/providers/<int:pk>", staff_providers.staff_provider, name="staff_provider"),
    path(
        "staff/providers/<int:pk>/words/<slug:decision>",
        staff_providers.staff_provider_word,
        name="staff_provider_word",
    ),
    path("staff/providers/<int:pk>/seen", staff_providers.staff_refusals_seen, name="staff_refusals_seen"),
    path("staff/refusals/<int:pk>/<slug:decision>", staff_providers.staff_refusal_decide, name="staff_refusal_decide"),
    path("staff/providers/<int:pk>/top-up", staff_providers.staff_provider_top_up, name="staff_provider_top_up"),
    path("staff/providers/<int:pk>/explain", staff_providers.staff_provider_explain, name="staff_provider_explain"),
    path("staff/providers/<int:pk>/test", staff_providers.staff_provider_test, name="staff_provider_test"),
    path("staff/refills", staff_aftercare.staff_refills, name="staff_refills"),
    path("staff/refills/<int:pk>/<slug:decision>", staff_aftercare.staff_refill_decide, name="staff_refill_decide"),
    path("staff/cancels", staff_aftercare.staff_cancels, name="staff_cancels"),
    path("staff/cancels/<int:pk>/<slug:decision>", staff_aftercare.staff_cancel_decide, name="staff_cancel_decide"),
    path("staff/proof", staff_proof.staff_proof, name="staff_proof"),
    path("staff/halt/clear", staff_proof.staff_halt_clear, name="staff_halt_clear"),
]

programs: list[URLPattern] = [  # both addresses answer by themselves: a redirect would turn a POST into a GET
    path("api/v2", api, name="api"),
    path("api/v2/", api, name="api_slash"),
    path("api/v2/openapi.json", api_openapi, name="api_openapi"),
]

urlpatterns = customers + staff + programs
