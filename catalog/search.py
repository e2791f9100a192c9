"""Search of services by words and id, and their categories.

Names are compared folded (`lib.folded_text`). What nothing matches to the letter is looked for as
it may have been meant: mistyped words by their likeness, and without words that no service has.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import reduce
from operator import or_
from typing import Final

from django.contrib.postgres.search import TrigramWordSimilarity
from django.db.models import Case, Max, Q, TextField, Value, When
from django.db.models.functions import Concat

from catalog.models import Category, ServiceQuerySet
from lib.folded_text import folded
from lib.query_text import is_id

MAX_WORDS: Final = 8  # further words are ignored
MIN_LIKENESS: Final = 0.5  # of a word to one of a name, by their trigrams
MIN_MISTYPED: Final = 4  # letters; shorter words are like too many
# Each word is looked for as all of its row. Short ones only count as whole words.
SYNONYMS: Final = (
    ("instagram", "insta", "ig"),
    ("facebook", "fb"),
    ("youtube", "yt"),
    ("tiktok", "tik tok", "tt"),
    ("telegram", "tg"),
    ("twitter", "x"),
    ("whatsapp", "wa"),
    ("soundcloud", "sc"),
    ("linkedin", "linked in"),
    ("snapchat", "snap"),
    ("subscribers", "subs"),
    ("followers", "follower", "flw"),
    ("likes", "like"),
    ("views", "view"),
    ("comments", "comment"),
    ("members", "member"),
)
TRADE: Final = (
    *(row[0] for row in SYNONYMS),
    *("threads", "spotify", "discord", "twitch", "reddit", "pinterest", "shares", "saves"),
    *("plays", "reactions", "retweets", "reposts", "impressions", "listeners", "traffic"),
    *("visitors", "votes", "story", "stories", "reels", "shorts", "premium", "custom", "random"),
)
DAYS: Final = re.compile(r"\b(\d{1,4})[ -]?d(?:ays?)?\b")


@dataclass(frozen=True, slots=True)
class Term:
    """One word of a search, and all that it may be written as."""

    word: str
    parts: tuple[str, ...]  # found anywhere in a name
    wholes: tuple[str, ...] = ()  # regular expressions of whole words

    @property
    def exact(self) -> Q:
        """Services with it in their own or their category's name."""
        found = [Q(**{f"{name}__contains": part}) for part in self.parts for name in NAMES]
        found += [
            Q(**{f"{name}__regex": rf"\m(?:{whole})\M"}) for whole in self.wholes for name in NAMES
        ]
        return reduce(or_, found)

    @property
    def corrected(self) -> Q:
        """The same, also for the word of the trade that was probably mistyped."""
        if len(self.word) < MIN_MISTYPED:
            return self.exact
        close = get_close_matches(self.word, TRADE, n=1, cutoff=0.75)
        return reduce(or_, [_term(word).exact for word in close], self.exact)

    @property
    def meant(self) -> Q:
        """Services with any word that is like it, where it is long enough to be mistyped."""
        if len(self.word) < MIN_MISTYPED or self.word.isdigit():
            return Q(pk=None)
        return Q(**{f"{_likeness(self.word)}__gte": MIN_LIKENESS})


NAMES: Final = ("folded_name", "category__folded_name")


def matching(services: ServiceQuerySet, *, words: str) -> ServiceQuerySet:
    """Services whose name or category, as customers read them, has every word; or by their id.

    Where there is none: those that were probably meant.
    """
    terms = list(_terms(words))
    if not terms:
        return services if not words.strip() else services.none()
    if is_id(words.strip()):
        return services.filter(Q(pk=int(words)) | terms[0].exact)
    for wanted in ([term.exact for term in terms], [term.corrected for term in terms]):
        found = _with_all(services, wanted)
        if found.exists():
            return found
    return _meant(services, terms)


def _meant(services: ServiceQuerySet, terms: Sequence[Term]) -> ServiceQuerySet:
    """Two queries: which words are known, exactly or nearly, and the services that have those."""
    services = _with_likeness(services, terms)
    asked = {f"exact_{at}": _any(term.corrected) for at, term in enumerate(terms)}
    asked |= {f"meant_{at}": _any(term.meant) for at, term in enumerate(terms)}
    known = services.aggregate(**asked)
    wanted = {
        term.word: term.corrected if known[f"exact_{at}"] else term.meant
        for at, term in enumerate(terms)
        if known[f"exact_{at}"] or known[f"meant_{at}"]
    }
    if not any(len(word) > 2 and not word.isdigit() for word in wanted):
        return services.none()  # what is left says nothing
    return _with_all(services, list(wanted.values()))


def _with_likeness(services: ServiceQuerySet, terms: Sequence[Term]) -> ServiceQuerySet:
    name, category = NAMES
    text = Concat(name, Value(" "), category, output_field=TextField())
    return services.alias(
        **{
            _likeness(word): TrigramWordSimilarity(word, text)
            for word in {term.word for term in terms}
        }
    )


def _likeness(word: str) -> str:
    """The name of a query's column for a word of any letters."""
    return f"likeness_{word.encode().hex()}"


def _any(wanted: Q) -> Max:
    return Max(Case(When(wanted, then=1), default=0))


def _with_all(services: ServiceQuerySet, wanted: Sequence[Q]) -> ServiceQuerySet:
    for one in wanted:
        services = services.filter(one)
    return services


def _terms(words: str) -> Iterator[Term]:
    plain = folded(words)
    for days in DAYS.findall(plain)[:1]:
        yield Term(f"{days}d", (), (rf"r ?{days}", rf"{days} ?-?d(?:ays?)?"))
    for row in SYNONYMS:  # of two words
        for double in (one for one in row if " " in one):
            plain = re.sub(rf"\b{double}\b", row[0], plain)
    rest = DAYS.sub(" ", plain).split()
    yield from (_term(word) for word in rest[:MAX_WORDS])


def _term(word: str) -> Term:
    row = next((row for row in SYNONYMS if word in row), None)
    if row is None:
        return Term(word, (word,))
    short = tuple(one for one in row if len(one) < MIN_MISTYPED)
    return Term(word, tuple(one for one in row if len(one) >= MIN_MISTYPED), short)


def categories_of(services: ServiceQuerySet) -> list[tuple[int, str]]:
    """Id and name of each category that these services stand under, in shop order."""
    found = Category.objects.filter(services__in=services).distinct().order_by("position", "pk")
    return [
        (pk, own or upstream)
        for pk, own, upstream in found.values_list("pk", "own_name", "upstream_name")
    ]
