"""Each test begins with counters of its own; Valkey counts and remembers only where a test asks for it."""

import pytest


@pytest.fixture(autouse=True)
def _fresh_counters(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.conf import settings  # Django must be set up first

    from orders.api import admitting, limiting, remembering
    from orders.api.memory import Memory

    fresh = limiting.Limiter()
    monkeypatch.setattr(limiting, "limiter", fresh)
    monkeypatch.setattr(admitting, "limiter", fresh)
    nowhere = "redis://127.0.0.1:9/0"  # nobody listens
    url, patience = (settings.REDIS_URL, 60.0) if "valkey" in request.fixturenames else (nowhere, 0.5)
    memory = Memory(url=url, patience=patience)  # patient: how long a busy machine's Valkey takes is no matter of ours
    monkeypatch.setattr(limiting, "memory", lambda: memory)
    monkeypatch.setattr(remembering, "memory", lambda: memory)
