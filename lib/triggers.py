"""Triggers as named SQL: the migration that creates one and the model that lists it cite it here.

To change a trigger, copy its old text into the migration that created it, change it in the app's
`triggers.py`, and add a migration that replaces it. A test compares the database with the models.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Function:
    """A function of the database; `uses` are those that must exist before it."""

    signature: str  # as DROP FUNCTION takes it
    create: str
    uses: tuple["Function", ...] = ()

    @property
    def drop(self) -> str:
        """The statement that removes it."""
        return f"DROP FUNCTION {self.signature}"


@dataclass(frozen=True, slots=True)
class Trigger:
    """A trigger of one table, and the function that it runs."""

    name: str
    table: str
    function: Function
    create: str

    @property
    def drop(self) -> str:
        """The statement that removes it."""
        return f"DROP TRIGGER {self.name} ON {self.table}"


def create_all(triggers: Sequence[Trigger]) -> tuple[str, ...]:
    """The statements that create these triggers, each function once and before its first use."""
    functions = _functions(triggers)
    return *(each.create for each in functions), *(each.create for each in triggers)


def drop_all(triggers: Sequence[Trigger]) -> tuple[str, ...]:
    """The statements that undo `create_all`."""
    functions = _functions(triggers)
    return *(each.drop for each in triggers), *(each.drop for each in reversed(functions))


def _functions(triggers: Sequence[Trigger]) -> list[Function]:
    functions = [
        function for trigger in triggers for function in (*trigger.function.uses, trigger.function)
    ]
    return list(dict.fromkeys(functions))
