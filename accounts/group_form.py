"""Forms of customer groups: limits and membership."""

from typing import TYPE_CHECKING

from django import forms

from accounts.models import CustomerGroup

if TYPE_CHECKING:
    GroupModelForm = forms.ModelForm[CustomerGroup]
else:  # Django's class takes no parameter at run time
    GroupModelForm = forms.ModelForm

MAX_LIMIT = 100_000  # per minute


def _limit(label: str, *, help_text: str) -> forms.IntegerField:
    bounds = f"{label}: a whole number from 1 to {MAX_LIMIT:,}."
    return forms.IntegerField(
        label=label,
        min_value=1,
        max_value=MAX_LIMIT,
        help_text=help_text,
        error_messages=dict.fromkeys(("required", "invalid", "min_value", "max_value"), bounds),
    )


class GroupForm(GroupModelForm):
    """Name and limits of a group."""

    requests_per_minute = _limit("Requests per minute", help_text="For each API key.")
    orders_per_minute = _limit("Orders per minute", help_text="For each user, through the API.")

    class Meta:
        model = CustomerGroup
        fields = ("name", "requests_per_minute", "orders_per_minute")
        error_messages = {
            "name": {
                "required": "Name: enter a name.",
                "max_length": "Name: at most 60 characters.",
                "unique": "Name: a group with this name already exists.",
            }
        }


class MembershipForm(forms.Form):
    """The group of a user, or none."""

    group = forms.ModelChoiceField(
        label="Group",
        queryset=CustomerGroup.objects.order_by("name"),
        required=False,
        empty_label="None (default limits)",
        help_text="Sets the limits of API requests and orders per minute.",
        error_messages={"invalid_choice": "Group: this group does not exist."},
    )
