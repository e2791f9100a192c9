"""The browser fixtures see what a page does wrong."""

import pytest
from playwright.sync_api import Page

pytestmark = pytest.mark.browser


def test_a_failing_script_is_an_incident(page: Page, incidents: list[str]) -> None:
    page.goto("data:text/html,<script>nowhere.to()</script>")

    assert incidents == ["script: nowhere is not defined"]
    incidents.clear()


def test_a_violated_policy_is_an_incident(page: Page, incidents: list[str]) -> None:
    page.set_content("""<meta http-equiv="Content-Security-Policy" content="script-src 'none'">""")

    page.evaluate(
        "document.body.append(Object.assign(document.createElement('script'), {text: 'alert(1)'}))"
    )

    assert [incident.partition(" violates")[0] for incident in incidents] == [
        "console: Executing inline script"
    ]
    incidents.clear()


def test_a_dialog_is_an_incident(page: Page, incidents: list[str]) -> None:
    page.evaluate("alert('stop')")

    assert incidents == ["dialog: stop"]
    incidents.clear()
