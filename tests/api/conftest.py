"""The API's counters are a process's own while there is no Valkey: each test begins with none."""

import pytest


@pytest.fixture(autouse=True)
def _fresh_counters(monkeypatch: pytest.MonkeyPatch) -> None:
    from orders.api import admitting, limiting  # Django must be set up first

    fresh = limiting.Limiter()
    monkeypatch.setattr(limiting, "limiter", fresh)
    monkeypatch.setattr(admitting, "limiter", fresh)
