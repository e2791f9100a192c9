"""The form of a mass order: the text, and the signed offer that stands behind its button."""

from typing import Final

from django import forms
from django.urls import reverse_lazy

from orders.mass_order.parse import Line, read_lines

LINES: Final = 500  # in one go; each is a transaction of its own, some milliseconds long
TEXT_LENGTH: Final = 64 * 1024  # characters
EXAMPLE: Final = "1 | https://example.com/page | 1000"
LIVE: Final = {  # the check follows the typing; without a script there is a button
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
        """The text as it came, with its `lines` read."""
        text: str = self.cleaned_data["text"]
        self.lines = read_lines(text=text)
        if not self.lines:
            raise forms.ValidationError("Write one order a line.", code="required")
        if len(self.lines) > LINES:
            raise forms.ValidationError(
                f"At most {LINES} lines at once; these are {len(self.lines):,}."
            )
        return text
