"""Finds a provider's "no" in a reply, and judges how sure it is and whose fault."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from catalog.upstream.json_values import as_text
from catalog.upstream.outcomes import Reason

TEXT_LENGTH = 500  # characters of an error text that are kept
FOLDED_LENGTH = 200  # characters of a text by which it is known again
# before a word of doubt: it stands for the whole of a text, folded, not for a part of it
WHOLE = "="
LINK = re.compile(r"(?:https?://|www\.)\S+")
NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
# names that say nothing
WRAPPERS = frozenset({"error", "errors", "message", "msg", "text", "detail"})

# Words after which an error may have been raised when the order was already placed. One is enough
# for doubt.
AMBIGUOUS_PHRASES: tuple[str, ...] = (
    "internal",
    "server",
    "exception",
    "database",
    "gateway",
    "temporary",
    "temporarily",
    "timeout",
    "time out",
    "timed out",
    "try again",
    "retry",
    "later",
    "unknown",
    "unexpected",
    "unavailable",
    "something went wrong",
    "fatal",
    "stack trace",
    "sql",
    "deadlock",
    "overload",
    "maintenance",
    "connection",
    "curl",
    "being processed",
    "undefined",
    "cloudflare",
)
FAILURE_WORDS = frozenset({"error", "fail", "failed", "failure", "false"})
SUCCESS_WORDS = frozenset({"success", "successful", "ok", "true", "created", "placed", "accepted"})
MONEY = r"(?:funds?|balance|credits?|money)"
NO_FUNDS = re.compile(
    rf"\b(?:not (?:\w+ ){{0,2}}?enough|insufficient|no|low|lack of|without|negative|out of|exceeds?)"
    rf"(?: \w+){{0,3}}? {MONEY}\b"
    rf"|\b{MONEY}\b(?: \w+){{0,3}}? (?:not enough|insufficient|too low|is low|empty|exceeded)\b"
    rf"|\b(?:not|dont|doesnt) have (?:\w+ )?enough(?: \w+){{0,2}}? {MONEY}\b"
    r"|\b(?:recharge|top up|add) (?:\w+ ){0,2}?(?:balance|funds)\b"
)
BAD_WORD = (
    r"(?:invalid|incorrect|wrong|bad|unknown|missing|expired|revoked|inactive|disabled"
    r"|not found|not valid|required)"
)
KEY_WORD = r"(?:key|api ?key|apikey|token|api)"
BAD_KEY = re.compile(
    rf"\b{BAD_WORD}(?: (?:the|your|an?|api)){{0,3}} {KEY_WORD}\b"
    rf"|\b{KEY_WORD}\b(?: (?:is|was|has|been|not|or|and|user|an?)){{0,3}} {BAD_WORD}\b"
    rf"|\b{KEY_WORD} may only\b"  # "This API key may only read", as panels of our own kind say
    r"|\bunauthori[sz]ed\b|\bauthentication (?:failed|required)\b|\bnot authori[sz]ed\b"
    r"|\byour (?:user )?account\b(?: \w+){0,3}? (?:suspended|blocked|banned|disabled|inactive|frozen|deactivated)\b"
)
ABOUT_AN_ID = re.compile(r"\b(?:orders?|refills?|ids?|not found)\b")
THROTTLED = re.compile(
    r"\btoo many (?:requests|attempts|calls)\b|\brate limit(?:ed)?\b|\bslow down\b|\brequest limit\b"
)


def error_text(reply: object) -> str:
    """The error that a reply states, in any of the shapes that providers use; "" when it states
    none.
    """
    if not isinstance(reply, Mapping):
        return ""
    for name in ("error", "errors", "detail"):
        if text := _words(reply.get(name)):
            return text
    if not is_failure(reply):
        return ""
    return next(
        (
            text
            for name in ("msg", "message", "description", "reason")
            if (text := _words(reply.get(name)))
        ),
        "",
    )


def is_failure(reply: Mapping[str, object]) -> bool:
    """Whether the reply says of itself that it failed."""
    return _word(reply.get("status")) in FAILURE_WORDS or (
        "success" in reply and _word(reply["success"]) in {"false", "0", "no"}
    )


def is_success(reply: Mapping[str, object]) -> bool:
    """Whether the reply says of itself that it succeeded."""
    return _word(reply.get("status")) in SUCCESS_WORDS or _word(reply.get("success")) in {
        "true",
        "1",
        "yes",
    }


def is_ambiguous(reply: object, words: Iterable[str] = AMBIGUOUS_PHRASES) -> bool:
    """Whether a word of doubt stands anywhere in the reply, in whatever spelling ("Time-out",
    "TIME_OUT").

    A word that begins with "=" stands for a whole error text, as fold_text gives it.
    """
    words = tuple(words)
    whole = {word.removeprefix(WHOLE) for word in words if word.startswith(WHOLE)}
    if whole and fold_text(reply if isinstance(reply, str) else error_text(reply)) in whole:
        return True
    parts = [normalize(word) for word in words if not word.startswith(WHOLE)]
    text = normalize(" ".join(_all_texts(reply)))
    return any(word in text for word in parts if word)


def fold_text(text: str) -> str:
    """What of an error's text stays the same over orders: small letters, "#" for numbers,
    "(link)" for links.
    """
    folded = NUMBER.sub("#", LINK.sub("(link)", text.casefold()))
    return " ".join(folded.split())[:FOLDED_LENGTH].strip()


def find_reason(text: str, *, http_status: int | None = None) -> Reason:
    """Whose fault a refusal is. What is not known to be ours is the customer's."""
    plain = normalize(text)
    if THROTTLED.search(plain):
        return Reason.THROTTLED
    if NO_FUNDS.search(plain):
        return Reason.NO_FUNDS
    if http_status == 401 or BAD_KEY.search(plain):
        return Reason.BAD_KEY
    return Reason.CUSTOMER


def is_about_an_id(text: str) -> bool:
    """Whether a complaint is about the id asked for, not about the call."""
    return ABOUT_AN_ID.search(normalize(text)) is not None and not find_reason(text).is_ours


def normalize(text: str) -> str:
    """Small letters and single spaces: "neworder.error.not_enough_funds" → "neworder error not
    enough funds".
    """
    return " ".join(re.split(r"[\W_]+", text.casefold().replace("'", ""))).strip()


def _word(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return as_text(value, limit=64).casefold()


def _words(value: object) -> str:
    """An error's text, out of whatever it is wrapped in, with the names of fields in front of
    their complaints.
    """
    return as_text("; ".join(_complaints(value)), limit=TEXT_LENGTH)


def _complaints(value: object, name: str = "") -> list[str]:
    if isinstance(value, str):
        text = value.strip()
        return [f"{name}: {text}" if name and text else text] if text else []
    if isinstance(value, list):
        return [text for item in value for text in _complaints(item, name)]
    if isinstance(value, Mapping):
        told = value.get("msg") or value.get("message")
        if isinstance(told, str):  # what stands beside it are codes
            place = value.get("loc")
            return _complaints(told, str(place[-1]) if isinstance(place, list) and place else name)
        return [
            text
            for key, item in value.items()
            for text in _complaints(item, "" if key in WRAPPERS or key.isdigit() else key)
        ]
    return []


def _all_texts(value: object) -> list[str]:
    """Every string of a reply, names of fields included."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, list):
        return [text for item in value for text in _all_texts(item)]
    if isinstance(value, Mapping):
        return [text for name, item in value.items() for text in [str(name), *_all_texts(item)]]
    return []
