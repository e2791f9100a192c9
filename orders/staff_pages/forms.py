"""Forms of staff's decisions about an order."""

from collections.abc import Mapping
from typing import Any, Final

from django import forms

from orders.models import Status

REASON_LENGTH: Final = 300


class ReasonForm(forms.Form):
    """A decision with its reason, which staff read on the order's timeline."""

    reason = forms.CharField(
        label="Reason",
        max_length=REASON_LENGTH,
        error_messages={"required": "Reason: enter why."},
    )


class AttachForm(ReasonForm):
    """The provider's order that this one is."""

    field_order = ["upstream_id", "reason"]
    upstream_id = forms.RegexField(
        r"^[0-9A-Za-z_-]+$",
        label="Provider's order id",
        max_length=64,
        error_messages={
            "required": "Provider's order id: enter it.",
            "invalid": "Provider's order id: letters, digits, - and _ only.",
        },
    )


class SettleForm(ReasonForm):
    """How the order ended, whatever the provider says."""

    field_order = ["status", "undelivered", "reason"]
    status = forms.TypedChoiceField(
        label="Ended as",
        widget=forms.RadioSelect,
        coerce=Status,
        choices=[
            (Status.COMPLETED.value, "Completed: all was delivered, nothing is refunded"),
            (Status.PARTIAL.value, "Partial: some is missing and is refunded"),
            (Status.CANCELED.value, "Canceled: nothing was delivered, all is refunded"),
        ],
        error_messages={
            "required": "Ended as: choose one.",
            "invalid_choice": "Ended as: choose one.",
        },
    )
    undelivered = forms.IntegerField(
        label="Undelivered units",
        required=False,
        min_value=0,
        max_value=2**62,
        help_text="Only for a partial order.",
        error_messages={
            "invalid": "Undelivered units: enter a whole number.",
            "min_value": "Undelivered units: enter 0 or more.",
            "max_value": "Undelivered units: this number is too large.",
        },
    )
    # what staff have read that it pays back: nothing is ended before they have
    refund = forms.DecimalField(required=False, widget=forms.HiddenInput)

    def clean(self) -> dict[str, Any]:
        """A number of missing units and an end without missing units contradict each other."""
        status, undelivered = self.cleaned_data.get("status"), self.cleaned_data.get("undelivered")
        if "undelivered" in self.errors or status is None:
            return self.cleaned_data
        if status == Status.PARTIAL and undelivered is None:
            self.add_error("undelivered", "Undelivered units: enter how many are missing.")
        elif status != Status.PARTIAL and undelivered is not None:
            text = "Undelivered units: leave this empty, or choose Partial."
            self.add_error("undelivered", text)
        return self.cleaned_data


class PostsForm(ReasonForm):
    """How many posts of a subscription were served and not counted yet."""

    field_order = ["posts", "reason"]
    posts = forms.IntegerField(
        label="Posts served and not counted yet",
        min_value=0,
        max_value=10_000,
        error_messages={
            "required": "Posts: enter a number, 0 for none.",
            "invalid": "Posts: enter a whole number.",
        },
    )


FORMS: Final[Mapping[str, type[ReasonForm]]] = {
    "attach": AttachForm,
    "resend": ReasonForm,
    "refund": ReasonForm,
    "settle": SettleForm,
    "undo": ReasonForm,
    "posts": PostsForm,
    "close": ReasonForm,
}


def form_for(decision: str, pk: int, sent: Any = None) -> ReasonForm:
    """The form of one decision about the row `pk`, with ids of its own: a page holds many."""
    return FORMS[decision](sent, auto_id=f"id_{decision}_{pk}_%s")
