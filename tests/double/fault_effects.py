"""A struck request: what is done about it, and what the socket gets to carry."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from tests.double.actions import answer, refused
from tests.double.answers import Answer
from tests.double.dialect_replies import Phrased
from tests.double.false_statuses import lie
from tests.double.faults import DEFINITE, DELAYED, HELD, LATE_COMMIT, LIES, WRITING, Fault
from tests.double.pages import HTTP_PAGES, MAINTENANCE
from tests.double.wire import Call, Connection, dumped, response
from tests.double.world import World

HUGE = 40 * 1024 * 1024  # bytes, above every sensible cap
CHUNK = b" " * 65536
NOT_ANSWERS = (b'"ok"', b"null", b"17", b'["unexpected"]')
NOT_ORDERS = (
    b'{"order":null}',
    b'{"order":true}',
    b'{"order":"abc"}',
    b'{"order":[23501]}',
    b'{"order":-1}',
    b'{"order":0}',
    b'{"order":23501.5}',
    b'{"order":23501,"error":"Temporary problem"}',
    *NOT_ANSWERS,
)


@dataclass(frozen=True, slots=True)
class Struck:
    """A request that a fault has struck."""

    world: World
    connection: Connection
    call: Call
    fields: dict[str, str]
    fault: Fault
    is_current: Callable[[], bool]  # False once the world was reset

    @property
    def action(self) -> str:
        return self.fields.get("action", "")

    def send(
        self, phrased: Phrased, *, headers: tuple[str, ...] = (), is_last: bool = False
    ) -> None:
        self.connection.send(
            response(
                phrased.body,
                status=phrased.status,
                content_type=phrased.content_type,
                headers=headers,
                is_last=is_last or self.call.is_last,
            )
        )


async def misbehave(struck: Struck) -> str:
    """Handle a struck request; answers how it ended, in a word, for the journal."""
    fault, world = struck.fault, struck.world
    if fault.mode in DEFINITE:
        struck.send(_phrased(struck, refused(struck.action, fault.text or DEFINITE[fault.mode])))
        return "answered"
    if fault.mode == LATE_COMMIT:
        await asyncio.sleep(fault.wait)
        if not struck.is_current():
            return "forgotten by a reset"
        struck.send(_phrased(struck, answer(world=world, fields=struck.fields)))
        return "answered late"
    if fault.mode in LIES or fault.mode in (DELAYED, HELD):
        told = answer(world=world, fields=struck.fields)
        if fault.mode in LIES and not told.is_error:
            told = lie(answer=told, world=world, fault=fault, fields=struck.fields)
        phrased = _phrased(struck, told)
        await asyncio.sleep(fault.wait if fault.mode == DELAYED else 0)
        while fault.mode == HELD and struck.is_current() and world.faults.is_on(fault):
            await asyncio.sleep(0.01)
        struck.send(phrased)
        return "answered"
    return await _spoil(struck)


def _phrased(struck: Struck, told: Answer) -> Phrased:
    return struck.world.phrasing.phrase(told)


async def _spoil(struck: Struck) -> str:
    """Do it or not, and answer in the fault's shape."""
    world, shape = struck.world, struck.fault.shape
    earlier = next(
        (order.id for order in reversed(world.journal.placed) if order.account == "ours"), 0
    )
    told = answer(world=world, fields=struck.fields) if struck.fault.does_commit else _as_if(struck)
    if shape in SOCKET_SHAPES:
        return await SOCKET_SHAPES[shape](struck, _phrased(struck, told))
    if shape == "duplicate_id" and earlier and not told.is_error:
        struck.send(_phrased(struck, replace(told, payload={"order": earlier})))
        return "answered"
    if shape == "internal_error":
        struck.send(_phrased(struck, refused(struck.action, struck.fault.text or "Internal error")))
        return "answered"
    if shape in HTTP_PAGES:
        status, page = HTTP_PAGES[shape]
        struck.send(
            Phrased((struck.fault.text or page).encode(), status, "text/html; charset=UTF-8")
        )
        return "answered"
    struck.send(_other_body(struck, _phrased(struck, told)))
    return "answered"


