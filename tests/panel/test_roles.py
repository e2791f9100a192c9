"""Who may open what: every address of the panel, for a stranger, a customer, staff and an admin."""

from collections.abc import Iterator, Sequence
from http import HTTPStatus
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from accounts.models import ApiKey, CustomerGroup, Role
from billing.models import Adjustment
from catalog.models import SyncOutcome, SyncRun
from orders.models import Order, Status
from tests.factories import NOW, make_order, make_service, make_user
from tests.orders.webhooks.endpoints import make_endpoint

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
        "admin_adjustment_agree",
        "admin_providers",
        "admin_provider_new",
        "admin_provider",
        "admin_syncs",
        "admin_sync",
        "admin_margins",
        "admin_services",
        "admin_service",
        "admin_category",
        "admin_groups",
        "admin_group_new",
        "admin_group",
        "admin_types",
    },
}
ACTS = {
    Role.CUSTOMER: {"order_charge", "order_refill", "account_key_new"}
    | {"webhook_new", "webhook_switch", "webhook_test", "webhook_resend"}
    | {"webhook_rotate", "webhook_old_secret_end"},
    Role.STAFF: {
        "staff_order_decide",
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
        "admin_adjustment_withdraw",
        "admin_user_group",
        "admin_provider_pause",
        "admin_provider_resume",
        "admin_provider_sync",
        "admin_sync_accept",
        "admin_margin_remove",
        "admin_services_accept",
        "admin_type_revert",
        "staff_halt_clear",
    },
}
RANKS = [Role.CUSTOMER, Role.STAFF, Role.ADMIN]


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
    about = {"pk": pk, "decision": "approve", "answer": "agree"}
    return reverse(name, kwargs={key: about[key] for key in pattern.pattern.converters})


def things(order: Order) -> dict[str, int]:
    """The primary keys of what the pages are about."""
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
    return {
        "webhook": endpoint.pk,
        "webhook_remove": endpoint.pk,
        "account_key_revoke": key.pk,
        "account_key_rotate": key.pk,
        "admin_user": order.user_id,
        "admin_adjustment_agree": adjustment.pk,
        "admin_adjustment_withdraw": adjustment.pk,
        "admin_provider": order.provider_id,
        "staff_provider": order.provider_id,
        "admin_sync": run.pk,
        "admin_service": order.service_id,
        "admin_category": order.service.category_id,
        "admin_group": CustomerGroup.objects.create(
            name="Large", requests_per_minute=9, orders_per_minute=9
        ).pk,
        "admin_user_group": order.user_id,
    }


def test_the_table_knows_every_address() -> None:
    table = PUBLIC.union(*PAGES.values(), *ACTS.values())

    assert {pattern.name for pattern in ours()} == table


@pytest.mark.parametrize("role", [None, *RANKS])
def test_every_address_opens_for_its_roles_alone(client: Client, role: Role | None) -> None:
    service = make_service(is_cancel=True)
    user = make_user(role=role or Role.CUSTOMER, balance="1000")
    order = make_order(user=user, service=service, status=Status.RUNNING)
    keys = things(order)
    if role:
        client.force_login(user)

    answers, expected = {}, {}
    for least, is_act, name in listed():
        answers[name] = client.get(address(name, pk=keys.get(name, order.pk))).status_code
        expected[name] = wanted(least, is_act=is_act, role=role)

    assert answers == expected


def listed() -> Iterator[tuple[Role, bool, str]]:
    """Least role, whether it is an act, name."""
    for table, is_act in ((PAGES, False), (ACTS, True)):
        for least, names in table.items():
            yield from ((least, is_act, name) for name in sorted(names))


def wanted(least: Role, *, is_act: bool, role: Role | None) -> HTTPStatus:
    """What an address under `least` answers to somebody of `role`."""
    if role is None:
        return HTTPStatus.FOUND
    if RANKS.index(role) < RANKS.index(least):
        return HTTPStatus.FORBIDDEN
    return HTTPStatus.METHOD_NOT_ALLOWED if is_act else HTTPStatus.OK


def test_a_stranger_is_sent_to_the_log_in_and_comes_back(client: Client) -> None:
    sent = {name: client.get(address(name, pk=1)).headers["Location"] for _, _, name in listed()}

    assert sent == {
        name: f"{reverse('account_login')}?next={address(name, pk=1)}" for _, _, name in listed()
    }


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
