"""Wake the worker, so that an order does not wait for the next sweep.

For speed only; nothing depends on it.
"""

import logging
import threading
import time
from typing import Final

from celery import Celery, current_app
from kombu.exceptions import OperationalError

TASK: Final = "orders.tasks.submit_due"
EXPIRES: Final = 30  # seconds; a sweep has found the order long before
# seconds after a failure, so that only one request in that time pays for a broker that is gone
SILENCE: Final = 30.0

logger = logging.getLogger(__name__)


class Doorbell:
    """Asks the worker for a sweep, and gives up for a while after a failure.

    One per process, shared by its threads.
    """

    def __init__(self, *, app: Celery | None = None, silence: float = SILENCE) -> None:
        self.app = app or current_app
        self.silence = silence
        self.silent_until = 0.0  # on the monotonic clock
        self.ringing = threading.Lock()

    def ring(self) -> bool:
        """Ask for a sweep now; returns whether the broker took it. Never raises where it is gone.

        Takes the broker's socket time-out at most, and no time during the silence after a failure.
        """
        if time.monotonic() < self.silent_until or not self.ringing.acquire(blocking=False):
            # a ring in another thread serves this order, too, or the next sweep finds it
            return False
        try:
            self.app.send_task(TASK, expires=EXPIRES)
        except (OperationalError, OSError) as error:
            self.silent_until = time.monotonic() + self.silence
            logger.warning(
                "The broker does not answer (%s); orders wait for the next sweep.",
                type(error).__name__,
            )
            return False
        finally:
            self.ringing.release()
        return True


_doorbell = Doorbell()


def ring() -> None:
    """Ring the process's own bell; for `transaction.on_commit(ring, robust=True)`."""
    _doorbell.ring()
