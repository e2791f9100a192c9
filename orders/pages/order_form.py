"""The form of a new order: the fields of the service's type.

Their values are checked by `orders.placing.check_fields`.
"""

from typing import Any, Final, cast
from uuid import UUID, uuid4

from django import forms
from django.forms import Widget

from accounts.models import User
from catalog.models import Service
from catalog.upstream.service_types import Field, ServiceType, find
from orders.models import Order
from orders.placing.check_fields import MAX_NUMBER, NUMBER_LIMITS, TEXT_LENGTH, FieldErrors, check
from orders.placing.link_rule import LinkFault, expected_links, find_fault
from orders.placing.price_quote import quote

DRIPFEED: Final = ("runs", "interval")
BESIDE: Final = ("max", "old_posts", "expiry")  # shown next to the field before them
# fields of the page itself, which no service type has
OWN_FIELDS: Final = (
    "service",
    "quote",
    "idempotency_key",
    "is_overlap_accepted",
    "is_link_accepted",
)


class ProtocolField(forms.CharField):
    """A field of `add`. Takes any text: `place_order` checks it, and `required` is only shown."""

    hint = ""  # shown at the end of the label: "10–10,000"

    def clean(self, value: Any) -> str:
        return str(value or "")


class OrderForm(forms.Form):
    """One order of one service, by one customer."""

    # the page's list of services has the usual id
    service = forms.CharField(widget=forms.HiddenInput(attrs={"id": "id_order_service"}))
    quote = forms.CharField(widget=forms.HiddenInput, required=False)
    idempotency_key = forms.UUIDField(
        widget=forms.HiddenInput,
        error_messages={"invalid": "The form was incomplete. Please order again."},
    )
    is_overlap_accepted = forms.BooleanField(required=False, label="Order anyway")
    is_link_accepted = forms.BooleanField(required=False, label="Order with this link anyway")

    def __init__(self, *args: Any, service: Service, customer: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.overlap: Order | None = None
        self.link_fault: LinkFault | None = None
        self.kind = cast(ServiceType, find(service.type))
        for field in self.kind.fields:
            if field.name in DRIPFEED and not service.is_dripfeed:
                continue
            self.fields[field.name] = _form_field(field, service=service, kind=self.kind)
        expected = expected_links(service).words
        if "link" in self.fields and expected:
            self.fields["link"].help_text = f"Link to {expected}"
        if self.kind.is_subscription:
            self.initial["delay"] = 0
        self.initial.update(
            service=service.pk,
            quote=quote(customer=customer, service=service),
            idempotency_key=uuid4(),
        )

    @property
    def asked(self) -> list[forms.BoundField]:
        """The fields of the type except drip-feed's, in their order."""
        return [field for field in self if field.name not in {*OWN_FIELDS, *DRIPFEED}]

    @property
    def rows(self) -> list[list[forms.BoundField]]:
        """The asked fields by row: one, or two next to each other."""
        rows: list[list[forms.BoundField]] = []
        for field in self.asked:
            if field.name in BESIDE and rows:
                rows[-1].append(field)
            else:
                rows.append([field])
        return rows

    @property
    def dripfeed(self) -> list[forms.BoundField]:
        """Runs and interval, if the service has them."""
        return [field for field in self if field.name in DRIPFEED]

    @property
    def limits(self) -> str:
        """The hint of the field that minimum and maximum are for."""
        hints = (getattr(field.field, "hint", "") for field in self.asked)
        return next(filter(None, hints), "")

    @property
    def values(self) -> dict[str, str]:
        """What was entered, by protocol names, even fields that this service does not take."""
        names = [field.name for field in self.kind.fields]
        return {name: self.data[name] for name in names if name in self.data}

    @property
    def key(self) -> UUID | None:
        """The idempotency key, if it is valid."""
        return self.cleaned_data.get("idempotency_key")

    def show(self, errors: FieldErrors) -> None:
        """Show each problem at its field, or above the form if the field is not shown."""
        for name, problem in errors.problems.items():
            if name in self.fields:
                self.add_error(name, problem.message)
            else:
                self.add_error(None, f"{name}: {problem.message}")

    def check(self, *, service: Service) -> None:
        """Show what is wrong with the fields. Orders nothing."""
        try:
            check(kind=self.kind, service=service, values=self.values)
        except FieldErrors as errors:
            self.show(errors)

    def warn_of(self, overlap: Order) -> None:
        """Ask whether to order although another order for this link is still running."""
        self.overlap = overlap
        self.add_error(
            "is_overlap_accepted",
            f"Order {overlap.pk} for this link is still running, and two at once distort each "
            "other's start count. Wait until it ends, or tick the box and order again.",
        )

    def find_link_fault(self, *, service: Service) -> LinkFault | None:
        """Why the link may not fit, unless the customer orders with it anyway."""
        try:
            check(kind=self.kind, service=service, values=self.values)
        except FieldErrors:
            return None  # placing says what is wrong
        fault = find_fault(service=service, link=self.values.get("link", ""))
        is_accepted = self.cleaned_data["is_link_accepted"] and fault and not fault.is_rejected
        return None if is_accepted else fault

    def question_link(self, fault: LinkFault) -> None:
        """Ask about the link, and offer the one that was probably meant."""
        self.link_fault = fault
        self.add_error("link", fault.message)

    def renew(self, **values: str) -> None:
        """Give the page's own fields new values although the form is bound."""
        self.data = {**{name: self.data[name] for name in self.data}, **values}


def _form_field(field: Field, *, service: Service, kind: ServiceType) -> ProtocolField:
    made = ProtocolField(
        label=field.label,
        required=field.is_required,
        help_text=field.help,
        widget=_widget(field, service=service),
    )
    if kind.is_limited and field.name in _limited(kind):
        unit = " lines" if kind.lines_field else ""
        made.hint = f"{service.min_quantity:,}–{service.max_quantity:,}{unit}"
    return made


def _limited(kind: ServiceType) -> tuple[str, ...]:
    """The fields that the service's minimum and maximum are for."""
    return ("min", "max") if kind.is_subscription else (kind.lines_field or "quantity",)


def _widget(field: Field, *, service: Service) -> Widget:
    if field.kind == "lines":
        return forms.Textarea(attrs={"rows": 6})
    if field.kind == "choice":
        return forms.Select(choices=[("", "Choose …"), *field.choices])
    if field.kind == "date":
        return forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    if field.kind == "quantity" or field.name in {"min", "max"}:
        return forms.NumberInput(
            attrs={"min": service.min_quantity, "max": service.max_quantity, "step": 1}
        )
    if field.kind == "number":
        least, most = NUMBER_LIMITS.get(field.name, (1, MAX_NUMBER))
        return forms.NumberInput(attrs={"min": least, "max": most, "step": 1})
    # no autocomplete="off": with it, browsers forget the value after Back
    attrs = {"maxlength": TEXT_LENGTH, "spellcheck": "false"}
    if field.kind in {"link", "url"}:
        attrs |= {"inputmode": "url", "autocapitalize": "none"}
    return forms.TextInput(attrs=attrs)
