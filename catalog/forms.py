"""Forms of providers and margins."""

import re
from decimal import Decimal
from typing import Any, Final

from django import forms
from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator

from catalog.currencies import agrees, code_of
from catalog.models import DripfeedMode, Provider
from catalog.prices.exchange_rates import known_exchange_rates
from catalog.prices.reprice import DEFAULT_PERCENT
from catalog.prices.set_margin import MAX_FIXED, MAX_PERCENT
from catalog.upstream import parse_url
from lib.decimals import shortest
from lib.public_url import check_url

KEY: Final = re.compile(r"[!-~]{1,500}")
CURRENCY: Final = re.compile(r"[A-Z]{3}")
MAX_RATE: Final = Decimal(1_000_000)  # of one currency in another


class PercentField(forms.DecimalField):
    """A margin in percent, not below 0, which would sell at a loss."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            min_value=Decimal(0), max_value=MAX_PERCENT, max_digits=9, decimal_places=4, **kwargs
        )


class FixedField(forms.DecimalField):
    """An amount added to the cost, panel's currency, not below 0."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            min_value=Decimal(0), max_value=MAX_FIXED, max_digits=20, decimal_places=8, **kwargs
        )


class ExchangeRateField(forms.DecimalField):
    """Units of the panel's currency for one unit of another."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_digits=20, decimal_places=8, **kwargs)
        self.validators += [
            MinValueValidator(Decimal("0.00000001"), "An exchange rate must be above 0."),
            MaxValueValidator(MAX_RATE, f"An exchange rate can be at most {MAX_RATE:,}."),
        ]


class CurrencyField(forms.CharField):
    """A three-letter currency code, in capitals."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=3, **kwargs)

    def clean(self, value: Any) -> str:
        """The code; "" where it is not required."""
        currency = str(super().clean(value)).strip().upper()
        if currency and not CURRENCY.fullmatch(currency):
            raise forms.ValidationError("Enter a three-letter currency code such as USD.")
        return currency


class ConnectionForm(forms.Form):
    """Name, URL and key of a new or known provider."""

    name = forms.CharField(max_length=60, help_text="Shown to staff only.")
    url = forms.CharField(
        label="URL",
        max_length=300,
        help_text="API URL, for example https://provider.example/api/v2",
    )
    key = forms.CharField(
        label="API key",
        max_length=500,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text="Stored encrypted, never shown again.",
    )

    known: Provider | None = None  # the one that is being changed

    def clean_name(self) -> str:
        """Unique without regard to case."""
        name = " ".join(self.cleaned_data["name"].split())
        others = Provider.objects.filter(name__iexact=name).exclude(
            pk=self.known.pk if self.known else 0
        )
        if others.exists():
            raise forms.ValidationError(f"Another provider is named {name}.")
        return name

    def clean_url(self) -> str:
        """A URL that our client may connect to."""
        return check_url(
            self.cleaned_data["url"], is_private_allowed=settings.PROVIDER_ALLOW_PRIVATE
        )

    def clean_key(self) -> str:
        """Printable ASCII without spaces."""
        key = str(self.cleaned_data["key"]).strip()
        if key and not KEY.fullmatch(key):
            raise forms.ValidationError(
                "An API key has only printable ASCII characters and no spaces."
            )
        return key


