"""A browser that is let into a site without filling in a form; the form itself has tests of its
own.
"""

from django.conf import settings
from playwright.sync_api import Page

from accounts.models import User
from tests.factories import signed_in


def enter(page: Page, site: str, user: User) -> None:
    """Give the page's browser the cookie that the log-in form gives; opens nothing."""
    name = settings.SESSION_COOKIE_NAME
    page.context.add_cookies(
        [{"name": name, "value": signed_in(user).cookies[name].value, "url": site}]
    )


def log_in(page: Page, site: str, user: User) -> None:
    """Let `user` in, and open the page that a log-in leads to."""
    enter(page, site, user)
    page.goto(site)
