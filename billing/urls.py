"""The addresses of the billing app."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