class ProviderForm(ConnectionForm):
    """A new provider."""

    currency = CurrencyField(
        required=False,
        help_text="Read from the provider's balance. Enter it only if the provider names none.",
    )
    exchange_rate = ExchangeRateField(required=False)
    percent = PercentField(
        label="Margin in percent", initial=DEFAULT_PERCENT, help_text="Added to its rates."
    )
    is_review_first = forms.BooleanField(
        required=False,
        label="Review first",
        help_text="New services are not sold until you have reviewed them.",
    )
    is_probe_allowed = forms.BooleanField(
        required=False,
        label="Probing allowed",
        help_text=(
            "To resolve unclear orders, IDs that are not ours may be read. Ask the provider first."
        ),
    )
    is_idempotent = forms.BooleanField(
        required=False,
        label="Honours idempotency keys",
        help_text=(
            "The provider promises to place an order sent twice with one key only once, and to"
            " check the key before anything else. Unclear orders are then resent automatically:"
            " tick this only if you are sure."
        ),
    )

    dripfeed = forms.ChoiceField(
        label="Services with drip-feed",
        required=False,
        choices=DripfeedMode.choices,
        initial=DripfeedMode.LISTED,
        help_text=(
            "Many catalogs do not say which services take runs and interval."
            " Ask the provider first. What you set for a service wins."
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["exchange_rate"].help_text = (
            f"One unit of its currency in {settings.PANEL_CURRENCY}. Leave empty if the panel knows"
            " it."
        )

    def clean_dripfeed(self) -> str:
        """As the catalog says, where nothing is chosen."""
        return self.cleaned_data["dripfeed"] or DripfeedMode.LISTED

    def clean(self) -> dict[str, Any]:
        """The exchange rate fits the currency, where that is entered."""
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("currency") and "exchange_rate" in cleaned:
            self._check_rate(cleaned["currency"])
        return cleaned

    def settle_currency(self, word: str) -> bool:
        """Take the currency that the provider named, or where it named none the one entered.

        `word`: as `currencies.word_of` has it. False where the form now says what is missing.
        """
        entered, named = self.cleaned_data["currency"], code_of(word)
        if not entered and not named:
            said = f" “{word}” is no currency code." if word else ""
            self.add_error(
                "currency", f"Enter the currency of its rates: the provider names none.{said}"
            )
            return False
        if entered and named and not agrees(word, currency=entered):
            self.add_error("currency", f"The provider's balance is in {named}. Leave this empty.")
            return False
        self.cleaned_data["currency"] = entered or named
        self._check_rate(entered or named)
        return not self.errors

    def _check_rate(self, currency: str) -> None:
        """A rate is required where none is known, and does not change a known one unseen."""
        rate, panel = self.cleaned_data["exchange_rate"], settings.PANEL_CURRENCY
        known = known_exchange_rates().get(currency)
        if currency == panel and rate not in {None, known}:
            problem = f"{currency} is the panel's currency: its rate is 1."
        elif known is None and rate is None:
            problem = f"Enter how many {panel} one {currency} is worth."
        elif known is not None and rate not in {None, known}:
            problem = (
                f"The panel knows 1 {currency} = {shortest(known)} {panel}. Leave this empty, or"
                " change the rate first: other prices follow it."
            )
        else:
            self.cleaned_data["exchange_rate"] = rate if known is None else None
            return
        self.add_error("exchange_rate", problem)


class ProviderChangeForm(ConnectionForm):
    """A known provider; an empty key keeps the stored one."""

    is_review_first = ProviderForm.base_fields["is_review_first"]
    is_probe_allowed = ProviderForm.base_fields["is_probe_allowed"]
    is_idempotent = ProviderForm.base_fields["is_idempotent"]
    dripfeed = ProviderForm.base_fields["dripfeed"]
    is_429_unclear = forms.BooleanField(
        required=False,
        label="Treat “too many requests” as unclear",
        help_text=(
            "The provider may place an order and still answer HTTP 429."
            " Such orders go to staff and are not resent."
        ),
    )

    def __init__(self, *args: Any, known: Provider, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.known = known
        self.fields["key"].required = False
        self.fields["key"].help_text = "Leave empty to keep the stored key."

    @property
    def is_elsewhere(self) -> bool:
        """Whether a valid form names another address or key, which is to be tested first."""
        values = self.cleaned_data
        return bool(values["key"]) or (self.known is not None and values["url"] != self.known.url)

    def clean(self) -> dict[str, Any]:
        """The stored key is not sent to another host."""
        cleaned: dict[str, Any] = super().clean() or {}
        url = cleaned.get("url")
        if self.known and url and not cleaned.get("key") and _place(url) != _place(self.known.url):
            self.add_error(
                "key", "Enter the key again: the stored key is not sent to another host."
            )
        return cleaned


class PauseForm(forms.Form):
    """Why a provider is paused."""

    reason = forms.CharField(max_length=300, help_text="Shown to staff next to the waiting orders.")


def _place(url: str) -> tuple[str, int, bool]:
    target = parse_url(url, is_private_allowed=True)
    return target.host, target.port, target.is_tls
