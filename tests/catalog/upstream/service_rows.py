"""One row of a catalog as documented, and how a reply with rows is read: over real HTTP."""

import json
from typing import Any

from catalog.upstream import CatalogReply, ServiceRow
from tests.raw_provider import RawProvider, answer, client_of

ROW: dict[str, Any] = {
    "service": 1,
    "name": "Followers",
    "type": "Default",
    "category": "First Category",
    "rate": "0.90",
    "min": "50",
    "max": "10000",
    "refill": True,
    "cancel": True,
}


def ask(body: bytes, *, status: int = 200, known: dict[bytes, str] | None = None) -> CatalogReply:
    with RawProvider(answer(body, status=status)) as provider, client_of(provider.url) as client:
        return client.services(known=known or {})


def read(tree: object) -> CatalogReply:
    return ask(json.dumps(tree).encode())


def read_one(**changes: object) -> ServiceRow:
    """The row as documented, with changes; None leaves a field out."""
    fields = {name: value for name, value in {**ROW, **changes}.items() if value is not ...}
    (row,) = read([fields, {**ROW, "service": "another"}]).rows[:1]
    return row
