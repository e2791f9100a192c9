"""Every form's typed fields, ours and allauth's, read what was meant."""

from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest
from django import forms
from django.forms.renderers import get_default_renderer
from django.urls import get_resolver

from panel.form_renderer import TypedField, cleaned

UNSEEN = "\ufeff\u200b\u202e\u3164"


def every_form() -> list[type[forms.Form]]:
    """All form classes that the panel's pages use."""
    _ = get_resolver().url_patterns  # imports every page
    for module in ("billing.forms", "catalog.forms", "accounts.forms", "orders.staff_pages.forms"):
        import_module(module)
    found: list[type[forms.Form]] = list(_below(forms.BaseForm))
    return [form for form in found if not form.__module__.startswith(("django.", "tests."))]


def _below(parent: type) -> Iterator[Any]:
    children: list[type] = parent.__subclasses__()
    for child in children:
        yield child
        yield from _below(child)


def typed_fields() -> list[tuple[str, str, forms.Field]]:
    """Each field that people type into, with the name of its form."""
    return [
        (form.__name__, name, field)
        for form in every_form()
        for name, field in form.base_fields.items()
        if isinstance(field, forms.CharField | forms.IntegerField)
        and not field.widget.is_hidden
        and not ("password" in name and isinstance(field.widget, forms.PasswordInput))
        and getattr(field, "strip", True)
    ]


def test_every_form_passes_the_door() -> None:
    names = {form for form, _, _ in typed_fields()}

    assert get_default_renderer().bound_field_class is TypedField
    assert all(form.bound_field_class is None for form in every_form())
    assert {"SignupForm", "AddEmailForm", "ConnectionForm", "GroupForm", "WebhookForm"} <= names
    assert len(names) > 25


def test_no_typed_field_keeps_what_nobody_sees() -> None:
    kept = [
        (form, name)
        for form, name, field in typed_fields()
        if cleaned(field, name, f"{UNSEEN} a\u200bb\u00a0{UNSEEN}").strip() != "ab"
    ]

    assert kept == []


def test_nothing_visible_is_nothing() -> None:
    visible = [
        (form, name)
        for form, name, field in typed_fields()
        if cleaned(field, name, UNSEEN * 2).strip()
    ]

    assert visible == []


@pytest.mark.parametrize("typed", ["1,000", "1 000", "1'000", " 1000\u200b"])
def test_every_number_is_read_however_it_is_grouped(typed: str) -> None:
    numbers = [
        (form, name, field)
        for form, name, field in typed_fields()
        if isinstance(field, forms.IntegerField)
    ]

    assert len(numbers) > 10
    assert {cleaned(field, name, typed) for _, name, field in numbers} == {"1000"}


def test_passwords_are_taken_as_typed() -> None:
    field = forms.CharField(strip=False, widget=forms.PasswordInput)

    assert cleaned(field, "password1", f" {UNSEEN}1,000 ") == f" {UNSEEN}1,000 "
    assert cleaned(forms.CharField(widget=forms.PasswordInput), "key", " a b\u200b") == "ab"


class Amounts(forms.Form):
    count = forms.IntegerField()
    amount = forms.DecimalField()


@pytest.mark.parametrize(
    ("typed", "fields"), [("1.000", ["count"]), ("1,00", ["count", "amount"]), ("2.5", ["count"])]
)
def test_number_that_could_be_two_is_refused(typed: str, fields: list[str]) -> None:
    assert list(Amounts({"count": typed, "amount": typed}).errors) == fields


def test_numbers_are_typed_into_text_inputs_that_no_wheel_turns() -> None:
    html = Amounts({"count": "1,000", "amount": "x"}).as_p()

    assert 'type="number"' not in html
    assert ('inputmode="numeric"' in html, 'inputmode="decimal"' in html) == (True, True)
