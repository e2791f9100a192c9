"""`python -m tests.mutants.sender`: forwards what is due, and stops itself with SIGSTOP just before
the form leaves.

That is behind every look at a clock of ours: only the proof that it lives keeps others from taking
it for dead. With MUTANT=pulse in the environment it does not give that proof.
"""

import os
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from unittest import mock

import django

NO_LOCK = "pulse"  # the value of MUTANT


def main() -> None:
    """One sweep; whoever started it sends SIGCONT."""
    django.setup()
    from orders.forwarding.sweep import submit_due
    from orders.jobs.sender_locks import sender_lock
    from outbound.sockets import PlainSocket  # Django must be set up first

    def sendall(self: PlainSocket, content: bytes) -> None:
        self.settimeout(self.deadline.wait())
        self.has_sent = True
        if b"action=add" in content:  # the head alone orders nothing
            # to this thread: sent to the process, it might stop us some bytes later
            signal.pthread_kill(threading.get_ident(), signal.SIGSTOP)
        socket.socket.sendall(self, content)

    is_mutant = os.environ.get("MUTANT") == NO_LOCK
    with (
        mock.patch.object(PlainSocket, "sendall", sendall),
        mock.patch("orders.forwarding.sweep.sender_lock", _no_lock if is_mutant else sender_lock),
    ):
        submit_due()


@contextmanager
def _no_lock(*, attempt_id: int) -> Iterator[None]:
    yield


if __name__ == "__main__":
    main()
