"""Error texts in replies: find them, tell whether they are ambiguous, and their reason."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal

from catalog.upstream.json_values import as_text, is_blank
from catalog.upstream.outcomes import Reason

TEXT_LENGTH = 500  # characters of an error text that are kept
FOLDED_LENGTH = 200  # characters that identify a text
# before an ambiguous phrase: it matches a whole folded text, not a part
WHOLE = "="
LINK = re.compile(r"(?:https?://|www\.)\S+")
NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
# an error that is only flagged or numbered: its words are in a message
FLAGS = frozenset({"true", "1", "yes"})
CODE = re.compile(r"\d{1,6}|true|yes", re.IGNORECASE)
# names that say nothing
WRAPPERS = frozenset({"error", "errors", "message", "msg", "text", "detail"})

# With one of these, an error may have been raised after the order was placed.
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
    # the same in other languages
    "сервер",
    "внутренняя ошибка",
    "внутрішня помилка",
    "позже",
    "пізніше",
    "повторите",
    "спробуйте",
    "технические работы",
    "servidor",
    "error interno",
    "erro interno",
    "más tarde",
    "mais tarde",
    "mantenimiento",
    "manutenção",
    "inténtelo",
    "intente de nuevo",
    "tente novamente",
    "sunucu",
    "daha sonra",
    "bakımda",  # noqa: RUF001  # Turkish
    "tekrar dene",
    "kesalahan internal",
    "kesalahan sistem",
    "coba lagi",
    "pemeliharaan",
    "máy chủ",
    "lỗi hệ thống",
    "thử lại",
    "bảo trì",
    "serveur",
    "erreur interne",
    "plus tard",
    "réessay",
    "später",
    "wartung",
    "erneut",
    "errore interno",
    "più tardi",
    "riprova",
    "manutenzione",
    "serwer",
    "później",
    "błąd wewnętrzny",
    "خطأ داخلي",
    "الخادم",
    "لاحق",
    "صيانة",
    "سرور",
    "بعدا",
    "सर्वर",
    "बाद में",
    "服务器",
    "伺服器",
    "稍后",
    "维护",
    "系统错误",
    "サーバー",
    "서버",
    "เซิร์ฟเวอร์",
)
FAILURE_WORDS = frozenset({"error", "fail", "failed", "failure", "false"})
SUCCESS_WORDS = frozenset({"success", "successful", "ok", "true", "created", "placed", "accepted"})
MONEY = r"(?:funds?|balance|credits?|money)"
NO_FUNDS = re.compile(
    rf"\b(?:not (?:\w+ ){{0,2}}?enough|insufficient|no|low|lack of|without|negative|out of"
    rf"|exceeds?)"
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
    r"|\byour (?:user )?account\b(?: \w+){0,3}?"
    r" (?:suspended|blocked|banned|disabled|inactive|frozen|deactivated)\b"
)
ABOUT_AN_ID = re.compile(r"\b(?:orders?|refills?|ids?|not found)\b")
THROTTLED = re.compile(
    r"\btoo many (?:requests|attempts|calls)\b"
    r"|\brate limit(?:ed)?\b|\bslow down\b|\brequest limit\b"
)


def error_text(reply: object) -> str:
    """The error that a reply states, in any shape that providers use, or ""."""
    if not isinstance(reply, Mapping):
        return ""
    told = [_words(reply.get(name)) for name in ("error", "errors", "detail")]
    told = [text for text in told if not is_blank(text)]
    codes = [text for text in told if CODE.fullmatch(text)]
    if text := next((text for text in told if text not in codes), ""):
        return text
    if not (is_failure(reply) or codes):
        return ""
    return message_text(reply) or next((text for text in codes if text not in FLAGS), "")


def message_text(reply: Mapping[str, object]) -> str:
    """The message of a reply that states failure."""
    names = ("msg", "message", "error_message", "error_msg", "description", "reason", "text")
    return next((text for name in names if (text := _words(reply.get(name)))), "")


def is_failure(reply: Mapping[str, object]) -> bool:
    """Whether the reply states failure."""
    return (
        _word(reply.get("status")) in FAILURE_WORDS
        or ("success" in reply and _word(reply["success"]) in {"false", "0", "no"})
        or _word(reply.get("error")) in FLAGS
        or _is_code(reply.get("error"))
    )


def is_success(reply: Mapping[str, object]) -> bool:
    """Whether the reply states success."""
    return _word(reply.get("status")) in SUCCESS_WORDS or _word(reply.get("success")) in {
        "true",
        "1",
        "yes",
    }


def is_ambiguous(reply: object, words: Iterable[str] = AMBIGUOUS_PHRASES) -> bool:
    """Whether the reply holds one of the phrases in any spelling ("Time-out", "TIME_OUT").

    A phrase that begins with "=" matches a whole error text, as `fold_text` returns it.
    """
    words = tuple(words)
    whole = {word.removeprefix(WHOLE) for word in words if word.startswith(WHOLE)}
    if whole and fold_text(reply if isinstance(reply, str) else error_text(reply)) in whole:
        return True
    parts = [normalize(word) for word in words if not word.startswith(WHOLE)]
    text = normalize(" ".join(_all_texts(reply)))
    return any(word in text for word in parts if word)


def fold_text(text: str) -> str:
    """The part of an error text that is the same for all orders: lower case, "#", "(link)"."""
    folded = NUMBER.sub("#", LINK.sub("(link)", text.casefold()))
    return " ".join(folded.split())[:FOLDED_LENGTH].strip()


def find_reason(text: str, *, http_status: int | None = None) -> Reason:
    """The reason of a rejection; CUSTOMER unless it is known to be about our account."""
    plain = normalize(text)
    if THROTTLED.search(plain):
        return Reason.THROTTLED
    if NO_FUNDS.search(plain):
        return Reason.NO_FUNDS
    if http_status == 401 or BAD_KEY.search(plain):
        return Reason.BAD_KEY
    return Reason.CUSTOMER


def is_about_an_id(text: str) -> bool:
    """Whether an error is about the id asked for, not about the call."""
    return ABOUT_AN_ID.search(normalize(text)) is not None and not find_reason(text).is_ours


def normalize(text: str) -> str:
    """Lower case and single spaces: "error.no_funds" → "error no funds"."""
    return " ".join(re.split(r"[\W_]+", text.casefold().replace("'", ""))).strip()


def _is_code(value: object) -> bool:
    return isinstance(value, int | Decimal) and not isinstance(value, bool) and value != 0


def _word(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return as_text(value, limit=64).casefold()


def _words(value: object) -> str:
    """An unwrapped error text, with names of fields before their errors."""
    return as_text("; ".join(_complaints(value)), limit=TEXT_LENGTH)


def _complaints(value: object, name: str = "") -> list[str]:
    if isinstance(value, str):
        text = value.strip()
        return [f"{name}: {text}" if name and text else text] if text else []
    if isinstance(value, list):
        return [text for item in value for text in _complaints(item, name)]
    if isinstance(value, Mapping):
        told = value.get("msg") or value.get("message")
        if isinstance(told, str):  # the other entries are codes
            place = value.get("loc")
            return _complaints(told, str(place[-1]) if isinstance(place, list) and place else name)
        return [
            text
            for key, item in value.items()
            for text in _complaints(item, "" if key in WRAPPERS or key.isdigit() else key)
        ]
    return []


def _all_texts(value: object) -> list[str]:
    """Every string of a reply, including names."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, list):
        return [text for item in value for text in _all_texts(item)]
    if isinstance(value, Mapping):
        return [text for name, item in value.items() for text in [str(name), *_all_texts(item)]]
    return []