def _as_if(struck: Struck) -> Answer:
    """Make up the answer of something that was not done."""
    world, action = struck.world, struck.action
    if action not in WRITING:
        return answer(world=world, fields=struck.fields)
    if action == "add" and struck.fault.shape in ("truncated", "cut_off", "duplicate_id"):
        return Answer("add", {"order": world.next_order})
    # a shape that lets the whole body through must not claim success
    return refused(action, "Internal error")


def _other_body(struck: Struck, phrased: Phrased) -> Phrased:
    text, body = struck.fault.text.encode(), phrased.body
    match struck.fault.shape:
        case "empty":
            return replace(phrased, body=b"")
        case "truncated":
            return replace(phrased, body=body[:-3] if len(body) < 100 else body[: len(body) // 2])
        case "wrong_type":
            bodies = NOT_ORDERS if struck.action == "add" else NOT_ANSWERS
            return replace(phrased, body=text or struck.world.luck.choice(bodies))
        case "no_order_id":
            return replace(phrased, body=text or dumped({"status": "success"}))
        case "html200":
            return Phrased(text or MAINTENANCE.encode(), 200, "text/html; charset=UTF-8")
    return phrased


async def _hang(struck: Struck, _phrased: Phrased) -> str:
    has_gone = await struck.connection.wait_until_gone(seconds=struck.fault.wait)
    await struck.connection.close()
    return "client gave up" if has_gone else "closed"


async def _reset(struck: Struck, _phrased: Phrased) -> str:
    struck.connection.reset()
    return "reset"


async def _close(struck: Struck, _phrased: Phrased) -> str:
    await struck.connection.close()
    return "closed"


async def _cut_off(struck: Struck, phrased: Phrased) -> str:
    cut = phrased.body[: len(phrased.body) // 2]
    struck.connection.send(
        response(cut, length=len(phrased.body), content_type=phrased.content_type, is_last=True)
    )
    await struck.connection.close()
    return "cut off"


async def _redirect(struck: Struck, _phrased: Phrased) -> str:
    moved = Phrased(b"<h1>302 Found</h1>", 302, "text/html")
    struck.send(moved, headers=(f"Location: {struck.call.path}?moved=1",))
    return "answered"


async def _too_many(struck: Struck, phrased: Phrased) -> str:
    wait = f"Retry-After: {struck.fault.wait:g}"
    body = struck.fault.text.encode() or dumped({"error": "Too many requests"})
    struck.send(replace(phrased, body=body, status=429), headers=(wait,))
    return "answered"


async def _drip_body(struck: Struck, phrased: Phrased) -> str:
    struck.connection.send(
        response(b"", length=len(phrased.body), content_type=phrased.content_type, is_last=True)
    )
    return await _drip(struck, phrased.body)


async def _drip_all(struck: Struck, phrased: Phrased) -> str:
    return await _drip(
        struck, response(phrased.body, content_type=phrased.content_type, is_last=True)
    )


async def _drip(struck: Struck, content: bytes) -> str:
    """Send byte by byte until the client gives up."""
    for byte in content:
        struck.connection.send(bytes([byte]))
        if await struck.connection.wait_until_gone(seconds=struck.fault.wait):
            return "client gave up"
    await struck.connection.close()
    return "answered"


async def _huge(struck: Struck, phrased: Phrased) -> str:
    """Send a valid answer followed by blanks without end or length, which is still valid JSON."""
    writer = struck.connection.writer
    writer.write(response(phrased.body, length=-1, content_type=phrased.content_type, is_last=True))
    try:
        for _ in range(HUGE // len(CHUNK)):
            writer.write(CHUNK)
            await writer.drain()
    except ConnectionError:
        return "client gave up"
    await struck.connection.close()
    return "answered"


SOCKET_SHAPES: dict[str, Callable[[Struck, Phrased], Awaitable[str]]] = {
    "hang": _hang,
    "reset": _reset,
    "close": _close,
    "cut_off": _cut_off,
    "redirect": _redirect,
    "http429": _too_many,
    "slow_drip": _drip_body,
    "slow_head": _drip_all,
    "huge_body": _huge,
}
