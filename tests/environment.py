"""What every panel of the tests is set to: secrets that keep nothing, and providers on loopback."""

import base64
from typing import Final

ENVIRONMENT: Final = {
    "DJANGO_SETTINGS_MODULE": "panel.settings",
    "SECRET_KEY": "a key that only the tests know, fifty characters and more",
    "ENCRYPTION_KEYS": base64.urlsafe_b64encode(b"32 bytes, which only tests know.").decode(),
    "API_KEY_PEPPER": "a pepper that only the tests know",
    "LOG_LEVEL": "WARNING",  # two lines for each request, which nobody reads
    "PROVIDER_ALLOW_PRIVATE": "on",  # the provider double listens on loopback
}
