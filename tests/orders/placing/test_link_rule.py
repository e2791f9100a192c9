"""Whether a link fits a service: whatever people paste where a link belongs."""

import pytest

from catalog.models import Category, LinkCheck, LinkRule, Service
from orders.placing.link_rule import LinkFault, expected_links, find_fault
from tests.factories import NOW

# INSTAGRAM in mathematical bold, as sellers write it
BOLD = "\U0001d408\U0001d40d\U0001d412\U0001d413\U0001d400\U0001d406\U0001d411\U0001d400\U0001d40c"
INSTAGRAM = "This service needs a link to a page on instagram.com."
NO_LINK = "This does not look like a link."
ALONE = "Enter the link alone, without the text around it."
PART = "This link is not complete."
LOST = "This link has a space where it needs a +. Programs must send a + as %2B."
BEGIN = "This link begins wrongly."


def service(name: str, *, category: str = "Category", rule: LinkRule | None = None) -> Service:
    """A service that is in no database."""
    made = Service(upstream_name=name, category=Category(upstream_name=category))
    if rule:
        made.link_rule = rule
    return made


def rule(hosts: str = "", **more: object) -> LinkRule:
    return LinkRule(hosts=hosts, updated_at=NOW, **more)


def said(of: Service, link: str) -> tuple[str, str] | None:
    fault = find_fault(service=of, link=link)
    return (fault.message, fault.better) if fault else None


@pytest.mark.parametrize(
    ("link", "message", "better"),
    [
        ("not a link", NO_LINK, ""),
        ("https://", PART, ""),
        ("http://instagram", PART, ""),
        ("https:instagram.com/x", PART, ""),
        ("https://instagram .com/x", PART, ""),
        ("Check this out https://www.instagram.com/p/C1/", ALONE, "https://www.instagram.com/p/C1/"),
        (
            "Look at https://vm.tiktok.com/ZM1/ and see more (it's great).",
            ALONE,
            "https://vm.tiktok.com/ZM1/",
        ),
        ("https://youtu.be/abc?si=1 - great video!", ALONE, "https://youtu.be/abc?si=1"),
        ("my page (https://x.com/ann).", ALONE, "https://x.com/ann"),
        ("See instagram.com/p/C1/ please", ALONE, "instagram.com/p/C1/"),
        ("https://a.example/1https://b.example/2", ALONE, "https://a.example/1"),
        ("https://a.example/1 https://b.example/2", ALONE, "https://a.example/1"),
        ("Link:https://a.example/1", ALONE, "https://a.example/1"),
        ("htps://a.example/1", BEGIN, "https://a.example/1"),
        ("https//a.example/1", BEGIN, "https://a.example/1"),
        ("https:/a.example/1", BEGIN, "https://a.example/1"),
        ("http://https://a.example/1", BEGIN, "https://a.example/1"),
        ("https://t.me/ AbC-d_9", LOST, "https://t.me/+AbC-d_9"),
        ("t.me/ AbC-d_9", LOST, "t.me/+AbC-d_9"),
        ("HTTPS://Telegram.me/ AbC", LOST, "HTTPS://Telegram.me/+AbC"),
    ],
)  # fmt: skip
def test_what_is_no_link_is_named_and_the_meant_one_offered(
    link: str, message: str, better: str
) -> None:
    assert said(service("Followers"), link) == (message, better)


@pytest.mark.parametrize(
    "link",
    [
        "",
        "https://example.com/page",
        "http://example.com",
        "example.com/page?x=1&y=2#z",
        "https://t.me/+AbC-d_9",
        "https://web.archive.org/web/2020/https://example.com/",
        "https://example.com/go?to=https://example.org/",
        "https://müller.example/größe",
        "@ann",
        "ann.b",
        "the.lamp.shop",
        "#hashtag",
        "+4915112345678",
    ],
)
def test_what_may_be_right_is_not_questioned_where_nothing_is_known(link: str) -> None:
    assert said(service("Followers"), link) is None


