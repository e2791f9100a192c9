"""A client for a provider double's control API: order states, faults, speed."""

import time
from typing import Any

import requests

START_TIMEOUT = 20.0  # seconds for a provider to start
TIMEOUT = 10.0  # seconds for one request
USUAL = {  # seconds, slow enough to watch, and their variance
    "pending": 15.0,
    "processing": 10.0,
    "delivering": 90.0,
    "cancel_delay": 20.0,
    "refill_delay": 20.0,
    "refilling": 60.0,
    "jitter": 0.5,
}


class Steering:
    """Controls one provider double. Raises requests.RequestException if it fails."""

    def __init__(self, control_url: str) -> None:
        self._url = control_url
        self._session = requests.Session()
        self._session.trust_env = False

    def wait(self) -> None:
        """Wait until the provider is up, at most 20 s."""
        deadline = time.monotonic() + START_TIMEOUT
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
        """Set an order's status, remains or start_count."""
        self._do("POST", f"orders/{number}", **state)

    def set_refill(self, number: str, status: str) -> None:
        """Set a refill's status."""
        self._do("POST", f"refills/{number}", status=status)

    def speak(self, **dialect: object) -> None:
        """Set its dialect: the response formats of some real panel."""
        self._do("POST", "dialect", **dialect)

    def fault(self, action: str, mode: str, **details: object) -> None:
        """Make requests fail."""
        self._do("POST", "faults", action=action, mode=mode, **details)

    def clear_faults(self) -> None:
        """Stop all faults."""
        self._do("DELETE", "faults")

    def pace(self, **settings: float) -> None:
        """Set how long things take, in seconds; the others are reset to USUAL."""
        self._do("POST", "settings", **{**USUAL, **settings})

    def advance(self, seconds: float) -> None:
        """Advance its clock."""
        self._do("POST", "advance", seconds=seconds)

    def refuse_connections(self, seconds: float) -> None:
        """Reject connections for so many seconds."""
        self._do("POST", "refuse", seconds=seconds)

    def accept_connections(self) -> None:
        """Accept connections again."""
        self._do("POST", "accept")

    def _do(self, method: str, name: str, **wanted: object) -> Any:
        reply = self._session.request(method, f"{self._url}/{name}", json=wanted, timeout=TIMEOUT)
        reply.raise_for_status()
        return reply.json()
