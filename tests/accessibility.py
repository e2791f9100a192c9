"""Looking at a page with the eyes of people who do not see well, or whose screen is narrow."""

from collections.abc import Iterator
from typing import Any, Literal

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

Scheme = Literal["light", "dark"]
WIDTHS = (320, 1280)  # a narrow phone, a laptop
RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],
}
# The only rules that a colour scheme can break: the other one need not be judged for anything else
COLOURS = {
    "runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]},
    "resultTypes": ["violations"],
}
# Colours that change over some frames look wrong on their way in any scheme. A style sheet without
# any element is not what the CSP forbids.
STILL = """() => {
  const still = new CSSStyleSheet();
  still.replaceSync("*, ::before, ::after, ::backdrop { transition: none !important; animation: none !important }");
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, still];
}"""
# How much wider than the window the page is, and which tables are wider than their place
WIDER = """() => [
  document.documentElement.scrollWidth - innerWidth,
  [...document.querySelectorAll(".table.is-stacked")]
    .map((table) => table.parentElement)
    .filter((place) => place.scrollWidth > place.clientWidth)
    .map((place) => place.ariaLabel),
]"""
# Axe's whole answer also tells what it did not judge, and is far longer than the page
JUDGE = """async (rules) => {
  if (!("axe" in window)) return null;
  if (document.getAnimations().length) throw new Error("something still moves");
  const { violations } = await axe.run(rules);
  return violations.map(({ id, impact, nodes }) => ({ id, impact, html: nodes[0].html }));
}"""


def faults(page: Page) -> list[str]:
    """What is wrong with the page as it stands, in light and in dark."""
    return sideways(page) + [_said(page, fault) for fault in violations(page)]


def faults_at_every_width(page: Page) -> list[str]:
    """The same on a narrow phone and on a laptop: one page, loaded once."""
    found: list[str] = []
    judgements: list[tuple[Scheme, dict[str, Any]]] = [("light", RULES), ("dark", COLOURS)]
    for scheme, rules in judgements:
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 800})
            found += sideways(page)
            found += [_said(page, fault) for fault in _judged(page, scheme=scheme, rules=rules)]
    return found


def violations(page: Page) -> Iterator[dict[str, str]]:
    """What axe finds, as `id`, `impact` and the first `html`: everything in light, colours in
    dark.
    """
    yield from _judged(page, scheme="light", rules=RULES)
    yield from _judged(page, scheme="dark", rules=COLOURS)


def sideways(page: Page) -> list[str]:
    """What does not fit the window as wide as it is."""
    width, cut = page.evaluate(WIDER)
    found = [f"{page.url} scrolls sideways by {width} px"] if width > 0 else []
    return found + [f"{page.url}: {table!r} pushes its values out of sight" for table in cut]


def _judged(page: Page, *, scheme: Scheme, rules: dict[str, Any]) -> list[dict[str, str]]:
    page.emulate_media(color_scheme=scheme)
    found: list[dict[str, str]] | None = page.evaluate(JUDGE, rules)
    if found is None:  # a page that was just loaded
        page.evaluate(STILL)
        page.evaluate(AXE_SCRIPT)
        found = page.evaluate(JUDGE, rules)
        assert found is not None
    return found


def _said(page: Page, fault: dict[str, str]) -> str:
    return f"{page.url}: {fault['id']}: {fault['html']}"
