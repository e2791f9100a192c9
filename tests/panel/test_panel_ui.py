"""The panel's own template tags."""

from decimal import Decimal

import pytest
from django import forms
from django.template import Context, Template

from panel.templatetags.panel_ui import TONES, amount, asset, control, icon, money, tone, wording


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Decimal("1234.50000"), "1,234.50"),
        (Decimal("0.00125000"), "0.00125"),
        (Decimal(-3), "−3.00"),
        (Decimal("1E+3"), "1,000.00"),
        (Decimal("0.1"), "0.10"),
        (None, "—"),
    ],
)
def test_an_amount_has_two_decimals_at_least_and_no_idle_zeros(
    value: Decimal | None, text: str
) -> None:
    assert amount(value) == text


@pytest.mark.parametrize(
    ("value", "currency", "text"),
    [
        (Decimal("12.5"), "USD", "$12.50"),
        (Decimal("-12.5"), "EUR", "−€12.50"),
        (Decimal("12.5"), "PLN", "12.50 PLN"),
        (Decimal("12.5"), "", "12.50"),
        (None, "USD", "—"),
    ],
)
def test_money_names_its_currency(value: Decimal | None, currency: str, text: str) -> None:
    assert money(Context({"currency": currency}), value) == text


def test_a_currency_of_its_own_wins_over_the_panels() -> None:
    assert money(Context({"currency": "USD"}), Decimal(1), "EUR") == "€1.00"


@pytest.mark.parametrize("status", ["in_progress", "IN_PROGRESS", "In progress"])
def test_a_status_reads_the_same_however_it_is_written(status: str) -> None:
    assert (wording(status), tone(status)) == ("In progress", "info")


def test_an_unknown_status_is_shown_without_a_tone() -> None:
    assert (wording("Zzz Queue"), tone("Zzz Queue")) == ("Zzz Queue", "idle")


def test_every_tone_has_a_colour() -> None:
    assert set(TONES.values()) == {"good", "info", "warn", "bad", "idle"}


def test_an_icon_is_silent_unless_it_has_a_label() -> None:
    assert 'aria-hidden="true"' in icon("plus")
    assert 'role="img" aria-label="Add"' in icon("plus", "Add")


def test_the_label_of_an_icon_is_escaped() -> None:
    assert '"><script>' not in icon("plus", '"><script>')


def test_a_placeholder_that_repeats_the_label_is_left_out() -> None:
    class Form(forms.Form):
        email = forms.CharField(
            label="Email", widget=forms.TextInput(attrs={"placeholder": "Email address"})
        )
        link = forms.CharField(
            label="Link", widget=forms.TextInput(attrs={"placeholder": "https://…"})
        )

    form = Form()

    assert "placeholder" not in control(form["email"])
    assert 'placeholder="https://…"' in control(form["link"])


def test_a_control_takes_data_attributes() -> None:
    class Form(forms.Form):
        quantity = forms.IntegerField()

    html = Template('{% load panel_ui %}{% control form.quantity data_rate="0.9" %}').render(
        Context({"form": Form()})
    )

    assert 'data-rate="0.9"' in html


def test_an_error_page_finds_its_style_without_a_manifest() -> None:
    assert asset("panel.css") == "/static/panel.css"
