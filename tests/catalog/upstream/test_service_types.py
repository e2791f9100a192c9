"""The table of service types: fields, billed units, names."""

import pytest

from catalog.upstream.service_types import TYPES, canonical, find, lines

REQUIRED_FIELDS = {
    "Default": {"link", "quantity"},
    "Package": {"link"},
    "SEO": {"link", "quantity", "keywords"},
    "Custom Comments": {"link", "comments"},
    "Custom Comments Package": {"link", "comments"},
    "Mentions": {"link", "quantity", "usernames"},
    "Mentions with Hashtags": {"link", "quantity", "usernames", "hashtags"},
    "Mentions Custom List": {"link", "usernames"},
    "Mentions Hashtag": {"link", "quantity", "hashtag"},
    "Mentions User Followers": {"link", "quantity", "username"},
    "Mentions Media Likers": {"link", "quantity", "media"},
    "Comment Likes": {"link", "quantity", "username"},
    "Comment Replies": {"link", "username", "comments"},
    "Poll": {"link", "quantity", "answer_number"},
    "Invites from Groups": {"link", "quantity", "groups"},
    "Subscriptions": {"username", "min", "max", "delay"},
    "Web Traffic": {"link", "quantity", "country", "device", "type_of_traffic"},
}


def test_every_documented_type_asks_for_its_documented_fields() -> None:
    asked = {
        kind.name: {field.name for field in kind.fields if field.is_required} for kind in TYPES
    }

    assert asked == REQUIRED_FIELDS


def test_only_packages_and_subscriptions_are_priced_per_order() -> None:
    per_order = {kind.name for kind in TYPES if kind.is_per_order}

    assert per_order == {"Package", "Custom Comments Package", "Subscriptions"}


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("Default", "Default"),
        ("default", "Default"),
        ("CUSTOM_COMMENTS", "Custom Comments"),
        ("custom comments  package", "Custom Comments Package"),
        ("mentions_user_followers", "Mentions User Followers"),
        ("Mentions-Custom-List", "Mentions Custom List"),
        (" Poll ", "Poll"),
        ("Telepathy", "Telepathy"),
    ],
)
def test_a_type_is_known_in_any_case_and_with_underscores_or_hyphens(word: str, name: str) -> None:
    assert canonical(word) == name


def test_an_unknown_type_is_not_guessed() -> None:
    assert find("Telepathy") is None
    assert find("") is None


@pytest.mark.parametrize(
    ("type_name", "values", "units"),
    [
        ("Default", {"quantity": "1000"}, 1000),
        ("Default", {"quantity": 1000}, 1000),
        ("Default", {"quantity": "1000", "runs": "5", "interval": "60"}, 5000),
        ("Default", {"quantity": "1000", "runs": ""}, 1000),
        ("Web Traffic", {"quantity": "100", "runs": "2"}, 200),
        ("Poll", {"quantity": "100", "runs": "2"}, 100),  # no drip-feed there
        ("Package", {"quantity": "999"}, 1),
        ("Custom Comments", {"comments": "nice\r\n\r\n wow \n"}, 2),
        ("Custom Comments", {"comments": "nice\\nwow\\nyes"}, 1),
        ("Custom Comments Package", {"comments": "a\nb"}, 1),
        ("Mentions Custom List", {"usernames": "a\nb\nc\n"}, 3),
        ("Comment Replies", {"username": "x", "comments": "a\nb"}, 2),
        ("Custom Comments", {"comments": ""}, 0),
    ],
)
def test_billed_units_of_a_type(type_name: str, values: dict[str, str | int], units: int) -> None:
    kind = find(type_name)

    assert kind is not None
    assert kind.billed_quantity(values) == units


@pytest.mark.parametrize("text", ["", "0", "-5", "1.5", "ten", "\u0661\u0660", "1" * 19])
def test_a_quantity_that_is_no_number_is_refused_by_name(text: str) -> None:
    kind = find("Default")

    assert kind is not None
    with pytest.raises(ValueError, match="quantity must be a whole number above 0"):
        kind.billed_quantity({"quantity": text})


def test_limits_are_about_one_run_while_all_runs_are_billed() -> None:
    kind = find("Default")

    assert kind is not None
    assert kind.limited_quantity({"quantity": "100", "runs": "7"}) == 100
    assert kind.billed_quantity({"quantity": "100", "runs": "7"}) == 700


def test_web_traffic_wants_a_keyword_or_a_site_by_where_visitors_come_from() -> None:
    kind = find("Web Traffic")

    assert kind is not None
    wanted = {
        source: {
            field.name for field in kind.fields if field.is_wanted({"type_of_traffic": source})
        }
        & {"google_keyword", "referring_url"}
        for source in ("1", "2", "3")
    }
    assert wanted == {"1": {"google_keyword"}, "2": {"referring_url"}, "3": set()}


def test_only_subscriptions_are_billed_post_by_post() -> None:
    assert [kind.name for kind in TYPES if kind.is_subscription] == ["Subscriptions"]


def test_every_known_type_is_sold() -> None:
    assert [kind.name for kind in TYPES if not kind.is_sellable] == []


def test_lines_end_in_every_way_that_clients_write() -> None:
    assert lines("a\r\nb\nc\\nd\r\n\r\n") == ["a", "b", "c\\nd"]
