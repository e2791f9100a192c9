"""The running provider: its sockets, and the way of a request from one to the answer."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path

from tests.double.actions import answer
from tests.double.control import NotPossible, control
from tests.double.fault_effects import Struck, misbehave
from tests.double.journal import Journal
from tests.double.options import Options
from tests.double.state_file import keep, restore
from tests.double.wire import BadCall, Call, Connection, dumped, response
from tests.double.world import open_world

API_PATHS = ("/api/v2", "/api/v2/")
CONTROL = "/_control/"
LOOPBACK = ("127.0.0.1", "::1")
BACKLOG = 1024


class Server:
    """Serve the API on one port, and the control API there and on a second port that is never
    closed.
    """

    def __init__(self, options: Options) -> None:
        self.options = options
        self.journal = Journal(path=options.journal, changed=self.keep)
        self.world = open_world(options=options, journal=self.journal)
        if options.state:
            restore(world=self.world, path=Path(options.state))
        self._open: set[Connection] = set()
        self._controlling: set[Connection] = set()
        self._api: asyncio.Server | None = None
        self._reserved: socket.socket | None = None
        self._reopening: asyncio.TimerHandle | None = None
        self.port = 0
        self.control_port = 0

    async def start(self) -> None:
        """Bind both ports; raises OSError when one is taken."""
        control_server = await asyncio.start_server(
            self._handler(self._answer_control_only), self.options.host, self.options.control_port
        )
        self.control_port = control_server.sockets[0].getsockname()[1]
        self.port = self.options.port
        await self._listen(_bound(self.options.host, self.port))

    async def refuse_connections(self, *, seconds: float) -> None:
        """Close the API's port and every connection on it; connecting is refused until the
        time is over.
        """
        if self._api is not None:
            self._api.close()
            self._api = None
            # bound without listening: nobody else can take the port meanwhile
            self._reserved = _bound(self.options.host, self.port)
        for connection in tuple(self._open):
            connection.reset()
        if self._reopening:
            self._reopening.cancel()
        loop = asyncio.get_running_loop()
        self._reopening = loop.call_later(
            seconds, lambda: loop.create_task(self.accept_connections())
        )

    async def accept_connections(self) -> None:
        """Listen again at once."""
        if self._reopening:
            self._reopening.cancel()
            self._reopening = None
        if self._api is None and self._reserved is not None:
            reserved, self._reserved = self._reserved, None
            await self._listen(reserved)

    async def reset(self) -> None:
        """Begin anew: everything forgotten, every open API connection cut, the port open."""
        await self.accept_connections()
        self.journal.close()
        self.journal = Journal(path=self.options.journal, changed=self.keep)
        self.world = open_world(options=self.options, journal=self.journal)
        for connection in tuple(self._open):
            connection.reset()

    def keep(self) -> None:
        """Write the state down, where a file was named for it."""
        if self.options.state:
            keep(world=self.world, path=Path(self.options.state))

    def close(self) -> None:
        """Cut every connection, so that ending the process waits for no client, and close
        the journal.
        """
        for connection in (*self._open, *self._controlling):
            connection.reset()
        self.journal.close()

    async def _listen(self, bound: socket.socket) -> None:
        self._api = await asyncio.start_server(
            self._handler(self._answer), sock=bound, backlog=BACKLOG
        )
        self.port = bound.getsockname()[1]

    def _handler(
        self, answering: Callable[[Connection, Call], Awaitable[bool]]
    ) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            connection = Connection(reader, writer)
            chosen = self._open if answering == self._answer else self._controlling
            chosen.add(connection)
            try:
                while (call := await connection.next_call()) and await answering(connection, call):
                    pass
            except BadCall as bad:
                connection.send(response(dumped({"error": str(bad)}), status=400, is_last=True))
            except ConnectionError:
                pass  # the client went while it was being answered
            except asyncio.CancelledError:
                pass  # the provider closes while this one still waits
            finally:
                chosen.discard(connection)
                await connection.close()

        return serve

    async def _answer(self, connection: Connection, call: Call) -> bool:
        """Answer one request of the API's port; True when the connection may carry another."""
        if call.path.startswith(CONTROL):
            return await self._answer_control_only(connection, call)
        if call.path not in API_PATHS:
            connection.send(
                response(b"<h1>404 Not Found</h1>", status=404, content_type="text/html")
            )
            return not call.is_last
        fields = call.form
        if "idempotency-key" in call.headers:
            fields.setdefault("idempotency_key", call.headers["idempotency-key"])
        world = self.world
        entry = world.journal.received(action=fields.get("action", ""), parameters=fields)
        fault = world.faults.strike(entry.action, fields)
        fields = world.phrasing.dialect.heard(fields)
        if fault is None:
            phrased = world.phrasing.phrase(answer(world=world, fields=fields))
            connection.send(
                response(
                    phrased.body,
                    status=phrased.status,
                    content_type=phrased.content_type,
                    is_last=call.is_last,
                )
            )
            world.journal.answered(entry, outcome="answered")
            return not call.is_last
        entry.fault = fault.mode
        struck = Struck(
            world, connection, call, fields, fault, is_current=lambda: self.world is world
        )
        world.journal.answered(entry, outcome=await misbehave(struck))
        return not (call.is_last or connection.writer.is_closing())

    async def _answer_control_only(self, connection: Connection, call: Call) -> bool:
        if not call.path.startswith(CONTROL) or connection.peer not in LOOPBACK:
            connection.send(response(dumped({"error": "Not found"}), status=404))
            return not call.is_last
        try:
            body, status = (
                dumped(await control(server=self, call=call, name=call.path.removeprefix(CONTROL))),
                200,
            )
            if call.method != "GET":
                self.keep()
        except NotPossible as problem:
            body, status = dumped({"error": str(problem)}), 400
        connection.send(response(body, status=status, is_last=call.is_last))
        return not call.is_last


def _bound(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
    except OSError:
        bound.close()
        raise
    return bound
