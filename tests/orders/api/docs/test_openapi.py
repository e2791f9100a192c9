"""The OpenAPI description: valid, made of the tables, and every example keeps to its own schema."""

import json
from typing import Any

import pytest
from django.test import Client
from jsonschema import Draft202012Validator, ValidationError
from openapi_spec_validator import validate
from pytest_django import Settings

from catalog.upstream.service_types import TYPES
from orders.api.actions import ACTIONS
from orders.api.docs.calls import CALLS
from orders.api.docs.examples import Own, fields_of
from orders.api.docs.reply_schemas import REPLIES

ADDRESS = "/api/v2/openapi.json"
KEY = "k" * 40


@pytest.fixture(scope="module")
def described() -> dict[str, Any]:
    """The description as programs read it."""
    return json.loads(Client().get(ADDRESS).content)  # type: ignore[no-any-return]  # JSON's edge


def check(described: dict[str, Any], name: str, value: object) -> None:
    """Raise ValidationError where the value is not what the schema of that name says."""
    schema = {"$ref": f"#/components/schemas/{name}", "components": described["components"]}
    Draft202012Validator(schema).validate(value)


def test_description_is_valid_openapi_3_1(described: dict[str, Any]) -> None:
    validate(described)

    assert described["openapi"] == "3.1.0"
    assert list(described["paths"]) == ["/api/v2"]


def test_it_knows_every_action_and_type(described: dict[str, Any]) -> None:
    request = described["components"]["schemas"]["Request"]

    assert list(request["discriminator"]["mapping"]) == list(ACTIONS)
    assert len(described["components"]["schemas"]["AddRequest"]["anyOf"]) == len(TYPES)


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.anchor)
def test_every_sample_is_a_request_as_described(call: Any, described: dict[str, Any]) -> None:
    fields = fields_of(call, Own())

    check(described, "Request", {"key": KEY, **fields})
    with pytest.raises(ValidationError):
        check(described, "Request", fields)


@pytest.mark.parametrize("anchor", REPLIES)
def test_every_example_of_an_answer_keeps_to_its_schema(
    anchor: str, described: dict[str, Any]
) -> None:
    check(described, REPLIES[anchor].name, REPLIES[anchor].example)


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("AddReply", {"order": "23501"}),
        ("AddReply", {"order": 23501, "error": None}),
        ("RefillReply", {"refill": 1}),
        ("StatusReply", {**REPLIES["status"].example, "charge": 0.27819}),  # type: ignore[dict-item]  # an object
        ("StatusReply", {**REPLIES["status"].example, "status": "Waiting"}),  # type: ignore[dict-item]  # an object
        ("CancelReply", [{"order": 9, "cancel": True}]),
        ("BalanceReply", {"balance": "1E+2", "currency": "USD"}),
        ("RefillStatusManyReply", [{"refill": 3, "status": "Refill not found"}]),
    ],
)
def test_answers_of_another_type_break_the_contract(
    name: str, wrong: object, described: dict[str, Any]
) -> None:
    with pytest.raises(ValidationError):
        check(described, name, wrong)


def test_conditions_of_a_type_are_described(described: dict[str, Any]) -> None:
    visits = {"key": KEY, "action": "add", "service": 1, "link": "example.com", "quantity": 100}
    visits |= {"country": "WW", "device": "1", "type_of_traffic": "2"}

    check(described, "AddWebTrafficCall", {**visits, "referring_url": "https://example.com"})
    with pytest.raises(ValidationError, match="'referring_url' is a required property"):
        check(described, "AddWebTrafficCall", visits)


def test_who_has_it_already_gets_304() -> None:
    first = Client().get(ADDRESS)
    again = Client().get(ADDRESS, headers={"If-None-Match": f'"other", {first["ETag"]}'})
    changed = Client().get(ADDRESS, headers={"If-None-Match": '"other"'})

    assert (first.status_code, first["Content-Type"]) == (200, "application/json")
    assert first["Cache-Control"] == "max-age=300"
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
    assert changed.content == first.content


def test_it_names_the_sites_own_address(settings: Settings) -> None:
    usual, usual_site = Client().get(ADDRESS).content.decode(), settings.SITE_URL
    settings.SITE_URL = "https://panel.example"

    described = Client().get(ADDRESS).content.decode()

    assert json.loads(described)["servers"] == [{"url": "https://panel.example"}]
    assert described == usual.replace(usual_site, "https://panel.example")


def test_wrong_verb_is_refused() -> None:
    assert Client().post(ADDRESS).status_code == 405
