"""What refills and cancellations share: their fields and transitions."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, ClassVar, Final, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.expressions import Combinable

from catalog.models import AftercareMode, Provider, Service
from catalog.upstream import BatchOutcome, Client
from orders.models.aftercare_queries import AftercareQuerySet
from orders.models.choices import OPEN_REQUEST, EventKind, RequestState
from orders.models.limits import REASON_LENGTH
from orders.models.orders import Order

if TYPE_CHECKING:
    from accounts.models import User

BACK_OFF: Final = timedelta(minutes=1)  # before one that was not sent is tried again


class AftercareRequest(models.Model):
    """What refills and cancellations share.

    Transitions save and tell the timeline; the caller holds a lock, as orders/aftercare says.
    """

    NOUN: ClassVar[str]
    EVENT_KIND: ClassVar[EventKind]
    SENDABLE: ClassVar[Q]  # which of them can be sent, by their order
    # answers in a row that say nothing, before staff look: more where asking twice does no harm
    MAX_LOST_ANSWERS: ClassVar[int]
    # whether the provider names what it took, so that it is followed by that id
    HAS_UPSTREAM_ID: ClassVar[bool]

    order: "models.ForeignKey[Order | Combinable, Order]"
    order_id: int
    provider: "models.ForeignKey[Provider | Combinable, Provider]"
    state = models.CharField(
        max_length=10, choices=RequestState.choices, default=RequestState.REQUESTED
    )
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    requested_at = models.DateTimeField()
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    # why it was rejected, by staff or the provider
    reason = models.CharField(max_length=REASON_LENGTH, blank=True)
    owner = models.UUIDField(null=True, blank=True)  # of the worker that sends it
    lease_until = models.DateTimeField(null=True, blank=True)
    # when an approved request is due (back-off)
    send_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)  # written down before the first byte
    # in a row: it was asked, and what came back says nothing
    lost_answers = models.PositiveIntegerField(default=0)
    ended_at = models.DateTimeField(null=True, blank=True)
    reply = models.TextField(blank=True)  # at most 2 KB, the key blanked out

    objects = AftercareQuerySet.as_manager()

    class Meta:
        abstract = True
        constraints = [
            models.UniqueConstraint(
                name="%(class)s_one_open", fields=["order"], condition=Q(state__in=OPEN_REQUEST)
            ),
        ]
        indexes = [
            models.Index(
                name="%(class)s_open",
                fields=["provider", "state"],
                condition=Q(state__in=OPEN_REQUEST),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.NOUN.lower()} {self.pk} of order {self.order_id}"

    @property
    def is_open(self) -> bool:
        """Whether it has not ended."""
        return self.state in OPEN_REQUEST

    @property
    def customer_note(self) -> str:
        """What its customer reads beside the state, while the provider leaves us in the dark."""
        if self.state == RequestState.UNCLEAR:
            return "We are checking this with the provider. You don't need to do anything."
        if self.state == RequestState.RUNNING and self.reason:
            return "The provider hasn't told us how this is going. We are looking into it."
        return self.reason if self.state == RequestState.REJECTED else ""

    @property
    def may_be_sent_again(self) -> bool:
        """Whether a machine may repeat it although it was perhaps taken."""
        return self.lost_answers < self.MAX_LOST_ANSWERS

    @classmethod
    def send(
        cls, client: Client, upstream_ids: Sequence[str], *, ambiguous_phrases: Sequence[str]
    ) -> BatchOutcome:
        """Ask the provider for it, for up to 100 orders in one call."""
        raise NotImplementedError

    @staticmethod
    def mode_of(service: Service) -> str:
        """Whether requests of its orders wait for staff, as AftercareMode."""
        raise NotImplementedError

    @classmethod
    def new(cls, order: Order, *, actor: "User", now: datetime) -> Self:
        """A request that is not saved: it waits for staff unless its service sends it by itself."""
        request = cls(
            order=order, provider_id=order.provider_id, requested_by=actor, requested_at=now
        )
        if cls.mode_of(order.service) == AftercareMode.AUTOMATIC:
            request.skip_approval(now=now)
        return request

    def skip_approval(self, *, now: datetime) -> None:
        """Let a new request be sent without staff; not saved."""
        self.state = RequestState.APPROVED
        self.decided_at = self.send_at = now

    def approve(self, *, actor: "User", now: datetime) -> None:
        """Staff let it go to the provider."""
        self.send_at = now
        self._decide(RequestState.APPROVED, "send_at", actor=actor, now=now)
        self._record("approved", now=now, actor=actor)

    def reject(self, *, actor: "User", reason: str, now: datetime) -> None:
        """Staff turn it down; the customer reads the reason."""
        self.reason, self.ended_at = reason[:REASON_LENGTH], now
        self._decide(RequestState.REJECTED, "reason", "ended_at", actor=actor, now=now)
        self._record(f"rejected: {reason}", now=now, actor=actor)

    def resend(self, *, actor: "User", reason: str, now: datetime) -> None:
        """Staff know that the provider did not take it: it is sent again."""
        self.send_at, self.sent_at, self.lost_answers = now, None, 0
        self._decide(
            RequestState.APPROVED, "send_at", "sent_at", "lost_answers", actor=actor, now=now
        )
        self._record(f"sent again: {reason}", now=now, actor=actor, is_internal=True)

    def confirm(self, *, actor: "User", reason: str, now: datetime, upstream_id: str = "") -> None:
        """Staff know that the provider took it, as its refill `upstream_id`."""
        self.lost_answers = 0
        fields = ["lost_answers", *self._follow(upstream_id, now=now)]
        self._decide(RequestState.RUNNING, *fields, actor=actor, now=now)
        taken = (
            f"matched to the provider's refill {upstream_id}"
            if upstream_id
            else "taken by the provider"
        )
        self._record(f"{taken}: {reason}", now=now, actor=actor, is_internal=True)

    def accept(self, *, now: datetime, upstream_id: str = "") -> None:
        """The provider took it."""
        self.lost_answers = 0
        self._answer(RequestState.RUNNING, *self._follow(upstream_id, now=now))
        self._record("accepted by the provider", now=now)

    def end_rejected(self, *, reason: str, problem: str, now: datetime) -> None:
        """The provider turned it down; customers read `reason`, staff the whole `problem`."""
        self.reason, self.ended_at = reason[:REASON_LENGTH], now
        self._answer(RequestState.REJECTED, "reason", "ended_at")
        self._record("rejected by the provider", now=now, problem=problem)

    def postpone(self, *, now: datetime) -> None:
        """It was not sent, or may be sent again: it is due after a while."""
        self.send_at, self.sent_at = now + BACK_OFF, None
        self._answer(RequestState.APPROVED, "send_at", "sent_at")

    def leave_unclear(self, *, problem: str, now: datetime) -> None:
        """The provider may have taken it: staff decide."""
        self.reason = f"Perhaps taken: {problem}"[:REASON_LENGTH]
        self._answer(RequestState.UNCLEAR, "reason")
        self._record("is being checked with the provider", now=now, problem=problem)

    def _follow(self, upstream_id: str, *, now: datetime) -> Sequence[str]:  # noqa: ARG002
        """Take note of the provider's id, where it has one; returns the fields to save."""
        return ()

    def _decide(self, state: RequestState, *fields: str, actor: "User", now: datetime) -> None:
        self.decided_by, self.decided_at = actor, now
        self._move(state, "decided_by", "decided_at", *fields)

    def _answer(self, state: RequestState, *fields: str) -> None:
        self._move(state, "reply", "lost_answers", *fields)

    def _move(self, state: RequestState, *fields: str) -> None:
        self.state = state
        self.save(update_fields=["state", *fields])

    def _record(
        self,
        text: str,
        *,
        now: datetime,
        actor: "User | None" = None,
        is_internal: bool = False,
        problem: str = "",
    ) -> None:
        detail = {} if actor else {"reply": self.reply}
        self.order.record(
            kind=self.EVENT_KIND,
            text=f"{self.NOUN} {text}",
            now=now,
            actor=actor,
            is_internal=is_internal,
            detail=detail | ({"problem": problem} if problem else {}),
        )
