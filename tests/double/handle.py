"""The tests' hand on the provider: start it as its own process, steer it, read the truth."""

import queue
import subprocess
import sys
import threading
from collections.abc import Iterable, Mapping
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import requests

from tests.double.truth import Journal, Placed, journal_from, placed_from

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 120  # a loaded machine; it usually takes a quarter of a second
STEADY = {"speed": 0, "partial": 0, "canceled": 0, "jitter": 0, "key": "key-at-the-provider"}


class ControlError(Exception):
    """The provider did not understand what a test asked of it; the text says why."""


class ProviderDouble:
    """A provider running as its own process until `stop()`, or until this process ends in whatever
    way.

    Takes the options of the command line (options.py) as keywords. Here the clock stands still
    until `advance()` and nothing is left to chance unless asked for: orders end Completed, links
    steer (`#fate=partial:40`). What the process says goes to `stderr`, else to ours.
    """

    def __init__(self, *, stderr: IO[str] | None = None, **options: object) -> None:
        chosen = {**STEADY, **options}
        self.key = str(chosen["key"])
        arguments = [f"--{name.replace('_', '-')}={value}" for name, value in chosen.items()]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.double", "--until-eof", *arguments],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
        )
        self._session = requests.Session()
        self._session.trust_env = False
        try:
            addresses = self._addresses()
        except BaseException:
            self.stop()
            raise
        self._control = addresses["control"]
        self.url = addresses["ready"]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        return self._process.pid

    def stop(self) -> None:
        """End the process; may be called again."""
        self._session.close()
        if self._process.stdin:
            self._process.stdin.close()
        self._process.terminate()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout:
            self._process.stdout.close()

    # time

    def advance(self, seconds: float) -> None:
        """Move the provider's clock on; 3600 ends every order that is neither slow nor a
        drip-feed.
        """
        self.control("POST", "advance", seconds=seconds)

    def set_speed(self, speed: float) -> None:
        """Let the clock run at this speed; 0 freezes it."""
        self.control("POST", "clock", speed=speed)

    # truth

    def placed(self, *, account: str | None = "ours") -> tuple[Placed, ...]:
        """Everything really placed by an account (None: by all), oldest first, as it stands now."""
        rows = self.control("GET", "orders")
        return tuple(
            placed_from(row) for row in rows if account is None or row["account"] == account
        )

    def order(self, number: int | str) -> Placed:
        """One order as it stands now."""
        return placed_from(self.control("GET", f"orders/{number}"))

    def journal(self, *, since: int = 0) -> Journal:
        """Everything that was asked (after the request of that number) and that happened."""
        return journal_from(self.control("GET", "journal", since=since))

    def balance(self, account: str = "ours") -> Decimal:
        """The exact money of an account."""
        return Decimal(self.control("GET", "balance")[account])

    def services(self) -> list[dict[str, Any]]:
        """The catalog, with min and max as numbers."""
        return list(self.control("GET", "services"))

    def service_of(self, type_name: str = "Default", **wanted: object) -> dict[str, Any]:
        """The first service of a type whose fields are as wanted (`refill=True`); raises
        LookupError.
        """
        for row in self.services():
            if row["type"] == type_name and all(
                row[name] == value for name, value in wanted.items()
            ):
                return row
        raise LookupError(f"no {type_name} service with {wanted}")

    # steering

    def set_order(self, number: int | str, **state: object) -> Placed:
        """Force status, remains, charge, start_count; `shown={…}` lays anything over the
        reply; `release=True`.
        """
        return placed_from(self.control("POST", f"orders/{number}", **state))

    def serve_posts(self, number: int | str, *, count: int = 1) -> Placed:
        """Let so many new posts of a subscription appear at once, and be served and billed."""
        return placed_from(self.control("POST", f"posts/{number}", count=count))

    def set_refill(self, number: int | str, status: str) -> None:
        """Force a refill's status."""
        self.control("POST", f"refills/{number}", status=status)

    def set_services(self, rows: Iterable[Mapping[str, object]]) -> None:
        """Sell exactly these (`service` is the id; what is not named gets a usual value)."""
        self.control("POST", "services", replace=[dict(row) for row in rows])

    def patch_service(self, number: int, **changes: object) -> None:
        """Change fields of one service, or add it."""
        self.control("POST", "services", put=[{"service": number, **changes}])

    def remove_services(self, *numbers: int) -> None:
        """Take services off sale."""
        self.control("POST", "services", remove=list(numbers))

    def set_balance(self, amount: object, account: str = "ours") -> None:
        """Set an account's money there."""
        self.control("POST", "balance", amount=str(amount), account=account)

    def settings(self, **changes: object) -> dict[str, Any]:
        """Change how it behaves (see options.Settings); answers all settings."""
        return dict(self.control("POST", "settings", **changes))

    def fault(self, action: str, mode: str, **details: object) -> None:
        """Make requests go wrong (faults.py lists the modes).

        `times` (until cleared), `probability` (1), `seconds`, `text`, `where={"link": "part"}`,
        `ids=["1"]`.
        """
        self.control("POST", "faults", action=action, mode=mode, **details)

    def faults(self) -> list[dict[str, Any]]:
        """The faults that are on, with how often each `struck`."""
        return list(self.control("GET", "faults"))

    def clear_faults(self) -> None:
        """Let everything go right again; requests that are held are answered, those that
        hang go on hanging.
        """
        self.control("DELETE", "faults")

    def dialect(self, **parts: object) -> None:
        """Speak differently (dialects.py lists the parts); what is not named stays as it is."""
        self.control("POST", "dialect", **parts)

    def foreign_order(
        self, *, count: int = 1, account: str = "other", quantity: int = 0
    ) -> tuple[Placed, ...]:
        """Let somebody else order: on an account of their own ("other"), or on our key ("ours")."""
        rows = self.control(
            "POST", "foreign_order", count=count, account=account, quantity=quantity
        )
        return tuple(placed_from(row) for row in rows)

    def refuse_connections(self, seconds: float = 3600) -> None:
        """Close the port: connecting is refused for so many real seconds, or until
        `accept_connections()`.
        """
        self.control("POST", "refuse", seconds=seconds)

    def accept_connections(self) -> None:
        """Open the port again."""
        self.control("POST", "accept")

    def reset(self) -> None:
        """Begin anew as after the start: no orders, no faults, full balance, the same
        catalog and address.
        """
        self.control("POST", "reset")

    def control(self, method: str, name: str, **wanted: object) -> Any:
        """Send one control request; raises ControlError with the provider's words."""
        reply = self._session.request(method, f"{self._control}/{name}", json=wanted, timeout=30)
        answer = reply.json()
        if reply.status_code != requests.codes.ok:
            raise ControlError(answer["error"])
        return answer

    def _addresses(self) -> dict[str, str]:
        """Wait for the two lines that the process prints; raises RuntimeError when it ends
        or takes too long.
        """
        stdout = self._process.stdout
        assert stdout is not None
        found: queue.Queue[str] = queue.Queue()
        threading.Thread(target=_pass_on, args=(stdout, found), daemon=True).start()
        try:
            printed = [found.get(timeout=START_SECONDS).split() for _ in range(2)]
        except queue.Empty:
            raise RuntimeError(
                f"the provider double was not ready within {START_SECONDS} s"
            ) from None
        if any(len(words) != 2 for words in printed):
            raise RuntimeError("the provider double ended before it was ready; see its words above")
        return {words[0]: words[1] for words in printed}


def _pass_on(stdout: IO[str], found: "queue.Queue[str]") -> None:
    for _ in range(2):
        found.put(stdout.readline())
