"""The addresses of the catalog app, by audience."""

from django.urls import URLPattern, path

from catalog import views

customers: list[URLPattern] = [
    path("services", views.services, name="services"),
]

admin: list[URLPattern] = [
    path("admin/providers", views.services, name="admin_providers"),
    path("admin/margins", views.services, name="admin_margins"),
]

urlpatterns = customers + admin
