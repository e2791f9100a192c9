"""Forms of the account page."""

import re

from django import forms

from accounts.models import KeyScope
from lib.ip_addresses import BadNetwork, read_networks


class ApiKeyForm(forms.Form):
    """Names a new API key and says what it may do, and from where."""

    name = forms.CharField(
        label="Name of the new key",
        max_length=60,
        help_text="So that you know later which program uses it.",
        error_messages={
            "required": "Name: say which program will use the key.",
            "max_length": "Name: at most 60 characters.",
        },
    )
    scope = forms.ChoiceField(
        label="Access",
        choices=KeyScope.choices,
        initial=KeyScope.ORDER,
        help_text="A key that only reads sees services, orders and the balance; it spends nothing and changes nothing.",
    )
    allowed_ips = forms.CharField(
        label="Allowed addresses",
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false", "autocapitalize": "off"}),
        help_text="One IP address or network per line, such as 203.0.113.7 or 2001:db8::/48. Empty: from anywhere.",
    )

    def clean_allowed_ips(self) -> list[str]:
        """The networks as they are kept."""
        try:
            return read_networks(re.split(r"[\s,]+", self.cleaned_data["allowed_ips"]))
        except BadNetwork as refusal:
            raise forms.ValidationError(str(refusal)) from None
