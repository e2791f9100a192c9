"""Parse a mass order: one order per line, the fields of its service's type between bars.

Reads no database.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from catalog.upstream.service_types import Field, ServiceType
from lib.typed_text import compact, is_visible
from orders.placing.check_fields import FieldErrors, Problem

BAR: Final = "|"
TAB: Final = "\t"  # between the columns of a table pasted from a spreadsheet
# not str.splitlines: the check of fields rejects other separators
LINE_END: Final = re.compile(r"\r\n|\r|\n")
# between the items of a list, since a line holds no line break; \\n is a backslash and an n
ITEM_END: Final = re.compile(r"(?<!\\)(?:\\r)?\\n")
WHOLE_LINE: Final = "line"  # names a problem that is no single field's


@dataclass(frozen=True, slots=True)
class Line:
    """One line that is not empty, as written."""

    number: int  # in the text, from 1; empty lines count
    text: str
    service_id: str  # before the first bar
    rest: str  # after it


def read_lines(*, text: str) -> list[Line]:
    """The lines that are not empty; one without a bar is split at its tabs."""
    return list(_lines(text))


def _lines(text: str) -> Iterator[Line]:
    for number, line in enumerate(LINE_END.split(text), start=1):
        if not is_visible(line):
            continue
        parted = line if BAR in line else line.strip().replace(TAB, BAR)
        service_id, _, rest = parted.partition(BAR)
        yield Line(number=number, text=line.strip(), service_id=compact(service_id), rest=rest)


def fields_of(kind: ServiceType) -> tuple[Field, ...]:
    """The fields of a type in the order of a line's parts: optional ones last, to be left out."""
    return tuple(sorted(kind.fields, key=_lateness))


def _lateness(field: Field) -> int:
    if field.is_required:
        return 0
    return 1 if field.required_when else 2


def pattern(kind: ServiceType) -> str:
    """The pattern of a line: "service_id | link | quantity | [runs] | [interval]"."""
    names = (field.name if field.is_required else f"[{field.name}]" for field in fields_of(kind))
    return " | ".join(["service_id", *names])


def values_of(*, kind: ServiceType, line: Line) -> dict[str, str]:
    """The `add` fields of a line by their protocol names, without those that are missing.

    In a list at the end of a line, such as comments, bars are text. Raises FieldErrors where there
    are more parts than fields.
    """
    fields = fields_of(kind)
    has_open_end = fields[-1].kind == "lines"
    parts = [part.strip() for part in line.rest.split(BAR, len(fields) - 1 if has_open_end else -1)]
    if len(parts) > len(fields) and any(parts[len(fields) :]):
        raise FieldErrors(
            {WHOLE_LINE: Problem(f"Too many parts: {len(parts) + 1} instead of {len(fields) + 1}.")}
        )
    return {
        field.name: _items(part) if field.kind == "lines" else part
        for field, part in zip(fields, parts, strict=False)
        if part
    }


def _items(part: str) -> str:
    return ITEM_END.sub("\n", part).replace("\\\\n", "\\n")
