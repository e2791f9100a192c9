"""What staff fill in to decide about an order."""

from collections.abc import Mapping
from typing import Any, Final

from django import forms

from orders.models import Status

REASON_LENGTH: Final = 300


class ReasonForm(forms.Form):
    """A decision with its reason, which stands on the order's timeline for staff."""

    reason = forms.CharField(
        label="Reason",
        max_length=REASON_LENGTH,
        error_messages={"required": "Reason: say why you decide so."},
    )


class AttachForm(ReasonForm):
    """The order is this one at the provider."""

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
    """The order has ended so, whatever the provider says or does not say."""

    field_order = ["status", "undelivered", "reason"]
    status = forms.TypedChoiceField(
        label="It ended as",
        coerce=Status,
        choices=[
            (Status.COMPLETED.value, "Completed: all was delivered"),
            (Status.PARTIAL.value, "Partial: some is missing"),
            (Status.CANCELED.value, "Canceled: nothing was delivered"),
        ],
        error_messages={
            "required": "It ended as: choose one.",
            "invalid_choice": "It ended as: choose one.",
        },
    )
    undelivered = forms.IntegerField(
        label="Undelivered units",
        required=False,
        min_value=0,
        max_value=2**62,
        help_text="Where it is partial.",
        error_messages={"invalid": "Undelivered units: enter a whole number."},
    )


class PostsForm(ReasonForm):
    """How many posts of a subscription were served that no figure of the provider's tells."""

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
    "posts": PostsForm,
    "close": ReasonForm,
}


def form_for(decision: str, pk: int, sent: Any = None) -> ReasonForm:
    """The form of one decision about the row `pk`; ids in the page are its own, since a page
    holds many.
    """
    return FORMS[decision](sent, auto_id=f"id_{decision}_{pk}_%s")
