"""The form of a webhook endpoint."""

from django import forms
from django.conf import settings

from lib.public_url import check_url
from orders.models import WebhookType


class WebhookForm(forms.Form):
    """Where to send, and what."""

    url = forms.CharField(
        label="URL",
        max_length=500,
        widget=forms.TextInput(
            attrs={"inputmode": "url", "autocomplete": "off", "spellcheck": "false"}
        ),
        help_text=(
            "Your program's URL, for example https://shop.example/webhooks. "
            "Must be https on port 443."
        ),
        error_messages={
            "required": "URL: enter a URL.",
            "max_length": "URL: at most 500 characters.",
        },
    )
    events = forms.MultipleChoiceField(
        choices=WebhookType.choices,
        initial=WebhookType.values,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Events: choose at least one."},
    )

    def clean_url(self) -> str:
        """A public address; names that lead inside are rejected when it is called."""
        return check_url(
            self.cleaned_data["url"], is_private_allowed=settings.WEBHOOK_ALLOW_PRIVATE
        )
