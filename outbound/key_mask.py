"""Masks our API key in what a provider replies."""

from __future__ import annotations

import html
import json
from urllib.parse import quote, quote_plus

MASK = "[key]"
PART = 10  # characters: shorter parts of the key may be ordinary words
MIN_LENGTH = 4  # characters: a shorter key may be ordinary text
# unlike lower(), keeps lengths
LOWER = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")


class KeyMask:
    """Replaces a key and its parts of 10 characters or more, escaped or not, in any case."""

    def __init__(self, key: str) -> None:
        is_maskable = len(key) >= MIN_LENGTH
        size = min(PART, len(key))
        parts = [key[at : at + size] for at in range(len(key) - size + 1)] if is_maskable else []
        self._parts = sorted({form.translate(LOWER) for part in parts for form in _forms(part)})
        self._searched = [part.encode() for part in self._parts]
        self._wholes = sorted({form.encode() for form in _forms(key)}) if is_maskable else []

    def __repr__(self) -> str:
        return "KeyMask()"

    def text(self, text: str) -> str:
        """The text without the key; for up to about 64 KB."""
        spans = self._spans(text.translate(LOWER))
        kept, at = [], 0
        for start, end in spans:
            if start >= at:
                kept += [text[at:start], MASK]
            at = max(at, end)
        return "".join([*kept, text[at:]])

    def may_be_in(self, body: bytes) -> bool:
        """Whether the body's JSON may hold the key: quick, and True for any escape."""
        lowered = body.lower()
        return b"\\" in body or any(part in lowered for part in self._searched)

    def tree(self, value: object) -> object:
        """Parsed JSON with every string masked."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            return [self.tree(item) for item in value]
        if isinstance(value, dict):
            return {self.text(str(name)): self.tree(item) for name, item in value.items()}
        return value

    def bulk(self, body: bytes) -> bytes:
        """A large body without the whole key; its parts are not masked, for speed."""
        for whole in self._wholes:
            if whole in body:
                body = body.replace(whole, MASK.encode())
        return body

    def _spans(self, lowered: str) -> list[tuple[int, int]]:
        spans = []
        for part in self._parts:
            at = lowered.find(part)
            while at >= 0:
                spans.append((at, at + len(part)))
                at = lowered.find(part, at + 1)
        return sorted(spans)


def _forms(part: str) -> set[str]:
    """The spellings in which a text may come back: JSON, HTML, URL, escaped."""
    return {
        part,
        json.dumps(part)[1:-1],
        json.dumps(part)[1:-1].replace("/", "\\/"),
        html.escape(part),
        quote(part),
        quote(part, safe=""),
        quote_plus(part),
        "".join(f"\\u{ord(character):04x}" for character in part),
        "".join(f"%{byte:02x}" for byte in part.encode()),
    }
