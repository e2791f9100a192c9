"""The fence that keeps a lane empty while its account is read."""

from datetime import timedelta

import psycopg
import pytest
from django.db import connection
from django.utils import timezone

from catalog.models import Provider
from orders.forwarding.drain import drained_lane, lift_dead_drains
from orders.forwarding.expired_leases import reap_leases
from orders.jobs.sender_locks import FENCES
from orders.models import ProviderAccount
from tests.factories import make_provider
from tests.orders.attempts import drain

pytestmark = pytest.mark.django_db(transaction=True)


def fence_of(provider: Provider) -> object:
    return ProviderAccount.objects.get(provider=provider).draining_until


def leave_fence(provider: Provider) -> None:
    """A fence as a killed resolver leaves it behind."""
    drain(provider, until=timezone.now() + timedelta(minutes=1))


def test_fence_stands_while_one_reads_and_no_longer() -> None:
    provider = make_provider()

    with drained_lane(provider_id=provider.pk, patience=1) as is_empty:
        standing = fence_of(provider)

    assert is_empty
    assert standing is not None
    assert fence_of(provider) is None


def test_fence_of_a_living_resolver_is_its_own() -> None:
    provider = make_provider()
    leave_fence(provider)
    # the session of the living one
    with psycopg.connect(**connection.get_connection_params()) as other:
        other.execute("SELECT pg_advisory_lock(%s)", [FENCES + provider.pk])

        with drained_lane(provider_id=provider.pk, patience=1) as is_empty:
            pass

        assert is_empty is False
        assert lift_dead_drains() == 0
        assert fence_of(provider) is not None
        other.execute("SELECT pg_advisory_unlock_all()")


def test_fence_of_a_dead_resolver_is_taken_over() -> None:
    provider = make_provider()
    leave_fence(provider)

    with drained_lane(provider_id=provider.pk, patience=1) as is_empty:
        pass

    assert is_empty
    assert fence_of(provider) is None


def test_fence_of_a_dead_resolver_is_lifted_with_what_else_dead_workers_left() -> None:
    provider = make_provider()
    leave_fence(provider)

    note = reap_leases(now=timezone.now())

    assert note == "1 drained lanes reopened"
    assert fence_of(provider) is None
    assert reap_leases(now=timezone.now()) == "nothing left behind"
