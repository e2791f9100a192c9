"""Looking at a page with the eyes of people who do not see well, or whose screen is narrow."""

from collections.abc import Iterator
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],
}
# The only rules that a colour scheme can break: the other one need not be judged for anything else
COLOURS = {
    "runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]},
    "resultTypes": ["violations"],
}
# Colours change over some frames, one element after the other; what is caught on its way looks wrong in any scheme
SETTLED = """async () => {
  for (let round = 0; round < 50; round++) {
    await new Promise(requestAnimationFrame);
    const changing = document.getAnimations();
    if (round > 2 && !changing.length) return;
    await Promise.all(changing.map((each) => each.finished.catch(() => {})));
  }
}"""


def faults(page: Page) -> list[str]:
    """What is wrong with the page as it stands, in light and in dark."""
    width = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    found = [f"{page.url} scrolls sideways by {width} px"] if width > 0 else []
    return found + [f"{page.url}: {fault['id']}: {fault['nodes'][0]['html']}" for fault in violations(page)]


def violations(page: Page) -> Iterator[dict[str, Any]]:
    """What axe finds: everything in light, colours in dark."""
    page.emulate_media(color_scheme="light")
    page.evaluate(SETTLED)
    yield from Axe().run(page, options=RULES).response["violations"]
    page.emulate_media(color_scheme="dark")
    page.evaluate(SETTLED)
    yield from page.evaluate("options => axe.run(options)", COLOURS)["violations"]
