"""Users with roles and groups, and their API keys."""

from typing import Any, ClassVar, Self

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone

from lib.email_addresses import normal_email
from lib.row_locks import LockingQuerySet


class Role(models.TextChoices):
    """Each role may do what those before it may."""

    CUSTOMER = "customer", "Customer"
    STAFF = "staff", "Staff"
    ADMIN = "admin", "Admin"


class CustomerGroup(models.Model):
    """Users with API limits other than the default."""

    name = models.CharField(max_length=60, unique=True)
    requests_per_minute = models.PositiveIntegerField()  # of each key
    orders_per_minute = models.PositiveIntegerField()  # of each user

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="customer_group_limits_positive",
                condition=models.Q(requests_per_minute__gte=1, orders_per_minute__gte=1),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class UserQuerySet(LockingQuerySet["User"]):
    """Selections of users."""


class UserManager(BaseUserManager["User"]):
    """Creates users; e-mail addresses are stored in one form."""

    def get_queryset(self) -> UserQuerySet:
        """All users."""
        return UserQuerySet(self.model, using=self._db)

    def locked(self) -> UserQuerySet:
        """All users, whose rows are locked as they are read."""
        return self.get_queryset().locked()

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """A saved user; one without a password cannot log in."""
        user = self.model(email=normal_email(email), **fields)
        user.set_password(password)
        user.save()
        return user

    def get_by_natural_key(self, username: str | None) -> "User":
        """Find by e-mail, however it is written."""
        return self.get(email=normal_email(username or ""))


class User(AbstractBaseUser):
    """A person: customer, staff or admin. Logs in by e-mail."""

    email = models.EmailField(unique=True)
    role = models.CharField(max_length=10, choices=Role.choices, default=Role.CUSTOMER)
    is_active = models.BooleanField(default=True)
    group = models.ForeignKey(
        CustomerGroup, on_delete=models.PROTECT, related_name="users", null=True, blank=True
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(role__in=Role.values), name="user_role_known"
            ),
            models.CheckConstraint(
                condition=models.Q(email=Lower("email")), name="user_email_lower_case"
            ),
        ]

    def __str__(self) -> str:
        return self.email

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save with the e-mail address in its one form."""
        self.email = normal_email(self.email)
        super().save(*args, **kwargs)

    @property
    def is_staff_member(self) -> bool:
        """Whether the staff pages are open to this user (staff and admins)."""
        return self.is_active and self.role in {Role.STAFF, Role.ADMIN}

    @property
    def is_admin(self) -> bool:
        """Whether the admin pages are open to this user."""
        return self.is_active and self.role == Role.ADMIN


class KeyScope(models.TextChoices):
    """What a key may do; ordering includes reading."""

    READ = "read", "Read"
    ORDER = "order", "Read and order"


class ApiKeyQuerySet(LockingQuerySet["ApiKey"]):
    """Selections of API keys."""

    def live(self) -> Self:
        """Keys that have not been revoked."""
        return self.filter(revoked_at=None)


class ApiKey(models.Model):
    """A key for the served API; only its prefix and a digest are stored."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="api_keys")
    name = models.CharField(max_length=60, default="default")
    prefix = models.CharField(max_length=8, unique=True)
    digest = models.CharField(max_length=64)  # hex of HMAC-SHA-256 under API_KEY_PEPPER
    scope = models.CharField(max_length=5, choices=KeyScope.choices, default=KeyScope.ORDER)
    # networks as text; empty: from anywhere
    allowed_ips = models.JSONField(default=list, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    last_used_at = models.DateTimeField(null=True, blank=True)  # within a minute
    last_used_ip = models.GenericIPAddressField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = ApiKeyQuerySet.as_manager()

    class Meta:
        constraints = [
            # a form sent twice makes one key
            models.UniqueConstraint(
                name="api_key_name_once",
                fields=["user", "name"],
                condition=models.Q(revoked_at=None),
            ),
            models.CheckConstraint(
                name="api_key_scope_known", condition=models.Q(scope__in=KeyScope.values)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.prefix}… ({self.name})"
