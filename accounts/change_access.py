"""Deciding what another user may do."""

import logging

from django.db import transaction

from accounts.models import Role, User

log = logging.getLogger(__name__)


class NotAllowed(Exception):
    """The actor may not make this change; nothing was changed. The message says why."""


@transaction.atomic
def change_access(*, user: User, role: Role, is_active: bool, actor: User) -> None:
    """Set the user's role and whether the user may log in; whoever is shut out is logged out at
    once.

    Raises NotAllowed for one's own account, and for an actor who is no admin any more: two admins
    who demote each other at the same moment leave one, so that somebody always holds the keys.
    """
    if user.pk == actor.pk:
        raise NotAllowed(
            "You cannot change your own role or close your own account: ask another admin."
        )
    locked = {
        row.pk: row
        for row in User.objects.locked().filter(pk__in=[user.pk, actor.pk]).order_by("pk")
    }
    if not locked[actor.pk].is_admin:
        raise NotAllowed("You are no admin any more.")
    target = locked[user.pk]
    target.role, target.is_active = role, is_active
    target.save(update_fields=["role", "is_active"])
    log.info("User %s: role %s, active %s, set by user %s", target.pk, role, is_active, actor.pk)
