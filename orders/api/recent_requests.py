"""The last requests of a user, for the API page: in Valkey, harmless when lost, without keys and
without values.
"""

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

KEPT: Final = 20  # requests of one user
KEPT_FOR: Final = timedelta(days=7)
WAITING: Final = 2000  # requests that wait to be written; more are forgotten
GATHERED_FOR: Final = 0.2  # seconds, so that many requests are one round trip


@dataclass(frozen=True, slots=True)
class Recent:
    """One request as it was answered."""

    at: datetime
    action: str  # "" for one that we do not have
    status: int  # of HTTP
    error: str  # "" where it went well
    milliseconds: float
    ip: str
    key_name: str


Note = tuple[int, Recent]  # (user, request)


class Rememberer:
    """Writes requests down beside the threads that answer them. One per process."""

    def __init__(self) -> None:
        self._waiting: queue.Queue[Note] = queue.Queue(WAITING)
        self._starting = threading.Lock()
        self._writer: threading.Thread | None = None

    def note(self, *, user_id: int, request: Recent) -> None:
        """Remember a request soon. Never waits, never raises."""
        try:
            self._waiting.put_nowait((user_id, request))
        except queue.Full:
            return
        if self._writer is None:
            self._start()

    def _start(self) -> None:
        # only now: a thread would not survive the fork of the web server's workers
        with self._starting:
            if self._writer is None:
                self._writer = threading.Thread(
                    target=self._keep_writing, name="api-remembering", daemon=True
                )
                self._writer.start()

    def _keep_writing(self) -> None:
        while True:
            note = self._waiting.get()
            time.sleep(GATHERED_FOR)
            _write([note, *self._all_waiting()])

    def _all_waiting(self) -> Iterator[Note]:
        while not self._waiting.empty():  # this thread alone takes from it
            yield self._waiting.get_nowait()


def remember(*, user_id: int, request: Recent) -> None:
    """Remember a request of this user, soon, if Valkey is there."""
    _rememberer.note(user_id=user_id, request=request)


def recent(*, user_id: int) -> list[Recent]:
    """The user's last requests, the newest first; none where Valkey is away or has forgotten them."""
    answers = memory().run(lambda pipeline: pipeline.lrange(_name(user_id), 0, KEPT - 1))
    return [_read(line) for line in answers[0]] if answers else []


def _write(notes: Sequence[Note]) -> None:
    def fill(pipeline: Pipeline) -> None:
        for user_id, request in notes:
            pipeline.lpush(
                _name(user_id), json.dumps({**asdict(request), "at": request.at.isoformat()})
            )
        for user_id in {user_id for user_id, _ in notes}:
            pipeline.ltrim(_name(user_id), 0, KEPT - 1)
            pipeline.expire(_name(user_id), KEPT_FOR)

    memory().run(fill)


def _read(line: str) -> Recent:
    fields = json.loads(line)
    return Recent(**{**fields, "at": datetime.fromisoformat(fields["at"])})


def _name(user_id: int) -> str:
    return f"api:recent:{user_id}"


_rememberer = Rememberer()
