"""The latest API requests of a user, without keys and values, in Valkey."""

import json
import queue
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Final

from redis.client import Pipeline

from orders.api.valkey import memory

MAX_KEPT: Final = 20  # requests of one user
KEPT_FOR: Final = timedelta(days=7)
MAX_WAITING: Final = 2000  # requests to be written; more are dropped
GATHERED_FOR: Final = 0.2  # seconds; batches many requests into one round trip


@dataclass(frozen=True, slots=True)
class Recent:
    """One request as it was answered."""

    at: datetime
    action: str  # "" if unknown
    status: int  # of HTTP
    error: str  # "" if there was none
    milliseconds: float
    ip: str
    key_name: str


Note = tuple[int, Recent]  # (user, request)


class Rememberer:
    """Writes requests in a thread of its own. One per process."""

    def __init__(self) -> None:
        self._waiting: queue.Queue[Note] = queue.Queue(MAX_WAITING)
        self._starting = threading.Lock()
        self._writer: threading.Thread | None = None

    def note(self, *, user_id: int, request: Recent) -> None:
        """Queue a request to be written. Never waits, never raises."""
        try:
            self._waiting.put_nowait((user_id, request))
        except queue.Full:
            return
        if self._writer is None:
            self._start()

    def _start(self) -> None:
        # not earlier: a thread would not survive the fork of the web server's workers
        with self._starting:
            if self._writer is None:
                self._writer = threading.Thread(
                    target=self._keep_writing, name="api-recent-requests", daemon=True
                )
                self._writer.start()

    def _keep_writing(self) -> None:
        while True:
            note = self._waiting.get()
            time.sleep(GATHERED_FOR)
            _write([note, *self._all_waiting()])

    def _all_waiting(self) -> Iterator[Note]:
        while not self._waiting.empty():  # only this thread takes from it
            yield self._waiting.get_nowait()


def remember(*, user_id: int, request: Recent) -> None:
    """Queue a request of this user to be written, if Valkey is up."""
    _rememberer.note(user_id=user_id, request=request)


def recent(*, user_id: int) -> list[Recent]:
    """The user's latest requests, newest first; none if Valkey is down or has lost them."""
    answers = memory().run(lambda pipeline: pipeline.lrange(_name(user_id), 0, MAX_KEPT - 1))
    return [_read(line) for line in answers[0]] if answers else []


def _write(notes: Sequence[Note]) -> None:
    def fill(pipeline: Pipeline) -> None:
        for user_id, request in notes:
            pipeline.lpush(
                _name(user_id), json.dumps({**asdict(request), "at": request.at.isoformat()})
            )
        for user_id in {user_id for user_id, _ in notes}:
            pipeline.ltrim(_name(user_id), 0, MAX_KEPT - 1)
            pipeline.expire(_name(user_id), KEPT_FOR)

    memory().run(fill)


def _read(line: str) -> Recent:
    fields = json.loads(line)
    return Recent(**{**fields, "at": datetime.fromisoformat(fields["at"])})


def _name(user_id: int) -> str:
    return f"api:recent:{user_id}"


_rememberer = Rememberer()
