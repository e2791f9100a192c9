"""A Chromium that works as root and without a download, and a page that fails its test on any fault
it shows.
"""

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import (
    BrowserContext,
    ConsoleMessage,
    Dialog,
    Error,
    Page,
    Playwright,
    expect,
    sync_playwright,
)

# milliseconds for a page to come to what is expected; it takes a few, where the machine is idle
PATIENCE = 30_000

ARGUMENTS = [
    "--no-sandbox",  # Chromium refuses its sandbox as root, and it only meets our own pages
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def chromium(playwright: Playwright) -> str | None:
    """Where Chromium is: Playwright's own where it is installed, else the system's; None where
    there is none.
    """
    own = playwright.chromium.executable_path
    return (
        own if Path(own).exists() else shutil.which("chromium") or shutil.which("chromium-browser")
    )


@pytest.fixture(scope="session")
def browser_type_launch_args(
    browser_type_launch_args: dict[str, Any], playwright: Playwright
) -> dict[str, Any]:
    """How to start the browser."""
    # Playwright's loop runs in this thread, where Django would refuse every query of a test
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    expect.set_options(timeout=PATIENCE)
    path = chromium(playwright)
    if path is None:
        pytest.fail("no Chromium: `make test` installs one, or put `chromium` on PATH")
    return {**browser_type_launch_args, "executable_path": path, "args": ARGUMENTS}


@pytest.fixture
def incidents(context: BrowserContext) -> list[str]:
    """What went wrong in the browser so far; a test that expects an incident removes it."""
    found: list[str] = []
    watch(context, found=found)
    return found


def watch(context: BrowserContext, *, found: list[str]) -> None:
    """Add to `found` whatever goes wrong on the context's pages; Chromium reports a violated
    CSP as a console error.
    """

    def on_console(message: ConsoleMessage) -> None:
        # a refused form (422) or a missing page is an answer, not a fault; a missing script or
        # style is one
        is_answer = (
            message.text.startswith("Failed to load resource")
            and "/static/" not in message.location["url"]
        )
        if message.type == "error" and not is_answer:
            found.append(f"console: {message.text}")

    def on_dialog(dialog: Dialog) -> None:
        found.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def on_error(error: Error) -> None:
        found.append(f"script: {error}")

    def on_page(page: Page) -> None:
        page.on("console", on_console)
        page.on("dialog", on_dialog)
        page.on("pageerror", on_error)

    context.on("page", on_page)


@pytest.fixture
def page(incidents: list[str], context: BrowserContext) -> Iterator[Page]:
    """A new tab; the test fails where a script failed, the CSP was violated or a dialog opened."""
    yield context.new_page()
    assert incidents == []


if __name__ == "__main__":
    with sync_playwright() as started:
        sys.exit(chromium(started) is None)
