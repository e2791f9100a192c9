"""URLs of accounts."""

from django.urls import path

from accounts import admin_groups, admin_password, views

admins = [
    path("admin/groups", admin_groups.admin_groups, name="admin_groups"),
    path("admin/groups/new", admin_groups.admin_group_new, name="admin_group_new"),
    path("admin/groups/<int:pk>", admin_groups.admin_group, name="admin_group"),
    path(
        "admin/users/<int:pk>/password",
        admin_password.admin_user_password,
        name="admin_user_password",
    ),
    path("admin/users/<int:pk>/group", admin_groups.admin_user_group, name="admin_user_group"),
]

urlpatterns = [
    *admins,
    path("account", views.account, name="account"),
    path("account/keys", views.account_key_new, name="account_key_new"),
    path("account/keys/<int:pk>/revoke", views.account_key_revoke, name="account_key_revoke"),
    path("account/keys/<int:pk>/rotate", views.account_key_rotate, name="account_key_rotate"),
]
