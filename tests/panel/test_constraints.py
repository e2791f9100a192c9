"""What the database itself refuses: every constraint of every app, with a statement that it
stops.
"""

import json
from collections.abc import Iterator

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, models, transaction
from psycopg import Error

from accounts.api_keys import issue_key
from accounts.models import CustomerGroup
from billing.ledger import open_wallet
from billing.models import Adjustment, Halt
from catalog.models import (
    Category,
    ExchangeRate,
    LinkRule,
    MarginRule,
    StatusMapping,
    SyncOutcome,
    SyncRun,
    TypeMapping,
    UnknownStatus,
)
from orders.models import (
    AttemptState,
    Baseline,
    Cancellation,
    Investigation,
    Order,
    Orphan,
    Proposal,
    Refill,
    RejectionText,
    Review,
    Status,
    Subscription,
    TopUp,
)
from tests.factories import NOW, make_order, make_service, make_user
from tests.orders.attempts import leave_attempt
from tests.orders.webhooks.endpoints import make_delivery, make_endpoint

pytestmark = pytest.mark.django_db

APPS = ("accounts", "billing", "catalog", "orders")
POSITIVE = (models.PositiveIntegerField, models.PositiveBigIntegerField)


def another(table: str, *, where: str = "true", **changes: object) -> str:
    """A second row that is like the first but for its number and the changes."""
    changed = json.dumps({"id": 10**9, **changes})
    return (
        f"INSERT INTO {table} SELECT (jsonb_populate_record(r, '{changed}')).* "  # noqa: S608
        f"FROM {table} AS r WHERE {where} LIMIT 1"
    )


def change(table: str, columns: str, *, where: str = "true") -> str:
    return f"UPDATE {table} SET {columns} WHERE {where}"  # noqa: S608  # a test's own text


def book(columns: str, values: str) -> str:
    """A transfer like the first top-up, with these columns instead."""
    return (
        "INSERT INTO billing_transfer SELECT (jsonb_populate_record(r, jsonb_build_object("  # noqa: S608
        f"'id', 1000000000, 'reference', 'forged', 'wallet_seq', 99, '{columns}', {values}))).* "
        "FROM billing_transfer AS r WHERE kind = 'top_up' LIMIT 1"
    )


