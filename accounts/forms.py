"""Forms of the account page."""

import re

from django import forms

from accounts.models import KeyScope
from lib.ip_addresses import BadNetwork, read_networks


class ApiKeyForm(forms.Form):
    """Name, access and allowed addresses of a new API key."""

    name = forms.CharField(
        label="Name of the new key",
        max_length=60,
        help_text="Tells you later which program uses the key.",
        error_messages={
            "required": "Name: enter the program that will use the key.",
            "max_length": "Name: at most 60 characters.",
        },
    )
    scope = forms.ChoiceField(
        label="Access",
        choices=KeyScope.choices,
        initial=KeyScope.ORDER,
        help_text=(
            "A read key sees services, orders and the balance."
            " It cannot place orders or change anything."
        ),
    )
    allowed_ips = forms.CharField(
        label="Allowed addresses",
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false", "autocapitalize": "off"}),
        help_text=(
            "One IP address or network per line, such as 203.0.113.7 or 2001:db8::/48."
            " Leave empty to allow any address."
        ),
    )

    def clean_allowed_ips(self) -> list[str]:
        """The networks as they are stored."""
        try:
            return read_networks(re.split(r"[\s,]+", self.cleaned_data["allowed_ips"]))
        except BadNetwork as error:
            raise forms.ValidationError(str(error)) from None
