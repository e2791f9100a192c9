"""What people type to find a service, and what they find."""

import pytest
from django.test import Client

from accounts.models import Role
from catalog.models import Service
from catalog.search import matching
from tests.factories import make_category, make_service, make_user, signed_in

pytestmark = pytest.mark.django_db

ULTRA = "\U0001d414\U0001d40b\U0001d413\U0001d411\U0001d400 \U0001d407\U0001d410"
CATALOG = {
    "Instagram": ("Instagram Followers", "Instagram Likes", f"{ULTRA} Instagram Views [R30]"),
    "TikTok": ("TikTok Likes", "TikTok Followers"),
    "YouTube": ("YouTube Subscribers", "YT Views 30 Days Refill"),
    "Fun": ("High night lights", "Tètè à tètè"),
}


@pytest.fixture(autouse=True)
def _catalog() -> None:
    for category, names in CATALOG.items():
        under = make_category(name=category)
        for name in names:
            make_service(name=name, category=under)


def found(words: str) -> list[str]:
    services = matching(Service.objects.all(), words=words).order_by("pk")
    return [one.name.replace(ULTRA, "ULTRA HQ") for one in services]


INSTA_VIEWS = "ULTRA HQ Instagram Views [R30]"
CASES = {
    "tiktk likes": ["TikTok Likes"],
    "instagarm folowers": ["Instagram Followers"],
    "ig followers": ["Instagram Followers"],
    "IG": ["Instagram Followers", "Instagram Likes", INSTA_VIEWS],
    "insta views 30 days": [INSTA_VIEWS],
    "insta 30d": [INSTA_VIEWS],
    "30-day": [INSTA_VIEWS, "YT Views 30 Days Refill"],
    "ultra": [INSTA_VIEWS],
    ULTRA: [INSTA_VIEWS],
    "ᴜʟᴛʀᴀ": [INSTA_VIEWS],
    "tt": ["TikTok Likes", "TikTok Followers"],
    "tik tok likes": ["TikTok Likes"],
    "yt subs": ["YouTube Subscribers"],
    "youtube views": ["YT Views 30 Days Refill"],
    "youtub viwes": ["YT Views 30 Days Refill"],
    "tiktok lieks": ["TikTok Likes"],
    "tiktok likes please": ["TikTok Likes"],
    "tete": ["Tètè à tètè"],
    "likes tiktok": ["TikTok Likes"],
    "youtube tiktok": [],
    "nothing": [],
    "100%": [],
    "zzzz qqqq": [],
    "%": [],
    "\\": [],
    "(": [],
    "insta likes 30 days": [],
    "x" * 100: [],
}


@pytest.mark.parametrize(("words", "names"), CASES.items(), ids=[case[:30] for case in CASES])
def test_people_find_what_they_mean(words: str, names: list[str]) -> None:
    assert found(words) == names


def test_words_that_no_service_has_are_left_out() -> None:
    Service.objects.filter(upstream_name__contains="30").delete()

    assert found("insta likes 30 days") == ["Instagram Likes"]


def test_a_number_is_an_id_or_a_part_of_a_name() -> None:
    wanted = Service.objects.get(upstream_name="TikTok Likes")

    assert "TikTok Likes" in found(str(wanted.pk))
    assert found("9" * 30) == []


def test_no_words_leave_everything() -> None:
    assert len(found(" ")) == len(found("")) == 9


def test_the_admins_name_is_what_is_searched() -> None:
    Service.objects.filter(upstream_name="TikTok Likes").update(own_name="Hearts")

    assert found("hearts") == ["Hearts"]
    assert "Hearts" in found("tiktok")  # by its category
    assert found("tiktok likes") == []


@pytest.mark.parametrize("page", ["/services", "/order", "/admin/services"])
def test_every_search_of_services_finds_alike(page: str) -> None:
    client: Client = signed_in(make_user(role=Role.ADMIN))

    text = client.get(page, {"q": "instagarm folowers"}).content.decode()

    assert "Instagram Followers" in text
    assert "TikTok Followers" not in text


def test_a_single_match_is_chosen_on_the_order_form() -> None:
    client = signed_in(make_user())
    service = Service.objects.get(upstream_name="TikTok Likes")

    one = client.get("/order", {"q": "tiktk likes"})
    two = client.get("/order", {"q": "tiktok"})
    none = client.get("/order", {"category": service.category_id})

    assert one.context["choice"].service == service
    assert "data-order-form" in one.content.decode()
    assert two.context["choice"].service is None
    assert none.context["choice"].service is None
