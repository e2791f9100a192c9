"""Reading a mass order: one order a line, its parts between bars in the order of its type's fields.

Pure.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from catalog.upstream.service_types import Field, ServiceType
from orders.placing.check_fields import FieldErrors, Problem

BAR: Final = "|"
TAB: Final = "\t"  # what a table pasted from a spreadsheet has between its columns
# not str.splitlines: other separators are refused where they stand
LINE_END: Final = re.compile(r"\r\n|\r|\n")
WHOLE_LINE: Final = "line"  # the name of a problem that no single field has


@dataclass(frozen=True, slots=True)
class Line:
    """One line that is not empty, as it was written."""

    number: int  # in the text, from 1; empty lines count
    text: str
    service_id: str  # what stands before the first bar
    rest: str  # what stands after it


def read_lines(*, text: str) -> list[Line]:
    """The lines of a mass order that are not empty. A line without a bar is parted at its tabs."""
    return list(_lines(text))


def _lines(text: str) -> Iterator[Line]:
    for number, line in enumerate(LINE_END.split(text.removeprefix("\ufeff")), start=1):
        if not line.strip():
            continue
        parted = line if BAR in line else line.strip().replace(TAB, BAR)
        service_id, _, rest = parted.partition(BAR)
        yield Line(number=number, text=line.strip(), service_id=service_id.strip(), rest=rest)


def fields_of(kind: ServiceType) -> tuple[Field, ...]:
    """The fields of a type in the order of a line's parts: those that must be there first, so
    that others may lack.
    """
    return tuple(sorted(kind.fields, key=_lateness))


def _lateness(field: Field) -> int:
    if field.is_required:
        return 0
    return 1 if field.required_when else 2


def pattern(kind: ServiceType) -> str:
    """How a line of this type is written: "service_id | link | quantity | [runs] | [interval]"."""
    names = (field.name if field.is_required else f"[{field.name}]" for field in fields_of(kind))
    return " | ".join(["service_id", *names])


def values_of(*, kind: ServiceType, line: Line) -> dict[str, str]:
    """The `add` fields of a line by their protocol names; parts that are not there are left out.

    Where a type ends with a list, such as comments, bars in it belong to it. Raises FieldErrors
    where there are more parts than fields.
    """
    fields = fields_of(kind)
    has_open_end = fields[-1].kind == "lines"
    parts = [part.strip() for part in line.rest.split(BAR, len(fields) - 1 if has_open_end else -1)]
    if len(parts) > len(fields) and any(parts[len(fields) :]):
        raise FieldErrors(
            {WHOLE_LINE: Problem(f"There are {len(parts) + 1} parts instead of {len(fields) + 1}.")}
        )
    return {field.name: part for field, part in zip(fields, parts, strict=False) if part}
