"""Steering a provider double: what becomes of its orders, and what goes wrong there."""

import time
from typing import Any

import requests

PATIENCE = 20.0  # seconds for a provider to answer first
TIMEOUT = 10.0  # seconds for one request
USUAL = {  # seconds of a life that is worth watching, and how much they vary
    "pending": 15.0,
    "processing": 10.0,
    "delivering": 90.0,
    "cancel_delay": 20.0,
    "refill_delay": 20.0,
    "refilling": 60.0,
    "jitter": 0.5,
}


class Steering:
    """The hand on one provider double.

    Raises requests.RequestException where it does not do as it is told.
    """

    def __init__(self, control_url: str) -> None:
        self._url = control_url
        self._session = requests.Session()
        self._session.trust_env = False

    def wait(self) -> None:
        """Wait until the provider is up, 20 s at most."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                self.services()
            except requests.ConnectionError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)
            else:
                return

    def services(self) -> list[dict[str, Any]]:
        """Its catalog."""
        return list(self._do("GET", "services"))

    def set_service(self, number: str, **changes: object) -> None:
        """Change one row of its catalog."""
        self._do("POST", "services", put=[{"service": int(number), **changes}])

    def set_order(self, number: str | None, **state: object) -> None:
        """Bring an order into a state at once: status, remains, start_count."""
        self._do("POST", f"orders/{number}", **state)

    def set_refill(self, number: str, status: str) -> None:
        """Bring a refill into a state at once."""
        self._do("POST", f"refills/{number}", status=status)

    def speak(self, **dialect: object) -> None:
        """Let it phrase its answers as some panels do."""
        self._do("POST", "dialect", **dialect)

    def fault(self, action: str, mode: str, **details: object) -> None:
        """Let requests go wrong."""
        self._do("POST", "faults", action=action, mode=mode, **details)

    def clear_faults(self) -> None:
        """Let nothing go wrong any more."""
        self._do("DELETE", "faults")

    def pace(self, **settings: float) -> None:
        """Change how long things take there, in seconds; what is not named goes back to the usual."""
        self._do("POST", "settings", **{**USUAL, **settings})

    def advance(self, seconds: float) -> None:
        """Move its clock on."""
        self._do("POST", "advance", seconds=seconds)

    def refuse_connections(self, seconds: float) -> None:
        """Be gone for so many seconds."""
        self._do("POST", "refuse", seconds=seconds)

    def accept_connections(self) -> None:
        """Be back at once."""
        self._do("POST", "accept")

    def _do(self, method: str, name: str, **wanted: object) -> Any:
        reply = self._session.request(method, f"{self._url}/{name}", json=wanted, timeout=TIMEOUT)
        reply.raise_for_status()
        return reply.json()
