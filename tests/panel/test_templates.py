"""What no template may hold, and what the folder of static files promises."""

import hashlib
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.template.loader import get_template

TEMPLATES = settings.BASE_DIR / "templates"
STATIC = settings.BASE_DIR / "static"
FORBIDDEN = {
    "an inline style": r"\sstyle=",
    "an inline script": r"<script(?![^>]*\bsrc=)",
    "an inline handler": r"\son[a-z]+=|hx-on",
    "unescaped text": r"\|\s*safe\b|autoescape off|\|\s*safeseq",
    "another host": r"(src|href|action)=[\"'](https?:)?//",
}


def pages() -> list[Path]:
    """Every template of ours."""
    return sorted(path for path in TEMPLATES.rglob("*") if path.suffix in {".html", ".txt"})


@pytest.mark.parametrize("fault", FORBIDDEN)
def test_no_template_holds(fault: str) -> None:
    found = [str(path) for path in pages() if re.search(FORBIDDEN[fault], path.read_text())]

    assert found == []


def test_every_template_compiles() -> None:
    names = [str(path.relative_to(TEMPLATES)) for path in pages()]

    assert len([get_template(name) for name in names]) == len(names)


def test_vendored_files_are_what_the_list_says() -> None:
    rows = re.findall(
        r"\| (vendor/\S+|panel\.css)[^|]*\| ([0-9a-f]{64}) \|", (STATIC / "VENDOR.md").read_text()
    )

    wrong = [
        name
        for name, digest in rows
        if hashlib.sha256((STATIC / name).read_bytes()).hexdigest() != digest
    ]

    assert len(rows) == 5
    assert wrong == []


def test_the_style_asks_no_other_host() -> None:
    addresses = re.findall(r"url\(\"?([^\")]+)", (STATIC / "panel.css").read_text())

    assert [
        address
        for address in addresses
        if not address.startswith(("vendor/", "'data:image/svg+xml", "data:image/svg+xml"))
    ] == []
