"""Change another user's role and access."""

import logging

from django.db import transaction

from accounts.models import Role, User

log = logging.getLogger(__name__)


class NotAllowed(Exception):
    """The actor may not make this change; nothing changed. The message says why."""


@transaction.atomic
def change_access(*, user: User, role: Role, is_active: bool, actor: User) -> None:
    """Set role and access; a user without access is logged out at once.

    Raises NotAllowed for the actor's own account, and for an actor who is no longer an admin: of
    two admins who demote each other at once, one remains.
    """
    if user.pk == actor.pk:
        raise NotAllowed(
            "You cannot change your own role or close your own account. Ask another admin."
        )
    locked = {
        row.pk: row
        for row in User.objects.locked().filter(pk__in=[user.pk, actor.pk]).order_by("pk")
    }
    if not locked[actor.pk].is_admin:
        raise NotAllowed("You are no longer an admin.")
    target = locked[user.pk]
    target.role, target.is_active = role, is_active
    target.save(update_fields=["role", "is_active"])
    log.info("User %s: role %s, active %s, set by user %s", target.pk, role, is_active, actor.pk)
