"""What a browser gets where an address does not take its verb."""

import pytest
from django.test import Client

from accounts.models import Role
from tests.factories import make_order, make_user, signed_in
from tests.panel.test_roles import ACTS, address, things

pytestmark = pytest.mark.django_db
BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.mark.parametrize(
    ("path", "page"),
    [
        ("/webhooks/new", "/webhooks"),
        ("/account/keys", "/account"),
        ("/order/charge", "/order"),
        ("/admin/services/accept", "/admin/services"),
    ],
)
def test_the_address_of_a_sent_form_leads_to_its_page(path: str, page: str) -> None:
    client = signed_in(make_user(role=Role.ADMIN))

    response = client.get(path, headers=BROWSER, follow=True)

    assert response.redirect_chain == [(page, 302)]
    assert response.status_code == 200


def test_every_address_of_an_act_leads_a_browser_to_a_page() -> None:
    admin = make_user(role=Role.ADMIN, balance="100")
    order = make_order(user=admin)
    keys = things(order)
    client = signed_in(admin)
    ends = {}
    for name in sorted(set().union(*ACTS.values())):
        begins = max((each for each in keys if name.startswith(each)), key=len, default="")
        response = client.get(address(name, pk=keys.get(begins, 0)), headers=BROWSER, follow=True)
        ends[name] = (response.status_code, b"<h1>" in response.content)

    assert ends == dict.fromkeys(ends, (200, True))


def test_programs_get_405_with_the_verbs_that_are_taken(client: Client) -> None:
    client = signed_in(make_user())

    for answer in (client.get("/webhooks/new"), client.put("/order", headers=BROWSER)):
        assert answer.status_code == 405
        assert "POST" in answer["Allow"]
        assert "This page can&#x27;t be used this way" in answer.content.decode().replace(
            "can't", "can&#x27;t"
        )


def test_monitors_may_ask_for_the_head_of_the_front_page(client: Client) -> None:
    answer = client.head("/")

    assert (answer.status_code, answer.content) == (200, b"")
