"""The URLs of the site; each app lists its own."""

from django.urls import include, path

from panel.views import home

handler500 = "panel.health.server_error"

urlpatterns = [
    path("", home, name="home"),
    path("accounts/", include("allauth.account.urls")),
    path("", include("accounts.urls")),
    path("", include("billing.urls")),
    path("", include("catalog.urls")),
    path("", include("orders.urls")),
]
