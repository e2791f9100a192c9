"""Each test begins with counters of its own; Valkey counts and remembers only where a test asks for it."""

import pytest


@pytest.fixture(autouse=True)
def _fresh_counters(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    from orders.api import admitting, limiting, remembering  # Django must be set up first
    from orders.api.memory import Memory

    fresh = limiting.Limiter()
    monkeypatch.setattr(limiting, "limiter", fresh)
    monkeypatch.setattr(admitting, "limiter", fresh)
    if "valkey" not in request.fixturenames:
        away = Memory(url="redis://127.0.0.1:9/0")  # where nobody listens
        monkeypatch.setattr(limiting, "memory", lambda: away)
        monkeypatch.setattr(remembering, "memory", lambda: away)
