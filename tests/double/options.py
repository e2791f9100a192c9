"""What the provider is started with, and what may be changed while it runs."""

import argparse
from dataclasses import dataclass, field, fields
from decimal import Decimal
from typing import Self


@dataclass(frozen=True, slots=True)
class Options:
    """Fixed for the life of the process; a reset returns to these."""

    host: str = "127.0.0.1"
    port: int = 0
    control_port: int = 0
    key: str = "demo-provider-key"
    other_key: str = "another-customers-key"
    services: int = 60
    seed: int = 1
    speed: float = 1.0
    journal: str = ""
    currency: str = "USD"
    balance: Decimal = Decimal(10000)
    first_id: int = 23501
    partial: float = 0.06
    canceled: float = 0.04
    jitter: float = 0.5
    until_eof: bool = field(default=False, metadata={"help": "stop when standard input ends (the parent is gone)"})

    @classmethod
    def from_command_line(cls, arguments: list[str] | None = None) -> Self:
        """Read `--first-id 5` and the like; exits with a message when an argument is wrong."""
        parser = argparse.ArgumentParser(prog="python -m tests.double", description=__doc__)
        for option in fields(cls):
            flag = "--" + option.name.replace("_", "-")
            if isinstance(option.default, bool):
                parser.add_argument(flag, action="store_true", help=option.metadata.get("help"))
            else:
                parser.add_argument(flag, type=type(option.default), default=option.default, metavar="…")
        return cls(**vars(parser.parse_args(arguments)))


@dataclass(slots=True)
class Settings:
    """How the provider behaves; all durations in provider seconds, all shares 0…1."""

    partial_share: float = 0.0  # of the orders that no one steers
    canceled_share: float = 0.0
    gap_share: float = 0.0  # after so many of our orders, somebody else's take the next ids
    is_idempotent: bool = False  # honours Idempotency-Key
    is_one_order_a_link: bool = False  # refuses a second running order for a link
    pending: float = 15.0
    processing: float = 10.0
    delivering: float = 90.0
    cancel_delay: float = 20.0
    refill_delay: float = 20.0  # before a refill starts
    refilling: float = 60.0
    jitter: float = 0.0  # an order takes 1 ± jitter of the durations above
