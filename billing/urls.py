"""URLs of billing, by audience."""

from django.urls import path

from billing import admin_adjustments, views
from billing.admin_users import (
    admin_user,
    admin_user_balance_after,
    admin_user_correct,
    admin_user_top_up,
    admin_users,
)

customers = [
    path("wallet", views.wallet, name="wallet"),
]

admins = [
    path("admin/users", admin_users, name="admin_users"),
    path("admin/users/<int:pk>", admin_user, name="admin_user"),
    path("admin/users/<int:pk>/top-up", admin_user_top_up, name="admin_user_top_up"),
    path("admin/users/<int:pk>/correct", admin_user_correct, name="admin_user_correct"),
    path(
        "admin/users/<int:pk>/balance-after",
        admin_user_balance_after,
        name="admin_user_balance_after",
    ),
    path(
        "admin/adjustments/<int:pk>/agree",
        admin_adjustments.admin_adjustment_agree,
        name="admin_adjustment_agree",
    ),
    path(
        "admin/adjustments/<int:pk>/withdraw",
        admin_adjustments.admin_adjustment_withdraw,
        name="admin_adjustment_withdraw",
    ),
]

urlpatterns = customers + admins
