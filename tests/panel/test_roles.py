"""Who may open what, and post to what: every address of the panel, for a stranger, a customer,
staff and an admin.
"""

import re
from collections.abc import Iterator, Sequence
from http import HTTPStatus
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from accounts.models import ApiKey, CustomerGroup, Role
from billing.models import Adjustment
from catalog.models import (
    LinkRule,
    MarginRule,
    StatusMapping,
    SyncOutcome,
    SyncRun,
    TypeMapping,
)
from orders.models import (
    AttemptState,
    Cancellation,
    Order,
    Proposal,
    Refill,
    RejectionText,
    Review,
    ReviewKind,
    Status,
)
from tests.factories import NOW, make_order, make_service, make_user
from tests.orders.attempts import leave_attempt
from tests.orders.webhooks.endpoints import make_delivery, make_endpoint

pytestmark = pytest.mark.django_db

# Under the least role that may open it. What only takes a POST has nothing to show, and says so:
# 405.
PUBLIC = {"home", "services", "api", "api_slash", "api_docs", "api_openapi"}
PAGES = {
    Role.CUSTOMER: {
        "wallet",
        "order_new",
        "order_mass",
        "orders",
        "orders_live",
        "order",
        "order_cancel",
        "account",
    }
    | {"account_key_revoke", "account_key_rotate"}
    | {"webhooks", "webhook", "webhook_remove"},
    Role.STAFF: {
        "staff_orders",
        "staff_order",
        "staff_unclear",
        "staff_refills",
        "staff_cancels",
        "staff_proof",
        "staff_provider",
        "staff_providers",
    },
    Role.ADMIN: {
        "admin_users",
        "admin_user",
        "admin_user_password",
        "admin_adjustment_agree",
        "admin_providers",
        "admin_provider_new",
        "admin_provider",
        "admin_provider_currency",
        "admin_provider_rate",
        "admin_syncs",
        "admin_sync",
        "admin_margins",
        "admin_margin_remove",
        "admin_services",
        "admin_service",
        "admin_category",
        "admin_groups",
        "admin_group_new",
        "admin_group",
        "admin_types",
        "admin_statuses",
        "admin_links",
        "admin_link",
    },
}
ACTS = {
    Role.CUSTOMER: {"order_charge", "order_refill", "account_key_new"}
    | {"webhook_new", "webhook_switch", "webhook_test", "webhook_resend"}
    | {"webhook_rotate", "webhook_old_secret_end"},
    Role.STAFF: {
        "staff_order_decide",
        "staff_order_end",
        "staff_order_end_preview",
        "staff_order_end_undo",
        "staff_doubt_close",
        "staff_proposal_answer",
        "staff_refill_decide",
        "staff_cancel_decide",
        "staff_provider_top_up",
        "staff_provider_explain",
        "staff_provider_test",
        "staff_provider_word",
        "staff_refusal_decide",
        "staff_refusals_seen",
    },
    Role.ADMIN: {
        "admin_user_top_up",
        "admin_user_correct",
        "admin_user_balance_after",
        "admin_adjustment_withdraw",
        "admin_user_group",
        "admin_provider_pause",
        "admin_provider_resume",
        "admin_provider_sync",
        "admin_sync_accept",
        "admin_services_accept",
        "admin_type_revert",
        "admin_status_revert",
        "staff_halt_clear",
    },
}
# Pages that take no POST
READ_ONLY = {
    "wallet",
    "orders",
    "orders_live",
    "order",
    "account",
    "webhooks",
    "staff_orders",
    "staff_order",
    "staff_unclear",
    "staff_refills",
    "staff_cancels",
    "staff_provider",
    "staff_providers",
    "admin_users",
    "admin_providers",
    "admin_syncs",
    "admin_sync",
    "admin_services",
    "admin_groups",
}
# One of the decisions that each takes
DECISIONS = {
    "staff_order_decide": "resend",
    "staff_refill_decide": "approve",
    "staff_cancel_decide": "approve",
    "staff_provider_word": "add",
    "staff_refusal_decide": "doubt",
}
RANKS = [Role.CUSTOMER, Role.STAFF, Role.ADMIN]
WRITES = re.compile(r"\s*(?:INSERT|UPDATE|DELETE)\b", re.IGNORECASE)


