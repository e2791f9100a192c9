"""Open a provider's client: the only place that decrypts stored keys."""

from django.conf import settings

from catalog.models import Provider
from catalog.status_words import taught_words
from catalog.upstream import Client, Endpoint
from lib.encryption import unseal


def open_client(provider: Provider) -> Client:
    """A client, to be closed by the caller; sends nothing yet. Raises CannotUnseal."""
    return Client(
        Endpoint(
            url=provider.url,
            key=unseal(provider.sealed_key),
            timeout=settings.PROVIDER_TIMEOUT,
            is_private_allowed=settings.PROVIDER_ALLOW_PRIVATE,
        ),
        taught=taught_words(provider),
    )
