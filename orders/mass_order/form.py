"""The form of a mass order: the pasted text, and the signed offer behind its button."""

from typing import Final

from django import forms
from django.urls import reverse_lazy

from orders.mass_order.parse import Line, read_lines

MAX_LINES: Final = 500  # in one go; each is a transaction of some milliseconds
TEXT_LENGTH: Final = 64 * 1024  # characters
EXAMPLE: Final = "1 | https://example.com/page | 1000"
LIVE: Final = {  # checks while the customer types; without a script there is a button
    "hx-post": reverse_lazy("order_mass"),
    "hx-trigger": "input changed delay:500ms",
    "hx-target": "#mass-check",
    "hx-swap": "outerHTML",
    "hx-sync": "this:replace",
}


class MassOrderForm(forms.Form):
    """Lines of orders."""

    text = forms.CharField(
        label="Orders",
        strip=False,  # a line keeps its number
        max_length=TEXT_LENGTH,
        widget=forms.Textarea(
            attrs={
                "rows": 10,
                "placeholder": EXAMPLE,
                "spellcheck": "false",
                "autocapitalize": "none",
                **LIVE,
            }
        ),
    )
    offer = forms.CharField(required=False, widget=forms.HiddenInput)

    lines: list[Line]

    def clean_text(self) -> str:
        """The text as typed; its lines are read into `lines`."""
        text: str = self.cleaned_data["text"]
        self.lines = read_lines(text=text)
        if not self.lines:
            raise forms.ValidationError("Enter one order per line.", code="required")
        if len(self.lines) > MAX_LINES:
            raise forms.ValidationError(
                f"You can submit up to {MAX_LINES} lines (you have {len(self.lines):,})."
            )
        return text
