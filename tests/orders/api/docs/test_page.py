"""The page of the API: every action and type from the tables, the reader's own ids, limits and last
requests.
"""

import html
import re
from datetime import UTC, datetime

import pytest
from django.test import Client
from django.utils.html import escape
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.models import CustomerGroup, User
from catalog.upstream.service_types import TYPES
from orders.api.actions import ACTIONS
from orders.api.docs.calls import CALLS
from orders.api.docs.errors import ERRORS
from orders.api.docs.samples import LANGUAGES
from orders.api.recent_requests import Recent, recent, remember
from orders.models import Refill, Status
from panel.embedded import Valkey
from tests.factories import NOW, fund, make_order, make_service, make_user, signed_in
from tests.waiting import wait_for

pytestmark = pytest.mark.django_db


@pytest.fixture
def ann() -> User:
    """A customer."""
    return make_user(email="ann@example.com")


def read(client: Client, query: str = "") -> str:
    """The page as people read it."""
    answer = client.get(f"/api{query}")
    assert answer.status_code == 200
    return answer.content.decode()


def sample(page: str, anchor: str) -> str:
    """The program that the page shows there."""
    found = re.search(rf'<code id="sample-{anchor}">(.*?)</code>', page, re.DOTALL)
    assert found is not None, anchor
    return html.unescape(found[1])


def test_page_describes_every_action_and_every_service_type(ann: User) -> None:
    page = read(signed_in(ann))

    for action in ACTIONS:
        assert f'id="{action}-action"' in page
    for kind in TYPES:
        assert f'<h3 class="inline font-medium">{kind.name}</h3>' in page
    for call in CALLS:
        assert f"action={call.action}" in sample(page, call.anchor)
        for parameter in call.parameters:
            assert f'<code class="code">{parameter.name}</code>' in page
    for error in ERRORS:
        assert f'<code class="code">{escape(error.text)}</code>' in page


def test_calls_are_those_of_the_table_of_actions() -> None:
    assert list(dict.fromkeys(call.action for call in CALLS)) == list(ACTIONS)


def test_fields_of_a_type_are_those_that_orders_are_checked_by() -> None:
    described = {call.kind.name: call.parameters[1:-2] for call in CALLS if call.kind}

    assert {name: [one.name for one in parameters] for name, parameters in described.items()} == {
        kind.name: [field.name for field in kind.fields] for kind in TYPES
    }
    traffic = {one.name: one.when for one in described["Web Traffic"]}
    assert traffic["google_keyword"] == "required if type_of_traffic is 1"
    assert traffic["runs"] == "optional"
    assert traffic["link"] == "required"


def test_samples_hold_the_readers_own_ids_and_nobody_elses(ann: User) -> None:
    poll = make_service(type="Poll", min_quantity=25)
    older, newer = (
        make_order(user=ann_funded(ann)),
        make_order(user=ann_funded(ann), status=Status.COMPLETED),
    )
    refill = Refill.objects.create(
        order=newer, provider=newer.provider, requested_by=ann, requested_at=NOW
    )
    other = make_order()

    page = read(signed_in(ann))

    assert f"order={newer.pk}\n" in f"{sample(page, 'status')}\n"
    assert f"orders={newer.pk},{older.pk}\n" in f"{sample(page, 'status-many')}\n"
    assert f"refill={refill.pk}\n" in f"{sample(page, 'refill_status')}\n"
    assert f"service={poll.pk} " in sample(page, "add-poll")
    assert "quantity=25 " in sample(page, "add-poll")
    assert str(other.pk) not in re.findall(r"orders?=([\d,]+)", sample(page, "status-many"))[
        0
    ].split(",")


def ann_funded(ann: User) -> User:
    """Ann with money for one more order of the factory."""
    fund(user=ann, amount="1.20")
    return ann


def test_service_of_a_sample_is_one_that_can_be_bought(ann: User) -> None:
    make_service(type="Poll", min_quantity=1).__class__.objects.update(is_hidden=True)
    make_service(type="Poll", min_quantity=2, cost="2", price="1")
    dear = make_service(type="Poll", min_quantity=50)
    cheap = make_service(type="Poll", min_quantity=20, name="<b>Votes</b>")

    page = read(signed_in(ann))

    assert f"service={cheap.pk} " in sample(page, "add-poll")
    assert f"service={dear.pk} " not in page
    assert "&lt;b&gt;Votes&lt;/b&gt;" in page
    assert "<b>Votes" not in page