@pytest.mark.parametrize(
    ("name", "link", "message"),
    [
        ("Instagram Views", "https://www.tiktok.com/@a/video/1", INSTAGRAM),
        (f"{BOLD} Views", "https://notinstagram.com/p/C1/", INSTAGRAM),
        ("IG views", "https://instagram.com.evil.example/p/C1/", INSTAGRAM),
        ("Instagram Views", "https://instagram.com/", PART),
        ("Instagram Views", "#hashtag", NO_LINK),
        (
            "Instagram Likes",
            "https://instagram.com/ann",
            "This service needs a link to a post on instagram.com. This link leads to a profile.",
        ),
        ("Instagram Likes", "@ann", "Enter a link to a post on instagram.com, not a name."),
        (
            "YouTube Subscribers",
            "https://youtu.be/abc",
            "This service needs a link to a profile on youtube.com. This link leads to a post.",
        ),
        (
            "TikTok or YouTube views",
            "https://vk.com/video1",
            "This service needs a link to a page on tiktok.com or youtube.com.",
        ),
    ],
)
def test_a_platform_in_the_name_tells_which_links_fit(name: str, link: str, message: str) -> None:
    assert said(service(name), link) == (message, "")


@pytest.mark.parametrize(
    ("name", "link"),
    [
        ("Instagram Likes", "https://www.instagram.com/reel/C1/?igsh=x"),
        ("Instagram Likes", "https://www.instagram.com/ann/p/C1/"),
        ("Instagram Likes", "instagram.com/p/C1"),
        ("Instagram Story Likes", "https://instagram.com/ann"),
        ("Instagram Followers", "the.lamp.shop"),
        ("Instagram Followers", "@ann"),
        ("TikTok Likes", "https://vm.tiktok.com/ZM1/"),
        ("YouTube Likes", "https://m.youtube.com/watch?app=desktop&v=abc"),
        ("Facebook Page Likes", "https://facebook.com/ann"),
        ("Pinterest Followers", "https://www.pinterest.co.uk/ann/"),
        ("Telegram Members", "https://t.me/+AbC"),
        ("Website Traffic from Instagram", "https://shop.example/"),
        ("Weight loss tips, kicking", "https://shop.example/"),
    ],
)
def test_a_fitting_link_is_not_questioned(name: str, link: str) -> None:
    assert said(service(name), link) is None


def test_the_category_tells_where_the_service_does_not() -> None:
    views = service("Views HQ", category="TikTok · Views")

    assert said(views, "https://instagram.com/reel/C1") == (
        "This service needs a link to a page on tiktok.com.", "",
    )  # fmt: skip


def test_the_admins_rule_goes_before_the_names() -> None:
    likes = service(
        "Instagram Likes",
        rule=rule("shop.example", are_names_allowed=False, check_mode=LinkCheck.REJECT),
    )

    assert find_fault(service=likes, link="https://www.shop.example/1") is None
    assert find_fault(service=likes, link="https://instagram.com/p/C1/") == LinkFault(
        "This service needs a link to a page on shop.example.", is_rejected=True
    )
    assert find_fault(service=likes, link="@ann") == LinkFault(
        "Enter a link to a page on shop.example, not a name.", is_rejected=True
    )


def test_a_categorys_rule_holds_for_services_without_one() -> None:
    likes = service("Instagram Likes")
    likes.category.link_rule = rule("shop.example")

    assert find_fault(service=likes, link="https://shop.example/1") is None
    likes.link_rule = rule("own.example")
    assert find_fault(service=likes, link="https://shop.example/1") == LinkFault(
        "This service needs a link to a page on own.example."
    )


def test_a_learnt_rule_adds_to_the_names_and_yields_to_the_admins() -> None:
    likes = service("Instagram Likes", rule=rule("mirror.example", is_learnt=True))

    assert find_fault(service=likes, link="https://mirror.example/1") is None
    assert find_fault(service=likes, link="https://instagram.com/p/C1/") is None
    assert find_fault(service=likes, link="https://tiktok.com/@a") is not None
    likes.category.link_rule = rule("shop.example")
    assert find_fault(service=likes, link="https://mirror.example/1") is not None


def test_a_rule_that_is_off_questions_nothing_but_a_lost_plus() -> None:
    likes = service("Instagram Likes", rule=rule(check_mode=LinkCheck.OFF))

    assert find_fault(service=likes, link="whatever it is") is None
    assert expected_links(likes).words == ""
    assert find_fault(service=likes, link="https://t.me/ AbC") == LinkFault(
        LOST, better="https://t.me/+AbC", is_rejected=True
    )
