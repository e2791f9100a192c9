"""What is known of an unclear order, kept with its attempt for staff to read; decides nothing."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import msgspec
from django.db import models
from django.db.models.expressions import Combinable
from django.db.models.fields.json import KeyTransform


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition that "not placed" needs."""

    name: str
    is_met: bool
    words: str
    advice: str = ""  # the next step where it is not met


@dataclass(frozen=True, slots=True)
class Ends:
    """The ids between which a lost order must lie; None: not known yet."""

    lower: int | None = None
    upper: int | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """An order on our account that is none of ours as far as we know."""

    id: int
    word: str  # its status as sent
    charge: Decimal | None = None  # provider's currency; None: not told
    remains: int | None = None
    fits: tuple[int, ...] = ()  # the attempts that it may be


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the account balance, provider's currency."""

    label: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that staff read about one attempt."""

    conditions: tuple[Condition, ...] = ()
    next_step: str = ""
    id_range: Ends = Ends()
    orphans: tuple[Found, ...] = ()
    money: tuple[Line, ...] = ()
    reason: str = ""  # of staff's decision
    status: dict[str, Any] = field(default_factory=dict)  # of the order that staff attached

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> "Evidence":
        """As it was kept, by earlier versions under "bracket"; what else they kept is left out."""
        return msgspec.convert({"id_range": kept.get("bracket", {})} | kept, cls)

    def to_json(self) -> dict[str, Any]:
        """As it is kept: only what is known."""
        kept: dict[str, Any] = msgspec.to_builtins(self)
        if self.id_range == Ends():
            del kept["id_range"]
        return {name: value for name, value in kept.items() if value}

    @property
    def met(self) -> int:
        """How many of the conditions are met."""
        return sum(each.is_met for each in self.conditions)

    @property
    def unmet(self) -> list[Condition]:
        """The conditions that are not met, in their order."""
        return [each for each in self.conditions if not each.is_met]


if TYPE_CHECKING:
    JsonOfEvidence = models.JSONField[Evidence | Combinable, Evidence]
else:
    JsonOfEvidence = models.JSONField


class EvidenceField(JsonOfEvidence):
    """Evidence, kept as JSON."""

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        kept = super().from_db_value(value, expression, connection)
        return kept if isinstance(expression, KeyTransform) else self.to_python(kept)

    def to_python(self, value: Any) -> Any:
        return Evidence.from_json(value) if isinstance(value, dict) else value

    def get_prep_value(self, value: Any) -> Any:
        return value.to_json() if isinstance(value, Evidence) else value

    def value_to_string(self, obj: models.Model) -> Any:
        return self.get_prep_value(self.value_from_object(obj))

    def deconstruct(self) -> Any:
        name, _, args, options = super().deconstruct()
        return name, "django.db.models.JSONField", args, options | {"default": dict}
