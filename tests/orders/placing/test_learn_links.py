"""What is learnt from the links of accepted orders, and what is left to the admin."""

from decimal import Decimal

import pytest

from accounts.models import User
from catalog.models import LinkCheck, LinkRule, Service
from orders.models import Order, Status
from orders.placing.learn_links import learn_links
from orders.placing.link_rule import find_fault
from tests.factories import NOW, make_order, make_service, make_user

pytestmark = pytest.mark.django_db


def accepted(
    service: Service, *links: str, users: int = 2, status: Status = Status.RUNNING
) -> None:
    """Orders of these links that the provider took, of several customers in turn."""
    people: list[User] = [make_user(balance=Decimal(100)) for _ in range(users)]
    for number, link in enumerate(links):
        make_order(user=people[number % users], service=service, link=link, status=status)


def learnt() -> list[tuple[int | None, str, str, bool]]:
    return [
        (rule.service_id, rule.hosts, rule.target, rule.are_names_allowed)
        for rule in LinkRule.objects.filter(is_learnt=True).order_by("service")
    ]


def test_sites_target_and_names_are_learnt_from_accepted_orders() -> None:
    posts, mixed = make_service(), make_service()
    accepted(posts, *(f"https://www.instagram.com/p/C{number}/" for number in range(5)))
    accepted(mixed, *["https://shop.example/1", "@ann", "shop.example/2", "@ben"] * 2)

    assert learn_links(now=NOW) == "2 services"

    assert learnt() == [
        (posts.pk, "instagram.com", "post", False),
        (mixed.pk, "shop.example", "", True),
    ]
    posts = Service.objects.select_related("link_rule", "category").get(pk=posts.pk)
    assert find_fault(service=posts, link="https://instagram.com/ann") is not None
    assert find_fault(service=posts, link="https://instagram.com/p/C99/") is None


@pytest.mark.parametrize("why", ["few", "one customer", "canceled", "not sent", "no site"])
def test_too_little_teaches_nothing(why: str) -> None:
    service = make_service()
    links = [f"https://shop.example/{number}" for number in range(4 if why == "few" else 6)]
    if why == "no site":
        links = [f"name{number}" for number in range(6)]
    accepted(service, *links, users=1 if why == "one customer" else 2)
    if why == "canceled":
        Order.objects.update(status=Status.CANCELED, refunded=Decimal("1.2"), ended_at=NOW)
    if why == "not sent":
        Order.objects.update(status=Status.WAITING, upstream_id=None, submit_at=NOW)

    learn_links(now=NOW)

    assert learnt() == []


def test_a_rare_other_site_is_no_rule() -> None:
    service = make_service()
    accepted(service, *["https://shop.example/1"] * 20, "https://stray.example/1")

    learn_links(now=NOW)

    assert learnt() == [(service.pk, "shop.example", "", False)]


def test_the_admins_rule_stays_and_a_learnt_one_is_renewed() -> None:
    own, known = make_service(), make_service()
    for service in (own, known):
        accepted(service, *["https://shop.example/1"] * 6)
    LinkRule.objects.create(
        service=own, hosts="own.example", check_mode=LinkCheck.REJECT, updated_at=NOW
    )
    LinkRule.objects.create(service=known, hosts="old.example", is_learnt=True, updated_at=NOW)

    learn_links(now=NOW)
    learn_links(now=NOW)

    assert LinkRule.objects.get(service=own).hosts == "own.example"
    assert learnt() == [(known.pk, "shop.example", "", False)]
