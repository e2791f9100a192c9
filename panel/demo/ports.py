"""Ports for the demo's providers: chosen before they start, and the same at the next start where
that can be.
"""

import json
import socket
from collections.abc import Collection
from pathlib import Path
from random import SystemRandom
from typing import Final

HOST: Final = "127.0.0.1"
# Linux hands out 32768 and above to whoever asks for any port, so that nobody is given one of these
# meanwhile
RANGE: Final = range(20_000, 32_000)


def choose_ports(kept: Path, *, count: int) -> list[int]:
    """`count` ports that are free now, those of the last time where they are; `kept` is the
    file that tells them.
    """
    last = json.loads(kept.read_text()) if kept.exists() else []
    ports: list[int] = []
    for number in [*last, *[0] * count][:count]:
        ports.append(number if number and is_free(number) else free_port(beside=[*last, *ports]))
    draft = kept.with_suffix(".new")
    draft.write_text(json.dumps(ports))
    draft.rename(kept)
    return ports


def free_port(*, beside: Collection[int] = ()) -> int:
    """A port that is free now, and not meant for something else."""
    numbers = SystemRandom().sample(RANGE, k=len(RANGE))
    return next(number for number in numbers if number not in beside and is_free(number))


def is_free(number: int) -> bool:
    """Whether nobody listens at this port."""
    try:
        socket.create_server((HOST, number)).close()
    except OSError:
        return False
    return True
