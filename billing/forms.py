"""What people type about money, and where in a list they are."""

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
    """Where in a list to read on: before or after a key, or from the start."""

    before: int | None
    after: int | None


class PageForm(forms.Form):
    """Reads the place from an address."""

    before = forms.IntegerField(required=False, min_value=0, max_value=2**63 - 1)
    after = forms.IntegerField(required=False, min_value=0, max_value=2**63 - 1)

    @classmethod
    def read(cls, query: Mapping[str, Any]) -> Place:
        """The place that the address names. Raises Http404 where it names none that can be."""
        form = cls(query)
        if not form.is_valid():
            raise Http404("There is no such page of this list")
        return Place(before=form.cleaned_data["before"], after=form.cleaned_data["after"])


class UserSearchForm(forms.Form):
    """Finds users."""

    q = forms.CharField(required=False, label="E-mail", max_length=254, widget=forms.SearchInput)
    role = forms.ChoiceField(
        required=False, label="Role", choices=[("", "All roles"), *Role.choices]
    )


class AccessForm(forms.Form):
    """What a user may do."""

    role = forms.ChoiceField(
        label="Role", choices=Role.choices, error_messages={"invalid_choice": "Role: no such role."}
    )
    is_active = forms.BooleanField(label="May log in and order", required=False)


class MoneyForm(forms.Form):
    """What moving money by hand needs: an amount, a reason, and the number that makes a form
    count once.
    """

    subject = "money"  # begins the ids of the controls: two such forms stand on one page

    def __init__(self, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data, auto_id=f"{self.subject}_%s")

    amount = forms.DecimalField(
        label="Amount",
        **MONEY,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
        error_messages={
            "required": "Amount: say how much.",
            "invalid": "Amount: type a number such as 10.00.",
            "max_decimal_places": "Amount: at most five decimals.",
            "max_digits": "Amount: too large to book.",
            "max_whole_digits": "Amount: too large to book.",
        },
    )
    reason = forms.CharField(
        label="Reason",
        max_length=300,
        help_text="The customer reads it in the wallet.",
        error_messages={
            "required": "Reason: say why.",
            "max_length": "Reason: at most 300 characters.",
        },
    )
    act_id = forms.UUIDField(
        widget=forms.HiddenInput,
        initial=uuid4,
        error_messages={
            "required": "act_id: the form's number is missing; load the page again.",
            "invalid": "act_id: the form's number is damaged; load the page again.",
        },
    )


class TopUpForm(MoneyForm):
    """Money that reached us outside of the panel."""

    subject = "top_up"

    def clean_amount(self) -> Decimal:
        """Above zero: what is taken away is a correction."""
        amount: Decimal = self.cleaned_data["amount"]
        if amount < STEP:
            raise forms.ValidationError(
                "Amount: it must be above 0; take money away by a correction."
            )
        return amount


class CorrectionForm(MoneyForm):
    """Money given or taken by hand."""

    subject = "correction"

    def clean_amount(self) -> Decimal:
        """Either way, but not nothing."""
        amount: Decimal = self.cleaned_data["amount"]
        if not amount:
            raise forms.ValidationError("Amount: 0 moves nothing.")
        return amount
