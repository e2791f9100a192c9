"""The subject of a transfer is carried over from its reference, and the ledger stays guarded."""

from collections.abc import Iterator

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.migrations.executor import MigrationExecutor

from billing import ledger
from billing.models import SubjectKind, Transfer
from orders.lifecycle.refund import refund_up_to
from orders.models import Status
from tests.factories import NOW, make_order

pytestmark = pytest.mark.django_db(transaction=True)

BEFORE = [("billing", "0005_adjustments_of_two")]
GENERATED = """
SELECT count(*) FROM pg_attribute
WHERE attrelid = 'billing_transfer'::regclass AND attgenerated <> ''
"""


@pytest.fixture
def newest() -> Iterator[list[tuple[str, str]]]:
    """The newest migrations, to which the database returns."""
    targets = MigrationExecutor(connection).loader.graph.leaf_nodes()
    yield targets
    MigrationExecutor(connection).migrate(targets)


def rows() -> list[tuple[object, ...]]:
    return list(Transfer.objects.order_by("pk").values_list())


def test_the_subject_of_a_transfer_is_carried_over(newest: list[tuple[str, str]]) -> None:
    order = make_order(status=Status.COMPLETED)
    refund_up_to(order=order, owed=order.charge / 2, now=NOW)
    ledger.top_up(
        customer=order.user, amount=order.charge, gateway="cards", payment_id="1:2", now=NOW
    )
    before = rows()
    MigrationExecutor(connection).migrate(BEFORE)

    MigrationExecutor(connection).migrate(newest)

    assert rows() == before
    assert [
        (transfer.kind, transfer.subject_kind, transfer.subject_id, transfer.gateway)
        for transfer in Transfer.objects.order_by("pk")
    ] == [
        ("top_up", "", None, "test"),
        ("charge", SubjectKind.ORDER, order.pk, ""),
        ("refund", SubjectKind.ORDER, order.pk, ""),
        ("top_up", "", None, "cards"),
    ]


def test_transfers_are_append_only_after_it(newest: list[tuple[str, str]]) -> None:
    order = make_order()
    MigrationExecutor(connection).migrate(BEFORE)
    MigrationExecutor(connection).migrate(newest)

    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        Transfer.objects.filter(subject_id=order.pk).update(subject_id=order.pk + 1)
    with connection.cursor() as cursor:
        cursor.execute(GENERATED)
        assert cursor.fetchone() == (0,)
