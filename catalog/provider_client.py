"""Opens the client for one of our providers: the only place where a stored key is unsealed to be
used.
"""

from django.conf import settings

from catalog.models import Provider
from catalog.upstream import Client, Endpoint
from lib.encryption import unseal


def open_client(provider: Provider) -> Client:
    """A client of one's own for the sweep or thread that asks; to be closed, best by `with`.

    Raises sealing.CannotUnseal where the key cannot be read. Nothing is sent yet.
    """
    return Client(
        Endpoint(
            url=provider.url,
            key=unseal(provider.sealed_key),
            timeout=settings.PROVIDER_TIMEOUT,
            is_private_allowed=settings.PROVIDER_ALLOW_PRIVATE,
        )
    )
