"""Row locks as every app takes them: rows that refer to a locked one need not wait."""

from typing import Self, TypeVar

from django.db import models

Row = TypeVar("Row", bound=models.Model)


class LockingQuerySet(models.QuerySet[Row]):
    """A selection whose rows can be locked for the rest of the transaction.

    Only rows of the model itself are locked, not those that select_related joins, and with
    FOR NO KEY UPDATE: inserting a row that refers to a locked one does not wait.
    """

    def locked(self) -> Self:
        """Wait for each row's lock; what is read afterwards is what stands now."""
        return self.select_for_update(of=("self",), no_key=True)

    def free(self) -> Self:
        """Lock the rows that nobody else has locked, and leave out the others."""
        return self.select_for_update(of=("self",), no_key=True, skip_locked=True)
