"""Admin pages of users: search, access, and money moved by hand."""

from decimal import Decimal

from django.conf import settings
from django.contrib import messages
from django.db.models import F, QuerySet
from django.db.models.functions import Coalesce
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.change_access import NotAllowed, change_access
from accounts.decorators import MemberRequest, admin_required
from accounts.group_form import MembershipForm
from accounts.models import Role, User
from billing import ledger
from billing.adjustments import (
    balance_after,
    book,
    is_alone,
    is_bookable,
    money,
    needs_two,
    propose,
)
from billing.forms import (
    AccessForm,
    ConfirmedForm,
    CorrectionForm,
    MoneyForm,
    PageForm,
    TopUpForm,
    UserSearchForm,
)
from billing.models import Adjustment, AdjustmentKind
from billing.statement import read_statement
from lib.email_addresses import search_form
from lib.keyset import newest_first

PAGE = 50  # users
MAX_CLOSED = 10  # closed proposals shown on a user's page


@admin_required
@require_GET
def admin_users(request: MemberRequest) -> HttpResponse:
    """Users by e-mail and role, newest first."""
    form = UserSearchForm(request.GET)
    if not form.is_valid():
        raise Http404("There is no such list of users")
    place = PageForm.read(request.GET)
    users = _matching(text=search_form(form.cleaned_data["q"]), role=form.cleaned_data["role"])
    page = newest_first(users, size=PAGE, before=place.before, after=place.after)
    context = {
        "form": form,
        "users": page.rows,
        "newer": page.newer_than,
        "older": page.older_than,
        "proposals": Adjustment.objects.to_agree(),
    }
    return render(request, "billing/admin/users.html", context)


@admin_required
@require_http_methods(["GET", "POST"])
def admin_user(request: MemberRequest, pk: int) -> HttpResponse:
    """One user: access, wallet, movements. POST changes role and access."""
    user = get_object_or_404(User, pk=pk)
    if request.method == "GET":
        return _page(request, user)
    form = AccessForm(request.POST)
    if form.is_valid():
        try:
            change_access(
                user=user,
                role=Role(form.cleaned_data["role"]),
                is_active=form.cleaned_data["is_active"],
                actor=request.user,
            )
        except NotAllowed as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, f"Saved: {user.email}.")
            return redirect("admin_user", pk=pk)
    return _page(request, user, access=form)


@admin_required
@require_POST
def admin_user_top_up(request: MemberRequest, pk: int) -> HttpResponse:
    """Book money received outside the panel."""
    return _adjust(request, pk, AdjustmentKind.TOP_UP, TopUpForm(request.POST))


@admin_required
@require_POST
def admin_user_correct(request: MemberRequest, pk: int) -> HttpResponse:
    """Give or take money by hand."""
    return _adjust(request, pk, AdjustmentKind.CORRECTION, CorrectionForm(request.POST))


def _adjust(request: MemberRequest, pk: int, kind: AdjustmentKind, form: MoneyForm) -> HttpResponse:
    """Book the form, or propose it where it takes a second admin; who has none confirms it."""
    user = get_object_or_404(User, pk=pk)
    if form.is_valid():
        is_large, alone = needs_two(form.cleaned_data["amount"]), is_alone(request.user)
        book_or_propose = _proposed if is_large and not alone else _booked
        if is_large and alone and "is_confirmed" not in request.POST:
            book_or_propose = _asked
        try:
            return book_or_propose(request, user, kind, form)
        except ledger.LedgerError as error:
            _explain(error, form)
    return _page(request, user, **{form.subject: form})


def _asked(
    request: MemberRequest, user: User, kind: AdjustmentKind, form: MoneyForm
) -> HttpResponse:
    """Ask for confirmation, unless the ledger would reject it or has booked it."""
    values = form.cleaned_data
    if not is_bookable(kind=kind, customer=user, actor=request.user, now=timezone.now(), **values):
        return _booked(request, user, kind, form)
    return render(request, "confirm.html", _question(user, kind, form))


