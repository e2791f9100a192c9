"""Ask a provider with a new address or key for balance and catalog before anything is stored."""

from dataclasses import dataclass
from decimal import Decimal

from catalog.currencies import word_of
from catalog.forms import ConnectionForm
from catalog.provider_client import endpoint_of
from catalog.upstream import Client, ErrorReply, ProviderError


@dataclass(frozen=True, slots=True)
class FirstContact:
    """What a provider said."""

    balance: Decimal  # provider's currency
    currency: str  # a word in capitals; "" where it names none
    services: int


def first_contact(*, url: str, key: str) -> FirstContact:
    """Read the balance and the catalog; changes nothing there. Raises ProviderError.

    Call it outside any transaction: it waits for the provider.
    """
    with Client(endpoint_of(url=url, key=key)) as client:
        balance = client.balance()
        catalog = client.services()
    return FirstContact(
        balance=balance.amount, currency=word_of(balance.currency), services=catalog.count
    )


def ask_provider(form: ConnectionForm, *, stored_key: str = "") -> FirstContact | None:
    """First contact with what a valid form names; where there is none, the form says why."""
    values = form.cleaned_data
    try:
        return first_contact(url=values["url"], key=values["key"] or stored_key)
    except ErrorReply as error:
        form.add_error("key", f"Nothing was stored: {error}.")
    except ProviderError as error:
        form.add_error("url", f"Nothing was stored, because the provider cannot be used: {error}.")
    return None
