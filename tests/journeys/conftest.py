"""One shop on the running panel for all journeys: a provider double behind it, staff, an admin,
watched browsers.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal

import pytest
from playwright.sync_api import BrowserContext, Page

from tests.chromium import watch
from tests.double.handle import ProviderDouble
from tests.stack import Stack
from tests.waiting import PATIENCE

PASSWORD = "a long enough password"
STAFF, ADMIN = "staff@journey.example", "admin@journey.example"
FOLLOWERS = 1  # the provider's id of what everybody orders
SETTING_UP = """
from django.core.management import call_command
from catalog.models import Service
for command in %r:
    call_command(*command)
print(Service.objects.get(upstream_id=%r).pk)
"""
PERCENT = 25  # margin on a rate of 2.00: 2.50 per 1000


@dataclass(frozen=True, slots=True)
class Shop:
    """The running panel, and the provider that it sells from, whose clock stands until a test
    moves it.
    """

    stack: Stack
    provider: ProviderDouble
    service: str  # our id of what everybody orders

    @property
    def url(self) -> str:
        """Where the panel is."""
        return self.stack.url

    def create_user(
        self, email: str, *, role: str = "customer", balance: Decimal = Decimal(0)
    ) -> None:
        """Make a user who can log in."""
        options = {"role": role, "password": PASSWORD, "balance": str(balance)}
        self.stack.ask(
            "from django.core.management import call_command;"
            f"call_command('create_user', {email!r}, **{options!r})"
        )

    def log_in(self, page: Page, email: str) -> None:
        """Log in through the form."""
        page.goto(f"{self.url}/accounts/login/")
        page.get_by_label("Email").fill(email)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("main").get_by_role("button", name="Log in").click()
        page.wait_for_url(lambda url: "/accounts/login" not in url)


# Not for the whole session: a panel that runs beside all later tests, on fast intervals, slows them
# down.
@pytest.fixture(scope="package")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The panel that all journeys share: real web server, worker and beat, on fast intervals."""
    panel = Stack(tmp_path_factory.mktemp("stack") / "data", env={"LOG_LEVEL": "WARNING"})
    panel.start()
    yield panel
    panel.end()


@pytest.fixture(scope="package")
def shop(stack: Stack) -> Iterator[Shop]:
    """A shop that sells one provider's followers, likes and packages."""
    with ProviderDouble() as provider:
        usual = {
            "category": "Journeys",
            "rate": "2.00",
            "min": 100,
            "max": 10_000,
            "refill": True,
            "cancel": True,
        }
        provider.set_services(
            [
                {
                    **usual,
                    "service": FOLLOWERS,
                    "name": "Followers ⚡ <b>real</b>",
                    "dripfeed": True,
                },
                {**usual, "service": 2, "name": "Likes", "category": "Others"},
                {
                    **usual,
                    "service": 3,
                    "name": "Package of 10",
                    "type": "Package",
                    "min": 1,
                    "max": 1,
                },
            ]
        )
        person = ("--password", PASSWORD, "--role")
        commands = (
            (
                "add_provider",
                "Upstream",
                "--url",
                provider.url,
                "--key",
                provider.key,
                "--margin",
                str(PERCENT),
            ),
            ("sync_catalog", "--provider", "Upstream"),
            ("create_user", STAFF, *person, "staff"),
            ("create_user", ADMIN, *person, "admin", "--balance", "10"),
        )
        shop = Shop(stack, provider, service="")
        service = shop.stack.ask(SETTING_UP % (commands, str(FOLLOWERS))).splitlines()[-1]
        yield replace(shop, service=service)


@pytest.fixture
def visit(incidents: list[str], new_context: Callable[..., BrowserContext]) -> Callable[..., Page]:
    """Opens a tab of somebody else's browser, watched as the test's own."""

    def open_tab(**options: object) -> Page:
        context = new_context(**options)
        watch(context, found=incidents)
        return context.new_page()

    return open_tab


def expect_status(page: Page, shop: Shop, number: int, word: str) -> None:
    """The order's page comes to show that status."""
    page.goto(f"{shop.url}/orders/{number}")
    reload_until(page, lambda: page.locator("#facts").inner_text() == word)


def reload_until(page: Page, condition: Callable[[], bool]) -> None:
    """Look at the page again and again until it is as it should be."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, page.get_by_role("main").inner_text()
        page.wait_for_timeout(150)
        page.reload()
