"""Forms of the account page."""

from django import forms


class ApiKeyForm(forms.Form):
    """Names a new API key."""

    name = forms.CharField(
        label="Name of the new key",
        max_length=60,
        help_text="So that you know later which program uses it.",
        error_messages={
            "required": "Name: say which program will use the key.",
            "max_length": "Name: at most 60 characters.",
        },
    )
