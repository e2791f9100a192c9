"""Which requests go wrong, and how: the switchboard of the faults."""

from dataclasses import asdict, dataclass, field
from random import Random
from typing import Any

from tests.double.answers import ACTIONS

WRITING = ("add", "refill", "cancel")
SHAPES = (
    "hang",  # says nothing until the client gives up (or `seconds`)
    "reset",  # RST
    "close",  # FIN without a byte
    "empty",  # 200 with an empty body
    "http500",  # 5xx and 403 with a page of HTML
    "http502",
    "http503",
    "http403",
    "http429",  # with Retry-After: `seconds`
    "html200",  # a maintenance page with status 200
    "redirect",  # 302 to the same address
    "truncated",  # JSON cut short in a response that is whole
    "cut_off",  # a response cut short: more was promised
    "slow_drip",  # the body byte by byte, `seconds` apart
    "slow_head",  # the whole response so
    "huge_body",  # 40 MB
    "wrong_type",  # JSON, but not an answer
    "no_order_id",  # {"status":"success"}
    "internal_error",  # {"error":"Internal error"}: a text that settles nothing
    "duplicate_id",  # an order id that was given before
)
DEFINITE = {
    "refuse": "Quantity less than minimal",
    "no_funds": "Not enough funds on balance",
    "bad_key": "Invalid API key",
}
LIES = (
    "missing_ids",
    "foreign_ids",
    "unknown_word",
    "backwards",
    "remains_unknown",
    "remains_negative",
    "remains_too_large",
    "remains_null",
    "remains_empty",
    "remains_missing",
    "charge_null",
    "charge_missing",
    "start_count_null",
    "all_canceled",
    # "Incorrect order ID" for orders younger than `seconds` of the provider's clock
    "incorrect_young",
    "forgotten",  # "Incorrect order ID" for all
)
DELAYED = "delayed"  # answers `seconds` late what was true when it was asked
HELD = "held"  # so, but not before the faults are cleared
# places `seconds` after it was asked, whether or not the client still waits
LATE_COMMIT = "late_commit"
SECONDS = {
    "hang": 3600.0,
    "http429": 2.0,
    "slow_drip": 1.0,
    "slow_head": 1.0,
    "incorrect_young": 300.0,
    DELAYED: 2.0,
    LATE_COMMIT: 5.0,
}


@dataclass(slots=True)
class Fault:
    """One thing that goes wrong. `commit_…` does what was asked first, `nocommit_…` does not."""

    action: str  # or * for all
    mode: str
    times: int | None = None  # how often it strikes; None: until cleared
    probability: float = 1.0
    seconds: float | None = None
    text: str = ""  # the body, or the error's text, instead of the usual one
    # strikes only requests whose fields contain these texts
    where: dict[str, str] = field(default_factory=dict)
    # status: the ids that are lied about; none named: all
    ids: list[str] = field(default_factory=list)
    struck: int = 0

    def __post_init__(self) -> None:
        self.ids = [str(number) for number in self.ids]
        self.where = {name: str(text) for name, text in self.where.items()}
        if self.action not in (*ACTIONS, "*"):
            raise ValueError(f"no such action: {self.action}")
        if not self._is_known():
            raise ValueError(f"no such fault of {self.action}: {self.mode}")
        if not 0 <= self.probability <= 1:
            raise ValueError("probability is 0…1")

    @property
    def does_commit(self) -> bool:
        return not self.mode.startswith("nocommit_")

    @property
    def shape(self) -> str:
        return (
            self.mode.removeprefix("no").removeprefix("commit_")
            if "commit_" in self.mode
            else self.mode
        )

    @property
    def wait(self) -> float:
        return SECONDS.get(self.shape, 0.0) if self.seconds is None else self.seconds

    def fits(self, action: str, fields: dict[str, str]) -> bool:
        """Say whether a request is one it may strike."""
        is_due = self.times is None or self.struck < self.times
        is_meant = self.action in (action, "*") and all(
            text in fields.get(key, "") for key, text in self.where.items()
        )
        return is_due and is_meant

    def _is_known(self) -> bool:
        if self.mode in DEFINITE or self.mode in (DELAYED, HELD):
            return True
        if self.mode in LIES:
            return self.action == "status"
        if self.mode == LATE_COMMIT:
            return self.action in WRITING
        prefix, _, shape = self.mode.partition("_")
        if prefix in ("commit", "nocommit"):
            return shape in SHAPES
        # of a writing action it must be said whether it commits
        return self.mode in SHAPES and self.action not in WRITING and self.action != "*"


class Faults:
    """All faults switched on, in order; the first that strikes a request is the one."""

    def __init__(self, *, luck: Random) -> None:
        self._luck = luck
        self._faults: list[Fault] = []

    def add(self, wanted: dict[str, Any]) -> Fault:
        """Switch one on; raises ValueError or TypeError for a fault that does not exist."""
        fault = Fault(**wanted)
        self.put(fault)
        return fault

    def put(self, fault: Fault) -> None:
        """Switch on one that exists."""
        self._faults.append(fault)

    def clear(self) -> None:
        """Switch all off."""
        self._faults.clear()

    def strike(self, action: str, fields: dict[str, str]) -> Fault | None:
        """Choose what goes wrong with this request, if anything, and count it."""
        for fault in self._faults:
            if fault.fits(action, fields) and self._luck.random() < fault.probability:
                fault.struck += 1
                return fault
        return None

    def is_on(self, fault: Fault) -> bool:
        """Say whether a fault has not been cleared."""
        return any(each is fault for each in self._faults)

    def listed(self) -> list[Fault]:
        """List them in order."""
        return list(self._faults)

    def rows(self) -> list[dict[str, Any]]:
        """List them with how often each struck."""
        return [asdict(fault) for fault in self._faults]
