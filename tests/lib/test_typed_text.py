"""Pasted text without what nobody sees."""

import sys
import unicodedata

import pytest

from lib.typed_text import compact, is_visible, many_lines, one_line, spaced

# number signs and the like: format characters that are drawn
DRAWN = {*range(0x600, 0x606), 0x6DD, 0x70F, 0x890, 0x891, 0x8E2, 0x110BD, 0x110CD}
FORMAT = [
    chr(code)
    for code in range(sys.maxunicode + 1)
    if unicodedata.category(chr(code)) == "Cf" and code not in DRAWN
]
BLANKS = [
    chr(code) for code in range(sys.maxunicode + 1) if unicodedata.category(chr(code)) == "Zs"
]
LOOK_BLANK = list("\u115f\u1160\u2800\u3164\uffa0")


@pytest.mark.parametrize("clean", [compact, spaced, one_line, many_lines])
def test_every_format_character_goes(clean: object) -> None:
    assert callable(clean)
    assert len(FORMAT) >= 150
    assert [character for character in FORMAT if clean(f"a{character}b") != "ab"] == []


def test_every_blank_is_a_space_or_nothing() -> None:
    for blank in BLANKS + LOOK_BLANK:
        assert (compact(f"a{blank}b"), spaced(f"{blank}a{blank}b{blank}")) == ("ab", "a b")


@pytest.mark.parametrize("unseen", FORMAT[:20] + BLANKS + LOOK_BLANK + ["\n", "", "\ufe0f"])
def test_what_cannot_be_seen_is_not_visible(unseen: str) -> None:
    assert not is_visible(unseen * 3)
    assert (spaced(unseen).strip(), one_line(unseen), many_lines(unseen).strip()) == ("", "", "")


@pytest.mark.parametrize(
    "text",
    [
        "👨\u200d👩\u200d👧\u200d👦",
        "❤\ufe0f\u200d🔥 1\ufe0f\u20e3",
        "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
        "می\u200cخواهم",
        "क\u094d\u200dष",
        "葛\U000e0100",
    ],
    ids=["family", "heart and keycap", "flag", "persian", "hindi", "ideograph"],
)
def test_emoji_and_scripts_keep_what_they_need(text: str) -> None:
    assert (spaced(text), one_line(text), many_lines(f"a\n{text}")) == (text, text, f"a\n{text}")
    assert is_visible(text)


@pytest.mark.parametrize(
    "text", ["\u200d👨\u200d", "👨\u200d \u200d", "a\u200db👨\ufe0f\ufe0f\u200d"]
)
def test_joiners_that_join_nothing_go(text: str) -> None:
    assert "\u200d" not in spaced(text)


def test_lines_stay_lines_and_names_are_one() -> None:
    assert many_lines("é  x\r\n\u3164\n y") == "é  x\n\ny"
    assert one_line(" Jose\u0301\r\n\tx ") == "José x"
    assert spaced("a\nb") == "a\nb"