def _question(user: User, kind: AdjustmentKind, form: MoneyForm) -> dict[str, object]:
    """What confirm.html asks an admin who has no second one."""
    amount = form.cleaned_data["amount"]
    is_top_up = kind == AdjustmentKind.TOP_UP
    act = f"Add {money(amount)}" if is_top_up else f"Correct by {money(amount)}"
    after = balance_after(customer=user, amount=amount)
    return {
        "title": "Confirm the amount",
        "question": f"{act}: {user.email}?",
        "details": [
            f"Balance now {money(after - amount)}, afterwards {money(after)}.",
            f"Reason, shown to the customer: {form.cleaned_data['reason']}",
            "Nobody else approves it. A booking can be corrected, but never changed.",
        ],
        "form": ConfirmedForm(initial=form.cleaned_data),
        "action": act,
        "cancel_url": reverse("admin_user", args=[user.pk]),
    }


@admin_required
@require_POST
def admin_user_balance_after(request: MemberRequest, pk: int) -> HttpResponse:
    """The balance that the amount being typed would lead to, as a fragment; moves nothing."""
    user = get_object_or_404(User, pk=pk)
    form = CorrectionForm(request.POST)
    form.is_valid()
    amount = form.cleaned_data.get("amount", Decimal(0))
    context = {
        "balance_after": balance_after(customer=user, amount=amount),
        "is_moved": bool(amount),
        "currency": settings.PANEL_CURRENCY,
    }
    return HttpResponse(render_to_string("billing/admin/_balance_after.html", context))


def _page(request: MemberRequest, user: User, **invalid: AccessForm | MoneyForm) -> HttpResponse:
    """The page of one user; 422 with a form that has errors."""
    place = PageForm.read(request.GET)
    context = {
        "customer": user,
        "statement": read_statement(
            owner=user, order_url_name="staff_order", before=place.before, after=place.after
        ),
        "membership": MembershipForm(initial={"group": user.group_id}),
        "access": AccessForm(initial={"role": user.role, "is_active": user.is_active}),
        "proposals": Adjustment.objects.to_agree().filter(customer=user),
        "settled": Adjustment.objects.settled().filter(customer=user)[:MAX_CLOSED],
        "limit": settings.SECOND_PERSON_ABOVE,
        "is_alone": is_alone(request.user),
        "top_up": TopUpForm(),
        "correction": CorrectionForm(),
        **invalid,
    }
    return render(request, "billing/admin/user.html", context, status=422 if invalid else 200)


def _matching(*, text: str, role: str) -> QuerySet[User]:
    users = User.objects.annotate(balance=Coalesce(F("wallet__balance"), Decimal(0)))
    if text:
        users = users.filter(email__contains=text)
    if role:
        users = users.filter(role=role)
    return users


def _explain(error: ledger.LedgerError, form: MoneyForm) -> None:
    if isinstance(error, ledger.InsufficientFunds):
        form.add_error("amount", f"Amount: only {money(error.available)} is available.")
    elif isinstance(error, ledger.BadAmount):
        form.add_error("amount", f"Amount: {error}.")
    elif isinstance(error, ledger.Halted):
        form.add_error(None, str(error))
    else:
        form.add_error(
            None,
            "You already submitted this form with another amount."
            " Check the movements below, then start again.",
        )


def _proposed(
    request: MemberRequest, user: User, kind: AdjustmentKind, form: MoneyForm
) -> HttpResponse:
    adjustment, is_new = propose(
        kind=kind, customer=user, actor=request.user, now=timezone.now(), **form.cleaned_data
    )
    if is_new:
        messages.success(
            request,
            f"{money(adjustment.amount)} waits for another admin. Nothing has been booked yet.",
        )
    else:
        messages.info(
            request,
            "You already submitted this form. Nothing was proposed twice.",
        )
    return redirect("admin_user", pk=user.pk)


def _booked(
    request: MemberRequest, user: User, kind: AdjustmentKind, form: MoneyForm
) -> HttpResponse:
    transfer = book(
        kind=kind, customer=user, actor=request.user, now=timezone.now(), **form.cleaned_data
    )
    if transfer is None:
        messages.info(request, "You already submitted this form. Nothing was booked twice.")
    else:
        messages.success(
            request,
            f"Booked {money(transfer.signed_amount)}."
            f" {user.email} now has {money(transfer.balance_after)}.",
        )
    return redirect("admin_user", pk=user.pk)
