"""Each test begins with counters of its own; Valkey counts and remembers only where a test asks for
it.
"""

import pytest


@pytest.fixture(autouse=True)
def _fresh_counters(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.conf import settings  # Django must be set up first

    from orders.api import authenticate, rate_limit, recent_requests
    from orders.api.valkey import Memory

    fresh = rate_limit.Limiter()
    monkeypatch.setattr(rate_limit, "limiter", fresh)
    monkeypatch.setattr(authenticate, "limiter", fresh)
    nowhere = "redis://127.0.0.1:9/0"  # nobody listens
    url, timeout = (
        (settings.REDIS_URL, 60.0) if "valkey" in request.fixturenames else (nowhere, 0.5)
    )
    # patient: how long a busy machine's Valkey takes is no matter of ours
    memory = Memory(url=url, timeout=timeout)
    monkeypatch.setattr(rate_limit, "memory", lambda: memory)
    monkeypatch.setattr(recent_requests, "memory", lambda: memory)
