"""Whoever posts a form of ours has come from a page of ours."""

import re
from pathlib import Path

from django.conf import settings

FORM = re.compile(r"<form\b(?P<tag>[^>]*(?:{%[^%]*%}[^>]*)*)>(?P<body>.*?)</form>", re.DOTALL)
POSTS = re.compile(r"method=\"(?:post|{{ attrs.method }})\"", re.IGNORECASE)
TOKEN = re.compile(r"{% csrf_token %}|{{ form.csrf|{% slot (?:body|fields)")


def test_every_form_that_posts_holds_its_token() -> None:
    forms = {
        f"{path.relative_to(settings.BASE_DIR)}: {each['tag'].strip()}": bool(
            TOKEN.search(each["body"])
        )
        for path in sorted(Path(settings.BASE_DIR / "templates").rglob("*.html"))
        for each in FORM.finditer(path.read_text())
        if POSTS.search(each["tag"])
    }

    assert len(forms) > 50  # else the pattern finds none
    assert [form for form, has_token in forms.items() if not has_token] == []
