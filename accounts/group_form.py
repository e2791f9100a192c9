"""Forms of customer groups: what their programs may ask of the API, and who is in which."""

from typing import TYPE_CHECKING

from django import forms

from accounts.models import CustomerGroup

if TYPE_CHECKING:
    GroupModelForm = forms.ModelForm[CustomerGroup]
else:  # Django's class takes no parameter at run time
    GroupModelForm = forms.ModelForm

MAX_LIMIT = 100_000  # a minute; more than one machine answers


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
    """Names a group and sets its limits."""

    requests_per_minute = _limit("Requests a minute", help_text="Of each API key.")
    orders_per_minute = _limit("Orders a minute", help_text="Of each user, by the API.")

    class Meta:
        model = CustomerGroup
        fields = ("name", "requests_per_minute", "orders_per_minute")
        error_messages = {
            "name": {
                "required": "Name: say who they are.",
                "max_length": "Name: at most 60 characters.",
                "unique": "Name: there is a group of that name.",
            }
        }


class MembershipForm(forms.Form):
    """Puts a user into a group, or into none."""

    group = forms.ModelChoiceField(
        label="Group",
        queryset=CustomerGroup.objects.order_by("name"),
        required=False,
        empty_label="None: the usual limits",
        help_text="How many API requests and orders a minute.",
        error_messages={"invalid_choice": "Group: there is no such group."},
    )
