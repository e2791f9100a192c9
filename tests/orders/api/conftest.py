"""Each test begins with counters of its own; Valkey counts and remembers only where a test asks for
it.
"""

from collections.abc import Iterator

import pytest
from pytest_django import Settings


@pytest.fixture(autouse=True)
def _fresh_counters(
    request: pytest.FixtureRequest, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    from orders.api import rate_limit, recent_requests  # Django must be set up first
    from orders.api.valkey import Memory, memory

    vars(rate_limit.limiter).update(vars(rate_limit.Limiter()))
    memory.cache_clear()
    if "valkey" in request.fixturenames:
        # patient: how long a busy machine's Valkey takes is no matter of ours
        patient = Memory(url=settings.REDIS_URL, timeout=60.0)
        monkeypatch.setattr(rate_limit, "memory", lambda: patient)
        monkeypatch.setattr(recent_requests, "memory", lambda: patient)
    else:
        settings.REDIS_URL = "redis://127.0.0.1:9/0"  # nobody listens
    yield
    memory.cache_clear()