def test_type_that_nobody_sells_says_so(ann: User) -> None:
    make_service(type="Default")

    page = read(signed_in(ann))

    assert page.count("No service of this type is on sale;") == len(TYPES) - 1


@pytest.mark.parametrize("slug", LANGUAGES)
def test_language_is_chosen_by_a_link(slug: str, ann: User) -> None:
    page = read(signed_in(ann), f"?code={slug}&open=add-poll")

    mark = {
        "curl": "curl --silent",
        "python": "import json",
        "php": "<?php",
        "javascript": "await fetch(",
    }[slug]
    assert sample(page, "balance").count(mark) == 1
    assert f'href="?code={slug}&amp;open=balance#call-balance" aria-current="page"' in page
    assert re.search(r'id="call-add-poll" open>', page)
    assert not re.search(r'id="call-add-default" open>', page)


def test_unknown_language_is_the_first(ann: User) -> None:
    assert sample(read(signed_in(ann), "?code=cobol"), "balance").startswith("curl ")


def test_samples_ask_the_sites_own_address(ann: User, settings: Settings) -> None:
    settings.SITE_URL = "https://panel.example"

    page = read(signed_in(ann))

    assert '<code class="code" id="api-url">https://panel.example/api/v2</code>' in page
    assert sample(page, "balance").startswith(
        "curl --silent --show-error https://panel.example/api/v2 "
    )


def test_limits_are_those_of_the_readers_group(ann: User) -> None:
    ann.group = CustomerGroup.objects.create(
        name="big", requests_per_minute=6000, orders_per_minute=1500
    )
    ann.save()

    assert "6,000 requests per minute per key, 1,500 orders per minute" in read(signed_in(ann))
    assert "1,200 requests per minute per key, 1,000 orders per minute" in read(
        signed_in(make_user())
    )


def test_last_requests_are_shown_to_who_sent_them(ann: User, valkey: Valkey) -> None:
    request = Recent(
        at=datetime(2026, 3, 14, 15, 9, 26, tzinfo=UTC),
        action="add",
        status=200,
        error="comments: <b>Fill this in.</b>",
        milliseconds=12.34,
        ip="203.0.113.7",
        key_name="shop",
    )
    remember(user_id=ann.pk, request=request)
    wait_for(lambda: bool(recent(user_id=ann.pk)))

    page = read(signed_in(ann))

    row = page[page.index("2026-03-14 15:09:26") :]
    cells = [
        html.unescape(re.sub(r"<[^>]+>", "", cell))
        for cell in re.findall(r"<td[^>]*>(.*?)</td>", row)
    ][:6]
    assert cells == ["add", "200", "comments: <b>Fill this in.</b>", "12.3", "203.0.113.7", "shop"]
    assert "No recent requests" in read(signed_in(make_user()))


def test_visitor_reads_the_page_without_ids_and_requests() -> None:
    order = make_order()

    page = read(Client())

    assert "order=23501" in sample(page, "status")
    assert f"order={order.pk}\n" not in f"{sample(page, 'status')}\n"
    assert 'id="recent"' not in page
    assert "Sign up for a key" in page


def test_visitor_is_sent_to_the_log_in_where_services_are_not_public(settings: Settings) -> None:
    settings.ARE_SERVICES_PUBLIC = False

    assert Client().get("/api").headers["Location"] == "/accounts/login/?next=/api"
    assert signed_in(make_user()).get("/api").status_code == 200


@pytest.mark.parametrize("method", ["put", "delete"])
def test_wrong_verb_is_refused(method: str, ann: User) -> None:
    assert getattr(signed_in(ann), method)("/api").status_code == 405


@pytest.mark.parametrize("count", [1, 3])
def test_page_costs_the_same_queries_for_any_number_of_things(
    count: int, ann: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(count):
        order = make_order(user=ann_funded(ann), service=make_service(type=TYPES[number].name))
        Refill.objects.create(
            order=order, provider=order.provider, requested_by=ann, requested_at=NOW
        )
    client = signed_in(ann)

    # session, user, services, orders, refills, the balance in the frame
    with django_assert_num_queries(6):
        read(client)
