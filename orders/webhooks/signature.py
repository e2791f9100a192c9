"""Webhook signatures by the Standard Webhooks specification: HMAC-SHA-256, version v1."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterable

PREFIX = "whsec_"
SECRET_LENGTH = 32  # bytes; the specification wants 24 to 64


def make_secret() -> str:
    """A new secret as receivers' libraries take it: whsec_ and base64."""
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_LENGTH)).decode()


def sign(*, keys: Iterable[str], message_id: str, timestamp: int, body: bytes) -> str:
    """The value of `webhook-signature`: one signature for each secret.

    `timestamp` in seconds since 1970. Raises ValueError for a malformed secret.
    """
    content = f"{message_id}.{timestamp}.".encode() + body
    return " ".join(f"v1,{_digest(key, content)}" for key in keys)


def _digest(key: str, content: bytes) -> str:
    plain = base64.b64decode(key.removeprefix(PREFIX), validate=True)
    return base64.b64encode(hmac.new(plain, content, hashlib.sha256).digest()).decode()
