"""The addresses of the accounts app."""

from django.urls import path

from accounts import views

urlpatterns = [
    path("account", views.account, name="account"),
    path("account/keys", views.account_key_new, name="account_key_new"),
    path("account/keys/<int:pk>/revoke", views.account_key_revoke, name="account_key_revoke"),
    path("account/keys/<int:pk>/rotate", views.account_key_rotate, name="account_key_rotate"),
]
