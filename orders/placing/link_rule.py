"""Whether a link fits its service: by the admin's rule, by what was learnt, or by the names.

Reads no database where the service came `with_link_rules`.
"""

import re
from dataclasses import dataclass
from typing import Final

from catalog.models import LinkCheck, LinkRule, Service, ServiceQuerySet
from catalog.platforms import (
    Platform,
    address_of,
    host_of,
    is_at,
    named_in,
    target_of_address,
    target_of_service,
)

LOST_PLUS: Final = re.compile(
    r"(?i)(?P<site>(?:https?://)?(?:www\.)?(?:t\.me|telegram\.(?:me|dog)|wa\.me)/)[ ]+(?P<code>\S+)"
)
INSIDE: Final = re.compile(r"(?i)https?://[^\s<>\"']+")
BARE_INSIDE: Final = re.compile(r"(?i)(?<![\w@.])(?:[a-z0-9-]+\.)+[a-z]{2,}/[^\s<>\"']+")
# "htps://", "https//", "https:/", "https://https://"
BROKEN_SCHEME: Final = re.compile(r"(?i)(?:h?t{1,3}ps?[:;]?/{1,3})+(?=[a-z0-9-]+\.)")
NAME: Final = re.compile(r"@?[\w.-]{1,100}")
AFTER_A_LINK: Final = ".,;:!?)]}>…»”"


@dataclass(frozen=True, slots=True)
class LinkFault:
    """Why a link does not fit; `better` is the link that was probably meant, if any."""

    message: str
    better: str = ""
    is_rejected: bool = False  # else the customer may order anyway


@dataclass(frozen=True, slots=True)
class Expected:
    """The links that a service takes. No hosts: any site."""

    hosts: frozenset[str] = frozenset()
    target: str = ""
    are_names_allowed: bool = True
    check: str = LinkCheck.WARN
    shown_hosts: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """For people: "a post on instagram.com"; empty where anything goes."""
        if self.check == LinkCheck.OFF:
            return ""
        what = {"post": "a post", "profile": "a profile"}.get(self.target, "a page")
        if not self.shown_hosts:
            return what if self.target else ""
        return f"{what} on {' or '.join(self.shown_hosts[:3])}"


def with_link_rules(services: ServiceQuerySet) -> ServiceQuerySet:
    """These services with what `find_fault` needs, without a query of its own."""
    return services.select_related("link_rule", "category__link_rule")


def find_fault(*, service: Service, link: str) -> LinkFault | None:
    """What is wrong with this link for this service; None where nothing is, or it is empty."""
    link = link.strip()
    if not link:
        return None
    lost = _lost_plus(link)
    if lost:
        return lost
    expected = expected_links(service)
    if expected.check == LinkCheck.OFF:
        return None
    fault = _shape_fault(link, expected) or _place_fault(link, expected)
    if fault is None or expected.check != LinkCheck.REJECT:
        return fault
    return LinkFault(fault.message, better=fault.better, is_rejected=True)


def expected_links(service: Service) -> Expected:
    """The admin's rule for the service, else for its category; else what was learnt, with the
    platform that the names tell.
    """
    own: LinkRule | None = getattr(service, "link_rule", None)
    rule = own if own and not own.is_learnt else getattr(service.category, "link_rule", None)
    if rule:
        hosts = tuple(rule.hosts.split())
        return Expected(
            hosts=frozenset(hosts),
            target=rule.target,
            are_names_allowed=rule.are_names_allowed,
            check=rule.check_mode,
            shown_hosts=hosts,
        )
    platforms = named_in(service.name) or named_in(service.category.name)
    return _learnt(own, platforms) if own else _by_names(service, platforms)


def _by_names(service: Service, platforms: tuple[Platform, ...]) -> Expected:
    target = target_of_service(service.name) if platforms else ""
    return Expected(
        hosts=_hosts(platforms),
        target=target,
        are_names_allowed=target != "post",
        shown_hosts=tuple(one.hosts[0] for one in platforms),
    )


def _learnt(rule: LinkRule, platforms: tuple[Platform, ...]) -> Expected:
    shown = tuple(one.hosts[0] for one in platforms) or tuple(rule.hosts.split())
    return Expected(
        hosts=rule.host_names | _hosts(platforms) if rule.hosts else frozenset(),
        target=rule.target,
        are_names_allowed=rule.are_names_allowed,
        shown_hosts=shown if rule.hosts else (),
    )


def _hosts(platforms: tuple[Platform, ...]) -> frozenset[str]:
    return frozenset(host for one in platforms for host in (*one.hosts, *one.short_hosts))


def _lost_plus(link: str) -> LinkFault | None:
    """A + that a program did not encode arrives as a space. No such link can be right."""
    found = LOST_PLUS.fullmatch(link)
    if found is None:
        return None
    return LinkFault(
        "This link has a space where it needs a +. Programs must send a + as %2B.",
        better=f"{found['site']}+{found['code']}",
        is_rejected=True,
    )


def _shape_fault(link: str, expected: Expected) -> LinkFault | None:
    """What is no link at all, or more than one."""
    scheme = BROKEN_SCHEME.match(link)
    if scheme and scheme[0].lower() not in {"http://", "https://"}:
        return LinkFault("This link begins wrongly.", better=f"https://{link[scheme.end() :]}")
    inside = _link_inside(link)
    if inside and inside != link:
        return LinkFault("Enter the link alone, without the text around it.", better=inside)
    if address_of(link) and not re.search(r"\s", link):
        return None
    if re.match(r"(?i)https?:", link):
        return LinkFault("This link is not complete.")
    if re.search(r"\s", link):
        return LinkFault("This does not look like a link.")
    if not NAME.fullmatch(link) and expected.hosts:
        return LinkFault("This does not look like a link.")
    return None


def _link_inside(text: str) -> str:
    """The first link in a text: of a share text, or of two links in one; "" without any."""
    found = INSIDE.search(text) or (BARE_INSIDE.search(text) if re.search(r"\s", text) else None)
    if found is None:
        return ""
    first = found[0]
    second = re.search(r"(?i)(?<![=/])https?://", first[1:])
    if second:
        first = first[: second.start() + 1]
    has_more = re.search(r"\s", text) or second
    first = first.rstrip(AFTER_A_LINK) if has_more or found.start() else first
    return first if address_of(first) else ""


def _place_fault(link: str, expected: Expected) -> LinkFault | None:
    """A link to another site, or to a profile where a post is needed."""
    parts = address_of(link)
    if parts is None or _is_a_name(link, host=host_of(parts), expected=expected):
        if expected.are_names_allowed:
            return None
        return LinkFault(f"Enter a link to {expected.words or 'a page'}, not a name.")
    if expected.hosts and not is_at(host_of(parts), expected.hosts):
        return LinkFault(f"This service needs a link to {expected.words}.")
    if expected.hosts and not parts.path.strip("/") and not parts.query:
        return LinkFault("This link is not complete.")
    target = target_of_address(parts)
    if expected.target and target and target != expected.target:
        return LinkFault(
            f"This service needs a link to {expected.words}. This link leads to a {target}."
        )
    return None


def _is_a_name(link: str, *, host: str, expected: Expected) -> bool:
    """A name such as the.lamp.shop, which could be an address, too."""
    return NAME.fullmatch(link) is not None and not is_at(host, expected.hosts)
