"""The demo's users, their balances, and the customer's API key."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Final
from uuid import uuid4

from accounts.api_keys import issue_key
from accounts.create_user import create_user
from accounts.models import Role, User
from billing import ledger
from panel.demo.providers import folder

PASSWORD: Final = "demo-password"  # noqa: S105  # the demo listens only on this machine
CUSTOMER, STAFF, ADMIN = "customer@example.com", "staff@example.com", "admin@example.com"
OTHERS: Final = ("ada@example.com", "ben@example.com")
EVERYBODY: Final = (CUSTOMER, STAFF, ADMIN, *OTHERS)


def key_file(data_dir: Path) -> Path:
    """The file with the customer's API key. Written last, it marks the demo as filled."""
    return folder(data_dir) / "api-key"


@dataclass(frozen=True, slots=True)
class People:
    """All users of the demo."""

    customer: User
    others: tuple[User, ...]
    staff: User
    admin: User


def hand_out_key(*, people: People, data_dir: Path, now: datetime) -> None:
    """Issue the customer's API key and write it to `key_file(data_dir)`."""
    draft = key_file(data_dir).with_suffix(".new")
    draft.touch(mode=0o600)
    draft.write_text(issue_key(user=people.customer, name="default", now=now))
    draft.rename(key_file(data_dir))


def enrol_people(*, now: datetime) -> People:
    """Create all users, with balances."""
    people = People(
        customer=create_user(email=CUSTOMER, password=PASSWORD, role=Role.CUSTOMER),
        # without passwords: nobody logs in as them
        others=tuple(User.objects.create_user(email) for email in OTHERS),
        staff=create_user(email=STAFF, password=PASSWORD, role=Role.STAFF),
        admin=create_user(email=ADMIN, password=PASSWORD, role=Role.ADMIN),
    )
    for payment, (user, amount) in enumerate(_top_ups(people), start=1):
        ledger.top_up(
            customer=user,
            amount=Decimal(amount),
            gateway=ledger.BY_HAND,
            payment_id=f"demo-{payment}",
            now=now,
            actor=people.admin,
            reason="Bank transfer",
        )
    ledger.correct(
        customer=people.customer,
        amount=Decimal("2.50"),
        correction_id=uuid4(),
        actor=people.admin,
        reason="Goodwill for last week's slow delivery",
        now=now,
    )
    return people


def _top_ups(people: People) -> list[tuple[User, str]]:
    ada, ben = people.others
    return [
        (people.customer, "250.00"),
        (people.customer, "100.00"),
        (ada, "120.00"),
        (ben, "80.00"),
        (people.staff, "50.00"),
        (people.admin, "50.00"),
    ]
