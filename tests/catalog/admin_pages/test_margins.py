"""The admin's page of margins: preview, then apply."""

from decimal import Decimal

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from catalog.models import MarginRule, Service
from catalog.prices.set_margin import set_margin
from tests.factories import NOW, make_category, make_provider, make_service

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("admin")]

URL = "/admin/margins"


@pytest.fixture
def service() -> Service:
    service = make_service(cost="1", name="<b>Likes</b>")
    set_margin(target=None, percent=Decimal(25), fixed=Decimal(0), actor=None, now=NOW)
    return service


def price() -> Decimal:
    return Service.objects.get().price


def for_provider(priced: Service, /, **changes: str) -> dict[str, str]:
    values = {
        "scope": "provider",
        "provider": str(priced.provider_id),
        "percent": "50",
        "fixed": "0",
    }
    return values | changes


def test_a_preview_shows_old_and_new_prices_and_saves_nothing(
    client: Client, service: Service
) -> None:
    text = client.get(URL, for_provider(service)).content.decode()

    assert "1 of 1 prices would change" in text
    assert '<td data-label="Current price" class="num">$1.25</td>' in text
    assert "<strong>$1.50</strong>" in text
    assert "&lt;b&gt;Likes&lt;/b&gt;" in text
    assert "<b>Likes" not in text
    assert price() == Decimal("1.25")
    assert not MarginRule.objects.filter(scope="provider").exists()


def test_what_was_previewed_is_applied(client: Client, service: Service, admin: User) -> None:
    response = client.post(URL, for_provider(service))

    assert (response.status_code, response["Location"]) == (302, URL)
    assert price() == Decimal("1.50")
    assert MarginRule.objects.get(scope="provider").updated_by == admin


def test_applying_twice_is_applying_once(client: Client, service: Service) -> None:
    client.post(URL, for_provider(service))
    client.post(URL, for_provider(service))

    assert MarginRule.objects.filter(scope="provider").count() == 1
    assert price() == Decimal("1.50")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"percent": "-1"}, "Ensure this value is greater than or equal to 0."),
        ({"percent": ""}, "This field is required."),
        ({"percent": "NaN"}, "Enter a number."),
        ({"percent": "10001"}, "Ensure this value is less than or equal to 10000."),
        ({"fixed": "-0.01"}, "Ensure this value is greater than or equal to 0."),
        ({"fixed": "x"}, "Enter a number."),
        ({"scope": "galaxy"}, "Select a valid choice."),
        ({"provider": ""}, "Choose the provider."),
        ({"provider": "999999"}, "Select a valid choice."),
        ({"scope": "category"}, "Choose the category."),
        ({"scope": "service"}, "Choose the service."),
        ({"scope": "service", "service": "999999999"}, "No service has this ID."),
        ({"scope": "service", "service": "x"}, "Enter a whole number."),
    ],
    ids=str,
)
def test_bad_input_is_named_and_changes_nothing(
    client: Client, service: Service, changes: dict[str, str], message: str
) -> None:
    preview = client.get(URL, for_provider(service, **changes))
    applied = client.post(URL, for_provider(service, **changes))

    for response in (preview, applied):
        assert response.status_code == 422
        assert message in response.content.decode()
    assert price() == Decimal("1.25")
    assert MarginRule.objects.count() == 1


def test_a_price_beyond_all_bounds_is_named(client: Client) -> None:
    service = make_service(cost="20000000000")

    for response in (
        client.get(URL, for_provider(service, percent="9999")),
        client.post(URL, for_provider(service, percent="9999")),
    ):
        assert response.status_code == 422
        assert "would be too high" in response.content.decode()
    assert not MarginRule.objects.filter(scope="provider").exists()


def test_every_scope_can_be_set(client: Client, service: Service) -> None:
    client.post(URL, {"scope": "all", "percent": "10", "fixed": "0"})
    client.post(
        URL,
        {"scope": "category", "category": service.category_id, "percent": "30", "fixed": "0.05"},
    )
    client.post(URL, {"scope": "service", "service": service.pk, "percent": "40", "fixed": "0"})

    scopes = dict(MarginRule.objects.values_list("scope", "percent"))
    assert scopes == {"all": Decimal(10), "category": Decimal(30), "service": Decimal(40)}
    assert price() == Decimal("1.40")


def test_a_rule_is_removed_but_not_the_one_for_all(client: Client, service: Service) -> None:
    client.post(URL, for_provider(service))
    for rule in list(MarginRule.objects.all()):
        client.post(f"{URL}/{rule.pk}/remove")

    assert [rule.scope for rule in MarginRule.objects.all()] == ["all"]
    assert price() == Decimal("1.25")


def test_a_removal_is_previewed_like_a_change_and_saves_nothing(
    client: Client, service: Service
) -> None:
    client.post(URL, for_provider(service))
    rule = MarginRule.objects.get(scope="provider")

    text = client.get(f"{URL}/{rule.pk}/remove").content.decode()

    assert f'href="{URL}/{rule.pk}/remove"' in client.get(URL).content.decode()
    assert "Without this margin, 1 of 1 prices would change" in text
    assert '<td data-label="Current price" class="num">$1.50</td>' in text
    assert "<strong>$1.25</strong>" in text
    assert text.count('id="id_percent"') == 1  # in one form alone
    assert price() == Decimal("1.50")
    assert MarginRule.objects.filter(pk=rule.pk).exists()


def test_the_margin_of_all_services_offers_no_removal(client: Client, service: Service) -> None:
    rule = MarginRule.objects.get(scope="all")

    text = client.get(f"{URL}/{rule.pk}/remove", follow=True).content.decode()

    assert "The margin for all services can be changed, but not removed." in text
    assert f"{URL}/{rule.pk}/remove" not in text


def test_the_page_lists_each_rule_with_what_it_prices(client: Client, service: Service) -> None:
    set_margin(
        target=service.provider, percent=Decimal("12.5"), fixed=Decimal("0.01"), actor=None, now=NOW
    )

    text = client.get(URL).content.decode()

    assert '<td data-label="Percent" class="num">12.50 %</td>' in text
    assert '<td data-label="Fixed" class="num">$0.01</td>' in text
    assert '<td data-label="Services" class="num">1</td>' in text


def test_a_shop_without_rules_shows_the_rule_for_all(client: Client) -> None:
    text = client.get(URL).content.decode()

    assert "All services" in text
    assert '<td data-label="Percent" class="num">25.00 %</td>' in text


@pytest.mark.parametrize("rules", [1, 3])
def test_the_page_asks_few_questions_however_many_rules(
    client: Client, rules: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(rules):
        set_margin(
            target=make_category(), percent=Decimal(5), fixed=Decimal(0), actor=None, now=NOW
        )
        set_margin(
            target=make_provider(), percent=Decimal(5), fixed=Decimal(0), actor=None, now=NOW
        )
    client.get(URL)

    # session, user, balance, inbox, rulebook 2, rules, 2 selects
    with django_assert_num_queries(9):
        client.get(URL)
