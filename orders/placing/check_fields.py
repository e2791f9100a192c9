"""Check a customer's request against the fields of the service's type and its limits.

Reads no database.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final, Literal
from urllib.parse import urlsplit

from catalog.models import Service
from catalog.upstream.service_types import Field, ServiceType, lines
from lib.typed_numbers import whole_number
from lib.typed_text import compact, many_lines, spaced

Code = Literal["missing", "invalid", "too_small", "too_large"]

TEXT_LENGTH = 2000  # characters of a link, a text, or one line of a list
MAX_LINES = 10_000  # lines of a list: beyond what any provider takes in one order
# units of one order, all runs together; far beyond any catalog, within every column
MAX_NUMBER = 10**12
MAX_RUNS = 10_000
MAX_INTERVAL = 60 * 24 * 30  # minutes; a month between two runs
MAX_POSTS = 10_000  # of one subscription
MAX_DELAY = 600  # minutes that a subscription waits after a post appears; providers take no more
NUMBER_LIMITS: Final = {
    "runs": (1, MAX_RUNS),
    "interval": (1, MAX_INTERVAL),
    "answer_number": (1, 1_000_000),
    "posts": (1, MAX_POSTS),
    "old_posts": (1, MAX_POSTS),
    "delay": (0, MAX_DELAY),
}
# An optional number in one of these words is absent: a common client sends runs=undefined.
ABSENT: Final = frozenset({"", "0", "null", "undefined", "none"})
# control characters, halves of a character, and line and paragraph separators
FORBIDDEN_CATEGORIES: Final = frozenset({"Cc", "Cs", "Zl", "Zp"})
RUNNABLE_LINK: Final = re.compile(r"\s*(javascript|data|vbscript|file|blob)\s*:", re.IGNORECASE)
# as the protocol writes it
DATE: Final = re.compile(r"(?P<day>[0-9]{1,2})/(?P<month>[0-9]{1,2})/(?P<year>20[0-9]{2})")
ISO_DATE: Final = re.compile(
    r"(?P<year>20[0-9]{2})-(?P<month>[0-9]{1,2})-(?P<day>[0-9]{1,2})"
)  # as a browser's field does


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one field: a sentence for people and a code for programs."""

    message: str
    code: Code = "invalid"