# The constraints as the models call them; a field that is unique by itself as `table.column`
REFUSED = {
    "accounts_apikey.prefix": another("accounts_apikey", name="other"),
    "accounts_customergroup.name": another("accounts_customergroup"),
    "accounts_user.email": another("accounts_user"),
    "api_key_name_once": another("accounts_apikey", prefix="another"),
    "api_key_scope_known": change("accounts_apikey", "scope = 'all'"),
    "customer_group_limits_positive": change("accounts_customergroup", "orders_per_minute = 0"),
    "user_email_lower_case": change("accounts_user", "email = upper(email)"),
    "user_role_known": change("accounts_user", "role = 'owner'"),
    # Money
    "account_is_wallet_or_house": change(
        "billing_account", "balance = 5, seq = 1", where="code IS NOT NULL"
    ),
    "adjustment_amount_fits_kind": change("billing_adjustment", "amount = 0"),
    "adjustment_closed_by_someone": change("billing_adjustment", "outcome = 'agreed'"),
    "adjustment_needs_two": change(
        "billing_adjustment", "outcome = 'agreed', closed_at = now(), closed_by_id = proposed_by_id"
    ),
    "billing_account.code": another("billing_account", where="code IS NOT NULL"),
    "billing_account.owner_id": another("billing_account", where="owner_id > 0 AND seq = 0"),
    "billing_adjustment.act_id": another("billing_adjustment"),
    "billing_transfer.reference": another("billing_transfer", wallet_seq=99),
    "credit_limit_not_negative": change(
        "billing_account", "credit_limit = -1", where="owner_id IS NOT NULL"
    ),
    "halt_cleared_by_someone": change("billing_halt", "is_standing = false"),
    "halt_one_stands": another("billing_halt"),
    "transfer_amount_positive": book("amount", "0"),
    "transfer_direction_fits_kind": book("kind", "'charge'"),
    "transfer_gateway_of_top_up": book("gateway", "''"),
    "transfer_has_two_sides": book("debit_id", "r.credit_id"),
    "transfer_reference_names_subject": book("subject_kind", "'order'"),
    "transfer_wallet_is_a_side": book(
        "kind', 'correction', 'gateway', '', 'wallet_id", "(SELECT max(id) FROM billing_account)"
    ),
    "transfer_wallet_seq": another("billing_transfer", reference="forged"),
    "wallet_within_credit_limit": change(
        "billing_account", "balance = -1, seq = seq + 1", where="seq > 0"
    ),
    # The catalog
    "catalog_category.upstream_name": change("catalog_category", "upstream_name = 'the same'"),
    "catalog_exchangerate.currency": another("catalog_exchangerate"),
    "catalog_provider.name": another("catalog_provider"),
    "exchange_rate_positive": change("catalog_exchangerate", "rate = 0"),
    "catalog_linkrule.category_id": another("catalog_linkrule", where="category_id > 0"),
    "catalog_linkrule.service_id": another("catalog_linkrule", where="service_id > 0"),
    "link_rule_learnt_only_warns": change(
        "catalog_linkrule", "check_mode = 'off'", where="is_learnt"
    ),
    "link_rule_of_a_service_or_a_category": change(
        "catalog_linkrule", "service_id = NULL, is_learnt = false"
    ),
    "margin_rule_not_a_loss": change("catalog_marginrule", "percent = -1"),
    "margin_rule_once": another("catalog_marginrule"),
    "margin_rule_scope_fits": change(
        "catalog_marginrule", "scope = 'provider'", where="scope = 'service'"
    ),
    "service_free_limit_positive": change("catalog_service", "free_per_day = 0"),
    "service_quantities_in_order": change("catalog_service", "max_quantity = min_quantity - 1"),
    "service_rate_not_negative": change("catalog_service", "price = -1"),
    "service_upstream": change("catalog_service", "upstream_id = 'the same'"),
    "status_mapping_once": another("catalog_statusmapping", word="ODD"),
    "type_mapping_once": another("catalog_typemapping", word="ODD"),
    "unknown_status_once": another("catalog_unknownstatus", word="ODD"),
    # Orders
    "attempt_at_most_once": another("orders_attempt"),
    "attempt_resend_while_unknown": change(
        "orders_attempt", "state = 'sent', idempotency_key = 'k', resend_at = now()"
    ),
    "attempt_resent_with_a_key": change("orders_attempt", "resends = 1"),
    "baseline_is_whole": change("orders_baseline", "balance = NULL"),
    "cancellation_one_open": another("orders_cancellation"),
    "delivery_event_once": another("orders_webhookdelivery"),
    "delivery_waiting_has_a_moment": change("orders_webhookdelivery", "next_at = NULL"),
    "doubt_open_once": another("orders_doubt"),
    "order_billed_quantity_positive": change("orders_order", "billed_quantity = 0"),
    "order_canceled_is_refunded": change("orders_order", "status = 'canceled', ended_at = now()"),
    "order_charge_not_negative": change("orders_order", "cost = -1"),
    "order_client_key": another("orders_order", upstream_id="other"),
    "order_ended_has_a_moment": change("orders_order", "status = 'completed'"),
    "order_pays_for_posts": change("orders_order", "posts = billed_quantity + 1"),
    "order_refunded_within_charge": change("orders_order", "refunded = charge + 1"),
    "order_running_has_an_id": change("orders_order", "upstream_id = NULL"),
    "order_upstream": another("orders_order", client_key="other"),
    "order_waiting_has_a_moment": change("orders_order", "status = 'waiting'"),
    "orphan_once": another("orders_orphan"),
    "proposal_needs_two": change(
        "orders_proposal", "is_confirmed = true, closed_at = now(), closed_by_id = proposed_by_id"
    ),
    "proposal_one_open": another("orders_proposal"),
    "refill_one_open": another("orders_refill"),
    "rejection_meaning_by_someone": change("orders_refusaltext", "meaning = 'later'"),
    "refusal_looked_at_by_someone": change("orders_refusaltext", "looked_at = now()"),
    "refusal_text_once": another("orders_refusaltext"),
    "subscription_counted_not_negative": change("orders_subscription", "counted = -1"),
    "top_up_of_something": change("orders_topup", "amount = 0"),
    "webhook_failures_have_begun": change("orders_webhookendpoint", "failures_in_row = 1"),
    "webhook_removed_is_off": change("orders_webhookendpoint", "removed_at = now()"),
    "webhook_url_once": another("orders_webhookendpoint"),
}