def ours(listed: Sequence[URLPattern | URLResolver] | None = None) -> Iterator[URLPattern]:
    """Every address but those of allauth, which has tests of its own."""
    for each in get_resolver().url_patterns if listed is None else listed:
        if isinstance(each, URLPattern):
            yield each
        elif str(each.pattern) != "accounts/":
            yield from ours(each.url_patterns)


def address(name: str, *, pk: int) -> str:
    """The address of that name, about the thing of that primary key where it is about one."""
    pattern = next(pattern for pattern in ours() if pattern.name == name)
    about = {"pk": pk, "decision": DECISIONS.get(name, ""), "answer": "confirm"}
    return reverse(name, kwargs={key: about[key] for key in pattern.pattern.converters})


def things(order: Order) -> dict[str, int]:
    """The primary keys of what the addresses are about, by the beginning of their names."""
    run = SyncRun.objects.create(
        provider=order.provider, started_at=NOW, finished_at=NOW, outcome=SyncOutcome.UNCHANGED
    )
    key = ApiKey.objects.create(user=order.user, prefix="12345678")
    endpoint = make_endpoint(user=order.user)
    adjustment = Adjustment.objects.create(
        act_id=uuid4(),
        customer=order.user,
        kind="top_up",
        amount=500,
        proposed_by=order.user,
        proposed_at=NOW,
    )
    attempt = leave_attempt(order, AttemptState.UNKNOWN)
    proposal = Proposal.objects.create(
        attempt=attempt, decision="resend", proposed_by=order.user, proposed_at=NOW
    )
    review = Review.objects.create(order=order, kind=ReviewKind.CONTRADICTION, raised_at=NOW)
    refill, cancellation = (
        request.objects.create(
            order=order, provider=order.provider, requested_by=order.user, requested_at=NOW
        )
        for request in (Refill, Cancellation)
    )
    rejection = RejectionText.objects.create(
        provider=order.provider, text="no", first_seen_at=NOW, last_seen_at=NOW
    )
    mapping = TypeMapping.objects.create(
        provider=order.provider, word="Odd", type="Default", mapped_by=order.user, mapped_at=NOW
    )
    status_mapping = StatusMapping.objects.create(
        provider=order.provider,
        subject="order",
        word="Odd",
        folded="odd",
        status="canceled",
        mapped_by=order.user,
        mapped_at=NOW,
    )
    return {
        "account_key": key.pk,
        "admin_adjustment": adjustment.pk,
        "admin_category": order.service.category_id,
        "admin_group": CustomerGroup.objects.create(
            name="Large", requests_per_minute=9, orders_per_minute=9
        ).pk,
        "admin_link": LinkRule.objects.create(service=order.service, updated_at=NOW).pk,
        "admin_margin": MarginRule.objects.create(scope="service", service=order.service).pk,
        "admin_provider": order.provider_id,
        "admin_service": order.service_id,
        "admin_status_revert": status_mapping.pk,
        "admin_sync": run.pk,
        "admin_type": mapping.pk,
        "admin_user": order.user_id,
        "order": order.pk,
        "staff_cancel": cancellation.pk,
        "staff_doubt": review.pk,
        "staff_order": order.pk,
        "staff_proposal": proposal.pk,
        "staff_provider": order.provider_id,
        "staff_refill": refill.pk,
        "staff_refusal_decide": rejection.pk,
        "staff_refusals": order.provider_id,
        "webhook": endpoint.pk,
        "webhook_resend": make_delivery(endpoint).pk,
    }


