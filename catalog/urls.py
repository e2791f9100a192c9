"""URLs of the catalog, by audience."""

from django.urls import URLPattern, path

from catalog import views
from catalog.admin_pages.exchange_rates import admin_provider_rate
from catalog.admin_pages.link_rules import admin_link, admin_links
from catalog.admin_pages.margins import admin_margin_remove, admin_margins
from catalog.admin_pages.providers import (
    admin_provider,
    admin_provider_new,
    admin_provider_pause,
    admin_provider_resume,
    admin_provider_sync,
    admin_providers,
)
from catalog.admin_pages.services import (
    admin_category,
    admin_service,
    admin_services,
    admin_services_accept,
)
from catalog.admin_pages.statuses import admin_status_revert, admin_statuses
from catalog.admin_pages.syncs import admin_sync, admin_sync_accept, admin_syncs
from catalog.admin_pages.types import admin_type_revert, admin_types

customers: list[URLPattern] = [
    path("services", views.services, name="services"),
]

admin: list[URLPattern] = [
    path("admin/providers", admin_providers, name="admin_providers"),
    path("admin/providers/new", admin_provider_new, name="admin_provider_new"),
    path("admin/providers/<int:pk>", admin_provider, name="admin_provider"),
    path("admin/providers/<int:pk>/pause", admin_provider_pause, name="admin_provider_pause"),
    path("admin/providers/<int:pk>/resume", admin_provider_resume, name="admin_provider_resume"),
    path("admin/providers/<int:pk>/sync", admin_provider_sync, name="admin_provider_sync"),
    path("admin/providers/<int:pk>/exchange-rate", admin_provider_rate, name="admin_provider_rate"),
    path("admin/syncs", admin_syncs, name="admin_syncs"),
    path("admin/syncs/<int:pk>", admin_sync, name="admin_sync"),
    path("admin/syncs/<int:pk>/accept", admin_sync_accept, name="admin_sync_accept"),
    path("admin/margins", admin_margins, name="admin_margins"),
    path("admin/margins/<int:pk>/remove", admin_margin_remove, name="admin_margin_remove"),
    path("admin/services", admin_services, name="admin_services"),
    path("admin/services/accept", admin_services_accept, name="admin_services_accept"),
    path("admin/services/<int:pk>", admin_service, name="admin_service"),
    path("admin/links", admin_links, name="admin_links"),
    path("admin/links/<int:pk>", admin_link, name="admin_link"),
    path("admin/types", admin_types, name="admin_types"),
    path("admin/types/<int:pk>/revert", admin_type_revert, name="admin_type_revert"),
    path("admin/statuses", admin_statuses, name="admin_statuses"),
    path("admin/statuses/<int:pk>/revert", admin_status_revert, name="admin_status_revert"),
    path("admin/categories/<int:pk>", admin_category, name="admin_category"),
]

urlpatterns = customers + admin
