"""Folding of text, in Python and in the database."""

import pytest

from catalog.models import Category
from lib.folded_text import folded

SAME = {
    "bold": ("\U0001d414\U0001d40b\U0001d413\U0001d411\U0001d400", "ultra"),
    "bold script": ("\U0001d4e4\U0001d4f5\U0001d4fd\U0001d4fb\U0001d4ea", "ultra"),
    "full width": ("\uff35\uff2c\uff34\uff32\uff21", "ultra"),
    "small capitals": ("ᴜʟᴛʀᴀ ꜱᴘᴇᴇᴅ", "ultra speed"),
    "circled": ("ⓤⓛⓣⓡⓐ", "ultra"),
    "negative circled": ("\U0001f164\U0001f15b\U0001f163\U0001f161\U0001f150", "ultra"),
    "negative squared": ("\U0001f184\U0001f17b\U0001f183\U0001f181\U0001f170", "ultra"),
    "accents": ("Ültrà", "ultra"),
    "unseen": ("ul\u200btra\ufeff\ufe0f", "ultra"),
    "ligature": ("o\ufb03ce №5", "office no5"),
    "Cyrillic": ("ПОДПИСЧИКИ", "подписчики"),
    "Turkish": ("\u0130STANBUL \u0131s\u0131", "istanbul isi"),
    "Greek": ("ΛΟΓΟΣ λογος", "λογοσ λογοσ"),
    "Arabic": ("متابعين", "متابعين"),
    "emoji": ("♻️ R30", "♻ r30"),
    "empty": ("", ""),
}


@pytest.mark.parametrize(("text", "plain"), SAME.values(), ids=SAME)
@pytest.mark.django_db
def test_fancy_letters_are_plain_in_python_and_in_the_database(text: str, plain: str) -> None:
    category = Category.objects.create(upstream_name="as the provider calls it", own_name=text)
    category.refresh_from_db()

    assert folded(text) == plain
    assert category.folded_name == (plain or "as the provider calls it")
