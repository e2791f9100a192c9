"""Row locks as every app takes them, and the QuerySet that offers them."""

from typing import Self, TypeVar

from django.db import models

Row = TypeVar("Row", bound=models.Model)


class LockingQuerySet(models.QuerySet[Row]):
    """A selection whose rows can be locked for the rest of the transaction.

    Of the rows that select_related joins, only those named in `joined` are locked, too. Always FOR
    NO KEY UPDATE: inserting a row that refers to a locked one does not wait.
    """

    def locked(self, *joined: str) -> Self:
        """Wait for each row's lock; what is read afterwards is what stands now."""
        return self.select_for_update(of=("self", *joined), no_key=True)

    def free(self, *joined: str) -> Self:
        """Lock the rows that nobody else has locked, and leave out the others."""
        return self.select_for_update(of=("self", *joined), no_key=True, skip_locked=True)
