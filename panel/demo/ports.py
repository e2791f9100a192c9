"""Ports of the demo's providers, the same at each start if they are free."""

import json
import socket
from collections.abc import Collection
from pathlib import Path
from random import SystemRandom
from typing import Final

HOST: Final = "127.0.0.1"
# below 32768, where Linux starts to assign ports by itself
RANGE: Final = range(20_000, 32_000)


def choose_ports(kept: Path, *, count: int) -> list[int]:
    """`count` free ports, the last ones if possible; the file `kept` stores them."""
    last = json.loads(kept.read_text()) if kept.exists() else []
    ports: list[int] = []
    for number in [*last, *[0] * count][:count]:
        ports.append(number if number and is_free(number) else free_port(beside=[*last, *ports]))
    draft = kept.with_suffix(".new")
    draft.write_text(json.dumps(ports))
    draft.rename(kept)
    return ports


def free_port(*, beside: Collection[int] = ()) -> int:
    """A free port that is not in `beside`."""
    numbers = SystemRandom().sample(RANGE, k=len(RANGE))
    return next(number for number in numbers if number not in beside and is_free(number))


def is_free(number: int) -> bool:
    """Whether nothing listens on this port."""
    try:
        socket.create_server((HOST, number)).close()
    except OSError:
        return False
    return True
