"""The fragments that pages are made of."""

from datetime import UTC, datetime
from types import SimpleNamespace

from django import forms
from django.template.loader import render_to_string


class OrderForm(forms.Form):
    """A form with one field of each kind."""

    link = forms.URLField(help_text="The address of the post.", assume_scheme="https")
    note = forms.CharField(required=False)
    speed = forms.ChoiceField(widget=forms.RadioSelect, choices=[("a", "Fast"), ("b", "Slow")])
    is_mine = forms.BooleanField(label="It is mine")
    key = forms.CharField(widget=forms.HiddenInput)

    def clean(self) -> None:
        """Refuse always, as a form does whose fields do not fit together."""
        raise forms.ValidationError("The balance is too small.")


def test_a_field_ties_its_label_help_and_error_to_its_control() -> None:
    form = OrderForm({"link": "no link"})

    html = render_to_string("_field.html", {"field": form["link"]})

    assert '<label for="id_link">Link</label>' in html
    assert 'id="id_link_helptext">The address of the post.' in html
    assert '<ul class="errorlist" id="id_link_error"><li>Enter a valid URL.</li></ul>' in html
    assert 'aria-invalid="true"' in html
    assert 'aria-describedby="id_link_helptext id_link_error"' in html


def test_a_field_that_may_be_left_empty_says_so() -> None:
    form = OrderForm()

    assert '<span class="optional">optional</span>' in render_to_string(
        "_field.html", {"field": form["note"]}
    )
    assert "optional" not in render_to_string("_field.html", {"field": form["link"]})


def test_choices_stand_in_a_named_group_with_a_label_each() -> None:
    html = render_to_string("_field.html", {"field": OrderForm()["speed"]})

    assert "<legend" in html
    assert '<label for="id_speed_0">Fast</label>' in html
    assert 'type="radio" name="speed" value="b" required id="id_speed_1"' in html


def test_a_form_renders_itself_in_the_panels_look() -> None:
    html = str(OrderForm({"link": "no link"}))

    assert "The balance is too small." in html
    assert html.count('class="field"') == 5  # link, note, two speeds, the checkbox
    assert '<input type="hidden" name="key" aria-describedby' not in html
    assert '<input type="hidden" name="key"' in html


def test_what_is_wrong_with_a_hidden_field_is_said() -> None:
    html = render_to_string("_form_errors.html", {"form": OrderForm({})})

    assert html.count('role="alert"') == 2
    assert "This field is required." in html


def test_provider_text_is_escaped() -> None:
    hostile = "<script>alert(1)</script>"
    event = SimpleNamespace(
        at=datetime(2026, 3, 14, tzinfo=UTC), title=hostile, text=hostile, tone="bad", actor=hostile
    )

    pages = [
        render_to_string("_timeline.html", {"events": [event]}),
        render_to_string("_status.html", {"status": hostile, "title": hostile}),
        render_to_string("_alert.html", {"text": hostile, "title": hostile}),
        render_to_string("_empty.html", {"title": hostile, "text": hostile}),
        render_to_string("_stat.html", {"label": hostile, "value": hostile, "note": hostile}),
        render_to_string(
            "_tabs.html",
            {"label": hostile, "tabs": [{"label": hostile, "url": hostile, "count": None}]},
        ),
    ]

    assert [page for page in pages if "<script" in page] == []
    assert all("&lt;script&gt;" in page for page in pages)


def test_the_current_tab_is_marked() -> None:
    tabs = [
        {"label": "All", "url": "?", "is_current": True, "count": None},
        {"label": "Pending", "url": "?status=pending", "is_current": False, "count": 0},
    ]

    html = render_to_string("_tabs.html", {"label": "Status", "tabs": tabs})

    assert '<a href="?" aria-current="page">All</a>' in html
    assert '<a href="?status=pending">Pending<span>0</span></a>' in html


def test_a_single_page_has_no_pager() -> None:
    assert render_to_string("_pager.html", {"newer_url": "", "older_url": ""}).strip() == ""
    assert 'rel="next"' in render_to_string(
        "_pager.html", {"newer_url": "", "older_url": "?after=9"}
    )
    assert 'rel="prev"' not in render_to_string(
        "_pager.html", {"newer_url": "", "older_url": "?after=9"}
    )
