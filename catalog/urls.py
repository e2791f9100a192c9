"""The addresses of the catalog app."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
