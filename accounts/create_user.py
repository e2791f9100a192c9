"""Create an account for someone else: the user and the verified address that allauth needs."""

from allauth.account.models import EmailAddress
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction

from accounts.models import Role, User
from lib.email_addresses import normal_email


class BadValue(Exception):
    """A field's value is not valid; nothing was created."""

    def __init__(self, *, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field
        self.message = message


def create_user(*, email: str, password: str, role: Role) -> User:
    """A user who can log in at once. Raises BadValue."""
    email = normal_email(email)
    _check_email(email)
    _check_password(password, email=email)
    try:
        with transaction.atomic():
            user = User.objects.create_user(email=email, password=password, role=role)
            EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
    except IntegrityError:  # somebody signed up with it since the check
        raise _taken(email) from None
    return user


def _check_email(email: str) -> None:
    try:
        validate_email(email)
    except ValidationError:
        raise BadValue(field="email", message=f"{email!r} is not an e-mail address") from None
    if len(email) > 254:
        raise BadValue(field="email", message="at most 254 characters")
    if (
        User.objects.filter(email=email).exists()
        or EmailAddress.objects.filter(email=email).exists()
    ):
        raise _taken(email)


def _check_password(password: str, *, email: str) -> None:
    try:
        validate_password(password, user=User(email=email))
    except ValidationError as error:
        raise BadValue(field="password", message=" ".join(error.messages)) from None


def _taken(email: str) -> BadValue:
    return BadValue(field="email", message=f"a user with the address {email} already exists")
