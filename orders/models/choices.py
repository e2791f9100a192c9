"""The states and kinds of orders, events and reviews."""

from typing import Final

from django.db import models


class Status(models.TextChoices):
    """Where an order stands; customers read `Order.customer_status`."""

    WAITING = "waiting", "Waiting"  # paid, not sent yet
    SUBMITTING = "submitting", "Submitting"  # one worker has claimed it
    UNCLEAR = "unclear", "Unclear"  # perhaps placed: never resent or refunded on a guess
    HELD = "held", "Held"  # for a reason of ours: waits for staff or for funds at the provider
    RUNNING = "running", "Running"
    COMPLETED = "completed", "Completed"
    PARTIAL = "partial", "Partial"
    CANCELED = "canceled", "Canceled"


OPEN = [Status.WAITING, Status.SUBMITTING, Status.UNCLEAR, Status.HELD, Status.RUNNING]
ENDED = [Status.COMPLETED, Status.PARTIAL, Status.CANCELED]


class HoldReason(models.TextChoices):
    """Why an order is held."""

    PROVIDER_FUNDS = "provider_funds", "Our balance at the provider is empty"
    PROVIDER_KEY = "provider_key", "The provider rejects our key"
    NEW_MESSAGE = "new_message", "The provider's answer is new to us"
    LOSS = "loss", "The cost rose above the charge"
    STAFF = "staff", "Held by staff"


class Meaning(models.TextChoices):
    """What a provider's rejection message means, as staff have decided."""

    CUSTOMER = "customer", "Customer's mistake: refund"
    FUNDS = "funds", "Our balance there: hold"
    KEY = "key", "Our key or account there: hold"
    LATER = "later", "Try again later"
    AMBIGUOUS = "ambiguous", "May have been placed: unclear"


class EventKind(models.TextChoices):
    """What an entry of an order's timeline says."""

    PLACED = "placed", "Placed"
    SUBMITTED = "submitted", "Sent to the provider"
    ACCEPTED = "accepted", "Accepted"
    REFUSED = "refused", "Rejected"
    POSTPONED = "postponed", "Not sent"
    UNCLEAR = "unclear", "Unclear"
    HELD = "held", "Held"
    RELEASED = "released", "Released"
    STATUS = "status", "Status"
    REFUNDED = "refunded", "Refunded"
    POST = "post", "Post charged"  # of a subscription
    ENDED = "ended", "Ended"
    REVIEW = "doubt", "Needs review"
    REFILL = "refill", "Refill"
    CANCEL = "cancel", "Cancel"
    DECISION = "decision", "Staff decision"
    VERDICT = "verdict", "Resolved"  # an unclear order, automatically, by evidence


class ReviewKind(models.TextChoices):
    """What a machine must not decide."""

    NO_REMAINS = "no_remains", "Partial without usable remains"
    UNKNOWN_STATUS = "unknown_status", "Unknown status word"
    UNKNOWN_ORDER = "unknown_order", "The provider does not know the order"
    CONTRADICTION = "contradiction", "A report contradicts the end"
    MASS_CANCEL = "mass_cancel", "Too many refunds at once"
    PER_ORDER_PARTIAL = "per_order_partial", "Partial on a service sold per order"
    DUPLICATE_ID = "duplicate_id", "The provider gave an id that is already ours"
    UNCOUNTED_POSTS = "uncounted_posts", "The charge is not a whole number of posts"
    UNPAID_POSTS = "unpaid_posts", "The balance does not cover the delivered posts"
    KEPT_CHARGE = "kept_charge", "Remains and charge contradict each other"
    LOSS = "loss", "The provider charged more than expected"
    REFILL_SILENT = "refill_silent", "The provider does not say how a refill ended"


class RequestState(models.TextChoices):
    """Where a refill or a cancellation stands."""

    REQUESTED = "requested", "Requested"  # waits for staff
    APPROVED = "approved", "Approved"  # to be sent
    SENDING = "sending", "Sending"  # a worker holds it
    UNCLEAR = "unclear", "Unclear"  # perhaps received: never resent by a machine
    RUNNING = "running", "In progress"  # the provider took it
    COMPLETED = "completed", "Completed"
    REJECTED = "rejected", "Rejected"  # by staff or by the provider


OPEN_REQUEST: Final = ["requested", "approved", "sending", "unclear", "running"]
