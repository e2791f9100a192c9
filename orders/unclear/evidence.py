"""What staff are shown about an attempt that was perhaps placed."""

from dataclasses import dataclass
from datetime import datetime

from orders.models import Attempt, AttemptQuerySet, Evidence, Investigation


@dataclass(frozen=True, slots=True)
class Findings:
    """The evidence about one attempt, and how it was come by."""

    evidence: Evidence
    looks: int  # of the resolver
    read_at: datetime | None  # when our account was read for it


def with_findings(attempts: AttemptQuerySet) -> AttemptQuerySet:
    """The attempts with what `evidence_for` needs, in one query."""
    return attempts.select_related("investigation")


def evidence_for(attempt: Attempt) -> Findings:
    """What is known about the attempt by now."""
    investigation = Investigation.of(attempt)
    return Findings(
        evidence=attempt.evidence, looks=investigation.looks, read_at=investigation.read_at
    )