@pytest.fixture(autouse=True)
def world() -> None:
    """One row of everything that has a rule."""
    order = make_order(user=make_user(balance="100"), status=Status.RUNNING)
    user, provider, service = order.user, order.provider, order.service
    make_service(provider=provider)
    Category.objects.create(upstream_name="Another")
    CustomerGroup.objects.create(name="Large", requests_per_minute=9, orders_per_minute=9)
    issue_key(user=user, name="shop", now=NOW)
    TypeMapping.objects.create(
        provider=provider, word="Odd", type="Default", mapped_by=user, mapped_at=NOW
    )
    StatusMapping.objects.create(
        provider=provider, word="Odd", folded="odd", mapped_by=user, mapped_at=NOW
    )
    UnknownStatus.objects.create(provider=provider, word="Odd", folded="odd", met_at=NOW)
    LinkRule.objects.create(service=service, is_learnt=True, updated_at=NOW)
    LinkRule.objects.create(category=service.category, updated_at=NOW)
    MarginRule.objects.create(scope="service", service=service)
    ExchangeRate.objects.create(currency="EUR", rate=1)
    SyncRun.objects.create(
        provider=provider, started_at=NOW, finished_at=NOW, outcome=SyncOutcome.APPLIED
    )
    Order.objects.update(client_key="k")
    Subscription.objects.create(order=order)
    attempt = leave_attempt(order, AttemptState.UNKNOWN)
    Investigation.objects.create(attempt=attempt)
    Proposal.objects.create(attempt=attempt, proposed_by=user, proposed_at=NOW)
    for request in (Refill, Cancellation):
        request.objects.create(order=order, provider=provider, requested_by=user, requested_at=NOW)
    Review.objects.create(order=order, raised_at=NOW)
    TopUp.objects.create(provider=provider, amount=1, entered_by=user, entered_at=NOW)
    Baseline.objects.create(provider=provider, read_at=NOW, balance=1, charges=1)
    Orphan.objects.create(provider=provider, upstream_id="7", charge=1, seen_at=NOW)
    RejectionText.objects.create(provider=provider, first_seen_at=NOW, last_seen_at=NOW)
    make_delivery(make_endpoint(user=user))
    Adjustment.objects.create(
        act_id="00000000-0000-4000-8000-000000000000",
        customer=user,
        kind="top_up",
        amount=500,
        proposed_by=user,
        proposed_at=NOW,
    )
    Halt.objects.create(reason="money", set_at=NOW)
    open_wallet(owner=make_user())


def test_every_constraint_of_the_database_has_a_statement_here() -> None:
    assert set(constraints()) == REFUSED.keys() | set(positive_columns())


def test_every_constraint_refuses_its_statement() -> None:
    names = {found: name for name, found in constraints().items()}

    stopped_by = {
        name: names.get(refusal(statement) or "", "nothing") for name, statement in REFUSED.items()
    }

    assert stopped_by == {name: name for name in REFUSED}


def test_no_count_is_below_nothing() -> None:
    stopped_by = {name: refusal(statement) for name, statement in positive_columns().items()}

    assert [name for name, constraint in stopped_by.items() if constraint is None] == []


def refusal(statement: str) -> str | None:
    """By which constraint the statement is refused; nothing remains of it."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
            transaction.set_rollback(True)
    except IntegrityError as error:
        cause = error.__cause__
        assert isinstance(cause, Error)
        return cause.diag.constraint_name
    return None


def positive_columns() -> dict[str, str]:
    """The columns of Positive…Field, whose checks PostgreSQL names, each set below nothing."""
    return {
        f"{model._meta.db_table}.{field.column}": change(
            model._meta.db_table, f"{field.column} = -1"
        )
        for label in APPS
        for model in apps.get_app_config(label).get_models()
        for field in model._meta.concrete_fields
        if isinstance(field, POSITIVE)
    }


def constraints() -> dict[str, str]:
    """What the database calls each check and each unique index, by the name in the table above."""
    # the models give none a name that begins with its table; Django and PostgreSQL do
    return {
        f"{table}.{columns}" if name.startswith(f"{table}_") else name: name
        for table, name, columns in _rules()
    }


def _rules() -> Iterator[tuple[str, str, str]]:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH rules AS (
                SELECT conrelid AS relid, conname::text AS name, conkey AS keys
                FROM pg_constraint WHERE contype = 'c'
                UNION ALL
                SELECT indrelid, indexrelid::regclass::text, indkey::int2[]
                FROM pg_index WHERE indisunique AND NOT indisprimary
            )
            SELECT relid::regclass::text, name, (
                SELECT string_agg(attname, ',' ORDER BY attnum) FROM pg_attribute
                WHERE attrelid = relid AND attnum = ANY(keys)
            )
            FROM rules WHERE relid::regclass::text ~ %s
            """,
            [f"^({'|'.join(APPS)})_"],
        )
        yield from cursor.fetchall()
