"""Admins' pages about users: finding them, what they may do, and money moved by hand."""

from decimal import Decimal

from django.contrib import messages
from django.db.models import F, QuerySet
from django.db.models.functions import Coalesce
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import MemberRequest, admin_required
from accounts.administering import NotAllowed, change_access
from accounts.grouping import MembershipForm
from accounts.models import Role, User
from billing import ledger
from billing.forms import AccessForm, CorrectionForm, MoneyForm, PageForm, TopUpForm, UserSearchForm
from billing.models import Transfer
from billing.statement import read_statement

PAGE = 50  # users


@admin_required
@require_GET
def admin_users(request: MemberRequest) -> HttpResponse:
    """All users, the newest first, by e-mail and role."""
    form = UserSearchForm(request.GET)
    if not form.is_valid():
        raise Http404("There is no such list of users")
    place = PageForm.read(request.GET)
    users = _found(text=form.cleaned_data["q"].strip().lower(), role=form.cleaned_data["role"])
    rows, newer, older = _page_of(users, before=place.before, after=place.after)
    context = {"form": form, "users": rows, "newer": newer, "older": older}
    return render(request, "billing/admin_users.html", context)


@admin_required
@require_http_methods(["GET", "POST"])
def admin_user(request: MemberRequest, pk: int) -> HttpResponse:
    """One user: access, wallet, movements. Posting changes role and access."""
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
        except NotAllowed as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, f"Saved: {user.email}.")
            return redirect("admin_user", pk=pk)
    return _page(request, user, access=form)


@admin_required
@require_POST
def admin_user_top_up(request: MemberRequest, pk: int) -> HttpResponse:
    """Book money that reached us outside of the panel."""
    user = get_object_or_404(User, pk=pk)
    form = TopUpForm(request.POST)
    if form.is_valid():
        try:
            transfer = ledger.top_up(
                customer=user,
                amount=form.cleaned_data["amount"],
                gateway="manual",
                payment_id=str(form.cleaned_data["act_id"]),
                actor=request.user,
                reason=form.cleaned_data["reason"],
                now=timezone.now(),
            )
        except ledger.LedgerError as error:
            _explain(error, form)
        else:
            return _done(request, user, transfer)
    return _page(request, user, top_up=form)


@admin_required
@require_POST
def admin_user_correct(request: MemberRequest, pk: int) -> HttpResponse:
    """Give or take money by hand."""
    user = get_object_or_404(User, pk=pk)
    form = CorrectionForm(request.POST)
    if form.is_valid():
        try:
            transfer = ledger.correct(
                customer=user,
                amount=form.cleaned_data["amount"],
                correction_id=form.cleaned_data["act_id"],
                actor=request.user,
                reason=form.cleaned_data["reason"],
                now=timezone.now(),
            )
        except ledger.LedgerError as error:
            _explain(error, form)
        else:
            return _done(request, user, transfer)
    return _page(request, user, correction=form)


def _page(request: HttpRequest, user: User, **refused: AccessForm | MoneyForm) -> HttpResponse:
    """The page of one user, with the form that was refused, if any: then the answer is 422."""
    place = PageForm.read(request.GET)
    context = {
        "customer": user,
        "statement": read_statement(owner=user, order_url_name="staff_order", before=place.before, after=place.after),
        "membership": MembershipForm(initial={"group": user.group_id}),
        "access": AccessForm(initial={"role": user.role, "is_active": user.is_active}),
        "top_up": TopUpForm(),
        "correction": CorrectionForm(),
        **refused,
    }
    return render(request, "billing/admin_user.html", context, status=422 if refused else 200)


def _found(*, text: str, role: str) -> QuerySet[User]:
    users = User.objects.annotate(balance=Coalesce(F("wallet__balance"), Decimal(0)))
    if text:
        users = users.filter(email__contains=text)  # kept in lower case
    if role:
        users = users.filter(role=role)
    return users


def _page_of(
    users: QuerySet[User], *, before: int | None, after: int | None
) -> tuple[list[User], int | None, int | None]:
    """The newest users, or those before or after one; where the newer and the older pages begin, None for none."""
    if after is not None:
        rows = list(users.filter(pk__gt=after).order_by("pk")[: PAGE + 1])
        is_newer, is_older = len(rows) > PAGE, True  # the page that the admin came from is older
        rows = rows[:PAGE][::-1]
    else:
        below = users.filter(pk__lt=before) if before is not None else users
        rows = list(below.order_by("-pk")[: PAGE + 1])
        is_newer, is_older = before is not None, len(rows) > PAGE
        rows = rows[:PAGE]
    return rows, rows[0].pk if rows and is_newer else None, rows[-1].pk if rows and is_older else None


def _explain(error: ledger.LedgerError, form: MoneyForm) -> None:
    if isinstance(error, ledger.InsufficientFunds):
        form.add_error("amount", f"Amount: the wallet has only {_plain(error.available)} to take.")
    elif isinstance(error, ledger.BadAmount):
        form.add_error("amount", f"Amount: {error}.")
    elif isinstance(error, ledger.Halted):
        form.add_error(None, str(error))
    else:
        form.add_error(
            None, "This form was sent before with another amount: look at the movements below, then begin anew."
        )


def _done(request: HttpRequest, user: User, transfer: Transfer | None) -> HttpResponse:
    if transfer is None:
        messages.info(request, "This form was sent before: the money moved then, and nothing moved now.")
    else:
        messages.success(
            request, f"Booked {_plain(transfer.signed_amount)}. {user.email} now has {_plain(transfer.balance_after)}."
        )
    return redirect("admin_user", pk=user.pk)


def _plain(amount: Decimal) -> str:
    """The figure as it is booked: all its decimals but idle zeros, at least two."""
    whole, _, decimals = f"{amount:.5f}".partition(".")
    return f"{whole}.{decimals.rstrip('0'):0<2}"