class FieldErrors(Exception):
    """The request is not valid; `problems` by the protocol names of the fields."""

    def __init__(self, problems: Mapping[str, Problem]) -> None:
        super().__init__(
            "; ".join(f"{name}: {problem.message}" for name, problem in problems.items())
        )
        self.problems = dict(problems)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A checked request, ready to be priced and forwarded."""

    link: str
    quantity: int | None  # None where the type takes none
    billed_quantity: int
    # the other fields by protocol name; absent ones left out
    fields: dict[str, str] = field(default_factory=dict)


def check(
    *, kind: ServiceType, service: Service, values: Mapping[str, str], now: datetime | None = None
) -> Wanted:
    """Check `values` (text by protocol names); names that the kind does not have are ignored.

    Where `now` is given, dates before its day are errors. Raises FieldErrors with every field that
    is wrong, not only the first.
    """
    cleaned: dict[str, str] = {}
    problems: dict[str, Problem] = {}
    for one in kind.fields:
        text = _text_of(one, values)
        problem = _problem_of(one, text, is_wanted=one.is_wanted(cleaned))
        if problem:
            problems[one.name] = problem
        elif text and (one.required_when is None or one.is_wanted(cleaned)):
            cleaned[one.name] = text
    problems |= _dripfeed_problems(service=service, cleaned=cleaned, named=problems)
    problems |= _past_problems(kind=kind, cleaned=cleaned, now=now)
    if not problems:
        problems = _limit_problems(kind=kind, service=service, cleaned=cleaned)
    if problems:
        raise FieldErrors(problems)
    return Wanted(
        link=cleaned.get("link", ""),
        quantity=int(cleaned["quantity"]) if kind.has_quantity else None,
        billed_quantity=kind.billed_quantity(cleaned),
        fields={name: text for name, text in cleaned.items() if name not in {"link", "quantity"}},
    )


def count_units(*, kind: ServiceType, values: Mapping[str, str]) -> int | None:
    """The units that these values are billed for; None while they cannot be counted. The fields
    that do not count, such as the link, may still be missing.
    """
    cleaned: dict[str, str] = {}
    for one in kind.fields:
        if one.name not in {"quantity", "runs", kind.lines_field}:
            continue
        text = _text_of(one, values)
        if _problem_of(one, text, is_wanted=one.is_required):
            return None
        cleaned[one.name] = text
    return kind.billed_quantity(cleaned)


def _text_of(one: Field, values: Mapping[str, str]) -> str:
    """The value without what nobody sees, in the form that is stored and forwarded."""
    text = values.get(one.name, "")
    if one.kind == "lines":
        return "\n".join(lines(many_lines(text)))
    if one.kind in {"number", "quantity"}:
        text = whole_number(text)
        if not one.is_required and text.lower() in ABSENT:
            return ""
        return text.lstrip("0") or text[:1] if text.isdigit() else text
    if one.kind == "date":
        text = compact(text)
        found = read_date(text)
        return f"{found:%d/%m/%Y}" if found else "" if text.lower() in ABSENT else text
    return compact(text) if one.kind == "choice" else spaced(text)


def read_date(text: str) -> date | None:
    """The day of "31/12/2026", or of "2026-12-31" as browsers send it; None where it is none."""
    found = DATE.fullmatch(text) or ISO_DATE.fullmatch(text)
    if found is None:
        return None
    try:
        return date(int(found["year"]), int(found["month"]), int(found["day"]))
    except ValueError:
        return None


def _problem_of(one: Field, text: str, *, is_wanted: bool) -> Problem | None:
    if not text:
        return Problem("Fill this in.", "missing") if is_wanted else None
    if one.kind == "lines":
        return _lines_problem(text)
    if one.kind in {"number", "quantity"}:
        return _number_problem(one, text)
    return _text_problem(text) or _shape_problem(one, text)


def _lines_problem(text: str) -> Problem | None:
    found = text.split("\n")
    if len(found) > MAX_LINES:
        return Problem(f"At most {MAX_LINES:,} lines (you have {len(found):,}).", "too_large")
    for number, line in enumerate(found, start=1):
        problem = _text_problem(line.replace("\t", " "))
        if problem:
            return Problem(f"Line {number}: {problem.message}", problem.code)
    return None


def _number_problem(one: Field, text: str) -> Problem | None:
    if not (text.isascii() and text.isdigit()):
        return Problem("Enter a whole number, digits only.")
    least, most = NUMBER_LIMITS.get(one.name, (1, MAX_NUMBER))
    if len(text) > len(str(most)) or int(text) > most:
        return Problem(f"At most {most:,}.", "too_large")
    if int(text) < least:
        return Problem(f"At least {least:,}.", "too_small")
    return None


def _text_problem(text: str) -> Problem | None:
    if len(text) > TEXT_LENGTH:
        message = f"At most {TEXT_LENGTH:,} characters (you have {len(text):,})."
        return Problem(message, "too_large")
    if any(unicodedata.category(character) in FORBIDDEN_CATEGORIES for character in text):
        return Problem("Remove line breaks and invisible control characters.")
    return None


def _shape_problem(one: Field, text: str) -> Problem | None:
    """Links may be bare names, as providers accept them; what a browser would run is an error."""
    if one.kind == "link" and RUNNABLE_LINK.match(text):
        return Problem("Enter the address of a page or profile.")
    if one.kind == "url" and not _is_web_address(text):
        return Problem("Enter a web address that begins with https://.")
    if one.kind == "choice" and text not in {value for value, _ in one.choices}:
        return Problem("Choose one from the list.")
    if one.kind == "date" and read_date(text) is None:
        return Problem("Enter a date as day/month/year.")
    return None


def _is_web_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and " " not in text


def _dripfeed_problems(
    *, service: Service, cleaned: Mapping[str, str], named: Mapping[str, Problem]
) -> dict[str, Problem]:
    """Runs and interval come together, and only where the service has a drip-feed."""
    given = {"runs", "interval"} & cleaned.keys()
    if not given:
        return {}
    if not service.is_dripfeed:
        return {
            name: Problem("This service has no drip-feed. Leave this empty.")
            for name in sorted(given)
        }
    absent = {"runs", "interval"} - given - named.keys()
    return {name: Problem("A drip-feed needs this, too.", "missing") for name in absent}


def _past_problems(
    *, kind: ServiceType, cleaned: Mapping[str, str], now: datetime | None
) -> dict[str, Problem]:
    dates = {
        one.name: read_date(cleaned.get(one.name, "")) for one in kind.fields if one.kind == "date"
    }
    if now is None:
        return {}
    return {
        name: Problem("This date is in the past.", "too_small")
        for name, day in dates.items()
        if day and day < now.date()
    }


def _limit_problems(
    *, kind: ServiceType, service: Service, cleaned: Mapping[str, str]
) -> dict[str, Problem]:
    """The service's limits apply to the quantity of one run, the number of lines, or each post."""
    if not kind.is_limited:
        return {}
    if kind.is_subscription:
        return _range_problems(service=service, least=int(cleaned["min"]), most=int(cleaned["max"]))
    counted = kind.lines_field or "quantity"
    count = kind.limited_quantity(cleaned)
    what = f" lines (you have {count:,})." if kind.lines_field else "."
    if count < service.min_quantity:
        return {counted: Problem(f"At least {service.min_quantity:,}{what}", "too_small")}
    if count > service.max_quantity:
        return {counted: Problem(f"At most {service.max_quantity:,}{what}", "too_large")}
    if kind.billed_quantity(cleaned) > MAX_NUMBER:
        return {"runs": Problem(f"At most {MAX_NUMBER:,} units over all runs.", "too_large")}
    return {}


def _range_problems(*, service: Service, least: int, most: int) -> dict[str, Problem]:
    """Each post gets a random number between the two; both must be within the limits."""
    problems = {}
    for name, number in (("min", least), ("max", most)):
        if number < service.min_quantity:
            problems[name] = Problem(f"At least {service.min_quantity:,}.", "too_small")
        elif number > service.max_quantity:
            problems[name] = Problem(f"At most {service.max_quantity:,}.", "too_large")
    if not problems and least > most:
        problems["max"] = Problem(f"At least {least:,}, the minimum per post.", "too_small")
    return problems
