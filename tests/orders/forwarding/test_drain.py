"""A lane is kept empty while its account is read."""

from datetime import timedelta

import psycopg
import pytest
from django.db import connection
from django.utils import timezone

from catalog.models import Provider
from orders.forwarding.drain import drained_lane, lift_dead_drains
from orders.forwarding.expired_leases import settle_expired_leases
from orders.jobs.sender_locks import DRAINS
from orders.models import ProviderAccount
from tests.factories import make_provider
from tests.orders.attempts import drain

pytestmark = pytest.mark.django_db(transaction=True)


def drained_until(provider: Provider) -> object:
    return ProviderAccount.objects.get(provider=provider).draining_until


def leave_drain(provider: Provider) -> None:
    """A drain as a killed resolver leaves it behind."""
    drain(provider, until=timezone.now() + timedelta(minutes=1))


def test_drain_lasts_while_one_reads_and_no_longer() -> None:
    provider = make_provider()

    with drained_lane(provider_id=provider.pk, patience=1) as is_empty:
        standing = drained_until(provider)

    assert is_empty
    assert standing is not None
    assert drained_until(provider) is None


def test_drained_until_a_living_resolver_is_its_own() -> None:
    provider = make_provider()
    leave_drain(provider)
    # the session of the living one
    with psycopg.connect(**connection.get_connection_params()) as other:
        other.execute("SELECT pg_advisory_lock(%s)", [DRAINS + provider.pk])

        with drained_lane(provider_id=provider.pk, patience=1) as is_empty:
            pass

        assert is_empty is False
        assert lift_dead_drains() == 0
        assert drained_until(provider) is not None
        other.execute("SELECT pg_advisory_unlock_all()")


def test_drained_until_a_dead_resolver_is_taken_over() -> None:
    provider = make_provider()
    leave_drain(provider)

    with drained_lane(provider_id=provider.pk, patience=1) as is_empty:
        pass

    assert is_empty
    assert drained_until(provider) is None


def test_drained_until_a_dead_resolver_is_lifted_with_what_else_dead_workers_left() -> None:
    provider = make_provider()
    leave_drain(provider)

    note = settle_expired_leases(now=timezone.now())

    assert note == "1 drained lanes reopened"
    assert drained_until(provider) is None
    assert settle_expired_leases(now=timezone.now()) == "nothing left behind"
