"""Logs: whatever looks like a key or a password is blanked out."""

import pytest

from panel.logs import redact


@pytest.mark.parametrize(
    ("line", "logged"),
    [
        ("POST key=canary&action=add", "POST key=…&action=add"),
        ("{'api_key': 'canary', 'service': 1}", "{'api_key': '…', 'service': 1}"),
        ("X-Api-Key: canary", "X-Api-Key: …"),
        ("redis://:canary@broker:6379/0 is away", "redis://:…@broker:6379/0 is away"),
        ("postgres://panel:canary@database/panel", "postgres://panel:…@database/panel"),
        ("Key (reference)=(order:17:charge) exists", "Key (reference)=(order:17:charge) exists"),
        ("https://panel.example:8443/@name", "https://panel.example:8443/@name"),
    ],
)
def test_secret_in_a_text_is_blanked(line: str, logged: str) -> None:
    assert redact(None, "info", {"event": line}) == {"event": logged}


def test_value_that_is_named_like_a_secret_is_blanked() -> None:
    assert redact(None, "info", {"event": "sent", "api_key": "canary", "order": 17}) == {
        "event": "sent",
        "api_key": "…",
        "order": 17,
    }
