"""The addresses of the orders app, by audience."""

from django.urls import URLPattern, path

from orders import staff_aftercare

customers: list[URLPattern] = []

staff: list[URLPattern] = [
    path("staff/refills", staff_aftercare.staff_refills, name="staff_refills"),
    path("staff/refills/<int:pk>/<slug:decision>", staff_aftercare.staff_refill_decide, name="staff_refill_decide"),
    path("staff/cancels", staff_aftercare.staff_cancels, name="staff_cancels"),
    path("staff/cancels/<int:pk>/<slug:decision>", staff_aftercare.staff_cancel_decide, name="staff_cancel_decide"),
]

urlpatterns = customers + staff
