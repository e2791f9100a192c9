"""Forms about money and users, and the page parameters of lists."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import uuid4

from django import forms
from django.http import Http404

from accounts.models import Role
from billing.ledger import STEP
from billing.models import MONEY


@dataclass(frozen=True, slots=True)
class Place:
    """The page of a list: before or after a key, or the first one."""

    before: int | None
    after: int | None


class PageForm(forms.Form):
    """The query parameters of a keyset page."""

    before = forms.IntegerField(required=False, min_value=0, max_value=2**63 - 1)
    after = forms.IntegerField(required=False, min_value=0, max_value=2**63 - 1)

    @classmethod
    def read(cls, query: Mapping[str, Any]) -> Place:
        """The page that is asked for. Raises Http404 for parameters that are no keys."""
        form = cls(query)
        if not form.is_valid():
            raise Http404("There is no such page of this list")
        return Place(before=form.cleaned_data["before"], after=form.cleaned_data["after"])


class UserSearchForm(forms.Form):
    """Filters of the user list."""

    q = forms.CharField(required=False, label="E-mail", max_length=254, widget=forms.SearchInput)
    role = forms.ChoiceField(
        required=False, label="Role", choices=[("", "All roles"), *Role.choices]
    )


class AccessForm(forms.Form):
    """Role and access of a user."""

    role = forms.ChoiceField(
        label="Role", choices=Role.choices, error_messages={"invalid_choice": "Role: no such role."}
    )
    is_active = forms.BooleanField(label="Can log in and order", required=False)


class MoneyForm(forms.Form):
    """Amount and reason of an adjustment; `act_id` makes a form count once."""

    subject = "money"  # prefix of the control ids: a page has two such forms

    def __init__(self, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data, auto_id=f"{self.subject}_%s")

    amount = forms.DecimalField(
        label="Amount",
        **MONEY,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
        error_messages={
            "required": "Amount: enter an amount.",
            "invalid": "Amount: enter a number such as 10.00.",
            "max_decimal_places": "Amount: at most five decimals.",
            "max_digits": "Amount: too large.",
            "max_whole_digits": "Amount: too large.",
        },
    )
    reason = forms.CharField(
        label="Reason",
        max_length=300,
        help_text="Shown to the customer in the wallet.",
        error_messages={
            "required": "Reason: enter a reason.",
            "max_length": "Reason: at most 300 characters.",
        },
    )
    act_id = forms.UUIDField(
        widget=forms.HiddenInput,
        initial=uuid4,
        error_messages={
            "required": "This form is incomplete. Reload the page and try again.",
            "invalid": "This form is damaged. Reload the page and try again.",
        },
    )


class ConfirmedForm(forms.Form):
    """The same values again, once the admin has confirmed them; rendered hidden."""

    amount = forms.CharField(widget=forms.HiddenInput)
    reason = forms.CharField(widget=forms.HiddenInput)
    act_id = forms.CharField(widget=forms.HiddenInput)
    is_confirmed = forms.CharField(widget=forms.HiddenInput, initial="yes")


class TopUpForm(MoneyForm):
    """Money received outside the panel."""

    subject = "top_up"

    def clean_amount(self) -> Decimal:
        """Above zero."""
        amount: Decimal = self.cleaned_data["amount"]
        if amount < STEP:
            raise forms.ValidationError(
                "Amount: must be above 0. Use a correction to take money away."
            )
        return amount


class CorrectionForm(MoneyForm):
    """Money given or taken by hand."""

    subject = "correction"

    def clean_amount(self) -> Decimal:
        """Not zero."""
        amount: Decimal = self.cleaned_data["amount"]
        if not amount:
            raise forms.ValidationError("Amount: must not be 0.")
        return amount
