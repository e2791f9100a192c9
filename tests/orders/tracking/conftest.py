"""A provider whose refundable ends are confirmed quickly, and a service of it."""

import pytest
from pytest_django import Settings

from catalog.models import Provider, Service
from tests.connected_provider import connect, mirror_service
from tests.double.handle import ProviderDouble
from tests.orders.tracking.sweeps import CONFIRM


@pytest.fixture
def provider(double: ProviderDouble, settings: Settings) -> Provider:
    settings.REFUND_CONFIRM = CONFIRM
    settings.TRACK_MIN_INTERVAL = 60
    return connect(double)


@pytest.fixture
def service(double: ProviderDouble, provider: Provider) -> Service:
    return mirror_service(double, provider, cancel=True)
