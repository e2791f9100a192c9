"""The words that people read: none of the old ones in pages, in Python's sentences or in
documents.
"""

import ast
import re
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Final

import pytest

PROJECT: Final = Path(__file__).resolve().parents[2]
APPS: Final = ("accounts", "billing", "catalog", "lib", "orders", "outbound", "panel")
# pattern of an old word, and what to say instead
BANNED: Final = {
    r"doubt\w*": "needs review, review",
    r"refus(e|es|ed|ing|als?)": "reject, rejection",
    r"proofs?": "audit, check",
    r"prov(e|es|ed|ing)": "check, show",
    r"(the|our|its|their|these) books": "account balance",
    r"usurp\w*": "id returned for the wrong order",
    r"weigh(s|ed|ing)?": "check",
    r"reap(s|ed|ing)?": "take back",
    r"rehear\w*": "record the answer to a resend",
    r"landmarks?": "order with a known id",
    r"pulses?": "sender's lock",
    r"fenc(e|es|ed|ing)": "drained lane",
    r"stand(s|ing)? (there|here|beside|below|above)": "is listed, appears",
    r"need not": "doesn't have to",
    r"no machine|machine (must|may) not": "not automatically",
    r"mak(e|es) no sense": "is invalid",
    r"anew": "again, reset",
    r"dear(er|est)?": "expensive",
    r"speaks? for you": "belongs to you",
}
PATTERN: Final = re.compile(rf"\b({'|'.join(BANNED)})\b", re.IGNORECASE)
# what may be said all the same, and why
ALLOWED: Final = {
    "refuses to start": "a program refuses to start; a provider rejects an order",
}
TEMPLATE_WORDS: Final = re.compile(r"\{%\s*(?:include|icon|url)\b(.*?)%\}", re.DOTALL)
SHOWN_PARAMETERS: Final = re.compile(
    r"\b(?:title|text|action|label|link_text|note|empty_text|hint|question)=\"([^\"]*)\""
)
SHOWN_ATTRIBUTES: Final = {"title", "placeholder", "aria-label", "alt"}
NOT_SHOWN: Final = re.compile(
    r"\{%\s*comment\b.*?endcomment\s*%\}|\{#.*?#\}|\{\{.*?\}\}|\{%.*?%\}", re.DOTALL
)
LABELS: Final = {"label", "help_text", "verbose_name"}
SQL: Final = re.compile(r"\b(SELECT|INSERT|UPDATE|DELETE|CREATE|ALTER|DROP|WHERE|RAISE)\b")
CODE: Final = re.compile(r"```.*?```|^    .*?$|`[^`\n]*`|\]\([^)\n]*\)", re.DOTALL | re.MULTILINE)


class Shown(HTMLParser):
    """Collects the text of a page and of the attributes that people read or hear."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []

    def handle_data(self, data: str) -> None:
        """Text between tags."""
        self.texts.append(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Text of attributes."""
        del tag
        self.texts += [text for name, text in attrs if name in SHOWN_ATTRIBUTES and text]


def words_of_template(source: str) -> Iterator[str]:
    """What a template shows, with the texts that it hands to fragments."""
    for tag in TEMPLATE_WORDS.findall(source):
        yield from SHOWN_PARAMETERS.findall(tag)
    shown = Shown()
    shown.feed(NOT_SHOWN.sub("", source))
    yield from shown.texts


def words_of_python(source: str) -> Iterator[str]:
    """Labels of fields and choices, and all texts of several words but docstrings and SQL."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        yield from filter(None, map(_text_of, _labels(node)))
    skipped = {id(part) for node in ast.walk(tree) for part in _unread(node)}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            text = "".join(_text_of(part) for part in node.values)
            skipped |= {id(part) for part in node.values}
        elif id(node) not in skipped:
            text = _text_of(node)
        else:
            continue
        if " " in text.strip() and not SQL.search(text):
            yield text


def words_of_document(source: str) -> Iterator[str]:
    """The prose of a document, without code and addresses."""
    yield CODE.sub("", source)


def _text_of(node: ast.AST) -> str:
    if isinstance(node, ast.FormattedValue):
        return "…"
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _labels(node: ast.AST) -> Iterator[ast.AST]:
    """What names a field or a choice for people, even in one word."""
    if isinstance(node, ast.Call):
        yield from (each.value for each in node.keywords if each.arg in LABELS)
    elif isinstance(node, ast.ClassDef) and "Choices" in ast.unparse(ast.Tuple(node.bases)):
        values = (each.value for each in node.body if isinstance(each, ast.Assign))
        yield from (value.elts[-1] for value in values if isinstance(value, ast.Tuple))


def _unread(node: ast.AST) -> Iterator[ast.AST]:
    """Docstrings, and other texts that stand alone."""
    if isinstance(node, ast.Expr):
        yield node.value


def test_a_banned_word_is_found_wherever_people_read_it() -> None:
    template = (
        '{# doubt #}<p class="proof" title="a doubt">Refused {{ refusal }}{% url "staff_proof" %}'
        '{% comment %}proof{% endcomment %}{% include "x" with text="It stands there" %}</p>'
    )
    module = (
        '"""A proof."""\nrefusal = "refusal"\nraise X(f"The {pk} proof")\nq = "SELECT proof FROM x"\n'
        'class States(TextChoices):\n    REFUSED = "refused", "Refused"'
    )

    assert found_in(words_of_template(template)) == ["stands there", "doubt", "Refused"]
    assert found_in(words_of_python(module)) == ["Refused", "proof"]
    assert found_in(words_of_document("The `proof`\n\n    a doubt\n\nneed not")) == ["need not"]


def found_in(texts: Iterator[str]) -> list[str]:
    """The banned words in texts."""
    found = []
    for text in texts:
        for allowed in ALLOWED:
            text = text.replace(allowed, "")  # noqa: PLW2901
        found += [match[0] for match in PATTERN.finditer(" ".join(text.split()))]
    return found


def templates() -> list[Path]:
    """Every template."""
    return sorted((PROJECT / "templates").rglob("*.html"))


def modules() -> list[Path]:
    """Every module but migrations, which must not change."""
    paths = [path for app in APPS for path in (PROJECT / app).rglob("*.py")]
    return sorted(path for path in paths if "migrations" not in path.parts)


def documents() -> list[Path]:
    """Every document for operators, developers and customers."""
    return sorted([*PROJECT.glob("*.md"), *(PROJECT / "docs").rglob("*.md")])


@pytest.mark.parametrize(
    ("paths", "words_of"),
    [
        (templates(), words_of_template),
        (modules(), words_of_python),
        (documents(), words_of_document),
    ],
    ids=["templates", "modules", "documents"],
)
def test_nobody_reads_a_banned_word(
    paths: list[Path], words_of: Callable[[str], Iterator[str]]
) -> None:
    found = {
        str(path.relative_to(PROJECT)): banned
        for path in paths
        if (banned := found_in(words_of(path.read_text())))
    }

    assert len(paths) > 5
    assert found == {}