def test_the_table_knows_every_address() -> None:
    table = PUBLIC.union(*PAGES.values(), *ACTS.values())

    assert {pattern.name for pattern in ours()} == table


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("role", [None, *RANKS])
def test_every_address_opens_for_its_roles_alone(
    client: Client, role: Role | None, method: str
) -> None:
    service = make_service(is_cancel=True)
    user = make_user(role=role or Role.CUSTOMER, balance="1000")
    order = make_order(user=user, service=service, status=Status.RUNNING)
    keys = things(order)
    if role:
        client.force_login(user)

    answers, expected = {}, {}
    for least, is_act, name in listed():
        begins = max((each for each in keys if name.startswith(each)), key=len, default="")
        url = address(name, pk=keys.get(begins, 0))
        answers[name] = ask(client, method, url)
        refused = refusal(least, role=role, url=url)
        is_taken = is_act or name not in READ_ONLY if method == "post" else not is_act
        expected[name] = refused or ("opens" if is_taken else "wrong verb")

    assert answers == expected


def ask(client: Client, method: str, url: str) -> str:
    """What becomes of a request, in words; whatever it changed is undone."""
    with CaptureQueriesContext(connection) as queries, transaction.atomic():
        answer = getattr(client, method)(url)
        transaction.set_rollback(True)
    has_written = any(WRITES.match(query["sql"]) for query in queries)
    match answer.status_code:
        case HTTPStatus.FOUND if answer["Location"].startswith(reverse("account_login")):
            said = f"log in: {answer['Location']}"
        case HTTPStatus.FORBIDDEN:
            said = "forbidden"
        case HTTPStatus.METHOD_NOT_ALLOWED:
            said = "wrong verb"
        case HTTPStatus.NOT_FOUND:
            said = "not found"
        case HTTPStatus.OK | HTTPStatus.FOUND | HTTPStatus.UNPROCESSABLE_ENTITY:
            return "opens"
        case _:
            said = f"{answer.status_code}"
    return f"{said}, but something was written" if has_written else said


def refusal(least: Role, *, role: Role | None, url: str) -> str:
    """How somebody of `role` is turned away from an address under `least`; "": not at all."""
    if role is None:
        return f"log in: {reverse('account_login')}?next={url}"
    return "forbidden" if RANKS.index(role) < RANKS.index(least) else ""


def listed() -> Iterator[tuple[Role, bool, str]]:
    """Least role, whether it is an act, name."""
    for table, is_act in ((PAGES, False), (ACTS, True)):
        for least, names in table.items():
            yield from ((least, is_act, name) for name in sorted(names))


def test_a_number_that_nothing_has_is_not_found(client: Client) -> None:
    client.force_login(make_user(role=Role.ADMIN))
    numbered = [
        (is_act, name) for _, is_act, name in listed() if address(name, pk=1) != address(name, pk=2)
    ]

    answers = {
        name: ask(client, "post" if is_act else "get", address(name, pk=999_999_999))
        for is_act, name in numbered
    }

    assert answers == {name: "not found" for _, name in numbered}


@pytest.mark.parametrize("name", sorted(PUBLIC))
def test_anybody_may_read_the_front_page_and_the_services(client: Client, name: str) -> None:
    assert client.get(reverse(name)).status_code == HTTPStatus.OK


@pytest.mark.parametrize("name", ["order", "order_cancel"])
def test_somebody_elses_order_is_as_good_as_none(client: Client, name: str) -> None:
    client.force_login(make_user(role=Role.ADMIN))

    assert client.get(address(name, pk=make_order().pk)).status_code == HTTPStatus.NOT_FOUND


def test_nobody_disabled_gets_in(client: Client) -> None:
    user = make_user(role=Role.ADMIN)
    client.force_login(user)
    user.is_active = False
    user.save(update_fields=["is_active"])

    answers = {name: client.get(address(name, pk=1)).status_code for _, _, name in listed()}

    assert set(answers.values()) == {HTTPStatus.FOUND}
