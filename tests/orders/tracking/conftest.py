"""A provider whose refundable ends are confirmed quickly, and a service of it."""

from typing import TYPE_CHECKING

import pytest
from pytest_django import Settings

if TYPE_CHECKING:
    from catalog.models import Provider, Service
    from tests.double.handle import ProviderDouble


@pytest.fixture
def provider(double: "ProviderDouble", settings: Settings) -> "Provider":
    from tests.connected_provider import connect
    from tests.orders.tracking.sweeps import CONFIRM

    settings.REFUND_CONFIRM = CONFIRM
    settings.TRACK_MIN_INTERVAL = 60
    return connect(double)


@pytest.fixture
def service(double: "ProviderDouble", provider: "Provider") -> "Service":
    from tests.connected_provider import mirror_service

    return mirror_service(double, provider, cancel=True)
