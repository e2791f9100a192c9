"""Write what a sync found: one COPY, UPDATE and INSERT for any number of rows.

The caller holds `lock_catalog` in a transaction.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from django.db import connection

from catalog.dripfeed import takes_dripfeed
from catalog.models import Category, Provider, Service
from catalog.prices.margin_rules import RuleBook
from catalog.sync.difference import Difference, Offer
from catalog.upstream import service_types

TABLE = """
CREATE TEMPORARY TABLE incoming (
  place integer, id bigint, upstream_id text, upstream_name text, upstream_description text,
  category_id bigint,
  upstream_category text, type text, upstream_type text, is_sellable boolean,
  rate numeric, cost numeric, price numeric, margin_rule_id bigint,
  min_quantity bigint, max_quantity bigint, is_refill boolean, is_cancel boolean,
  is_dripfeed_listed boolean, is_dripfeed boolean,
  average_time text, digest bytea, review_reason text
) ON COMMIT DROP
"""
CHANGE = """
UPDATE catalog_service AS s SET
  upstream_name = i.upstream_name, upstream_description = i.upstream_description,
  category_id = i.category_id,
  upstream_category = i.upstream_category, type = i.type, upstream_type = i.upstream_type,
  is_sellable = i.is_sellable,
  rate = i.rate, cost = i.cost, price = i.price,
  margin_rule_id = i.margin_rule_id, min_quantity = i.min_quantity, max_quantity = i.max_quantity,
  is_refill = i.is_refill, is_cancel = i.is_cancel, average_time = i.average_time,
  is_dripfeed_listed = i.is_dripfeed_listed,
  is_dripfeed = CASE WHEN s.is_dripfeed_own THEN s.is_dripfeed ELSE i.is_dripfeed END,
  digest = i.digest, updated_at = %(now)s,
  review_reason = CASE WHEN i.review_reason = '' THEN s.review_reason ELSE i.review_reason END
FROM incoming AS i WHERE s.id = i.id
"""
ADD = """
INSERT INTO catalog_service (
  provider_id, upstream_id, upstream_name, upstream_description, own_name, own_description,
  category_id,
  upstream_category, is_category_own, position, type, upstream_type, is_sellable, rate, cost,
  price, margin_rule_id,
  min_quantity, max_quantity,
  is_refill, is_cancel, is_dripfeed_listed, is_dripfeed, is_dripfeed_own, average_time, refill_mode, cancel_mode,
  digest, review_reason,
  is_hidden, created_at, updated_at
)
SELECT %(provider)s, upstream_id, upstream_name, upstream_description, '', '', category_id,
  upstream_category, false, 0, type, upstream_type, is_sellable, rate, cost, price, margin_rule_id,
  min_quantity, max_quantity,
  is_refill, is_cancel, is_dripfeed_listed, is_dripfeed, false, average_time, 'staff', 'staff', digest, review_reason,
  false,
  %(now)s, %(now)s
FROM incoming WHERE id IS NULL ORDER BY place
"""
MOVE_AWAY = """
UPDATE catalog_service SET withdrawn_at = %(now)s, updated_at = %(now)s
WHERE provider_id = %(provider)s AND upstream_id = ANY(%(ids)s) AND withdrawn_at IS NULL
"""
BRING_BACK = """
UPDATE catalog_service SET withdrawn_at = NULL, updated_at = %(now)s
WHERE provider_id = %(provider)s AND upstream_id = ANY(%(ids)s) AND withdrawn_at IS NOT NULL
"""


class Mirror:
    """Writes one provider's services."""

    def __init__(
        self, *, provider: Provider, exchange_rate: Decimal, book: RuleBook, now: datetime
    ) -> None:
        self._provider = provider
        self._exchange_rate = exchange_rate
        self._book = book
        self._now = now

    def write(self, found: Difference) -> None:
        """Apply a difference; what the admin set stays."""
        self._write_offers(found)
        with connection.cursor() as cursor:
            for statement, ids in ((MOVE_AWAY, found.gone), (BRING_BACK, found.back)):
                if ids:
                    cursor.execute(
                        statement,
                        {"provider": self._provider.pk, "ids": list(ids), "now": self._now},
                    )

    def _write_offers(self, found: Difference) -> None:
        offers = [row.offer for row in found.rows]
        if not offers:
            return
        categories = categories_for(offer.category for offer in offers)
        places = self._places(found)
        reasons = found.held
        with connection.cursor() as cursor:
            cursor.execute(TABLE)
            with cursor.copy("COPY incoming FROM STDIN") as copy:
                for place, offer in enumerate(offers):
                    pk, own_category = places.get(offer.upstream_id, (None, None))
                    category = own_category or categories[offer.category]
                    reason = reasons.get(offer.upstream_id, "")
                    copy.write_row((place, pk, *self._row(offer, pk=pk, category=category), reason))
            cursor.execute(CHANGE, {"now": self._now})
            cursor.execute(ADD, {"now": self._now, "provider": self._provider.pk})
            cursor.execute("DROP TABLE incoming")

    def _row(self, offer: Offer, *, pk: int | None, category: int) -> Sequence[object]:
        """The columns of `incoming` from upstream_id to digest."""
        kind = service_types.find(offer.type)
        priced = self._book.price(
            rate=offer.rate,
            exchange_rate=self._exchange_rate,
            service=pk,
            category=category,
            provider=self._provider.pk,
        )
        return (
            offer.upstream_id,
            offer.name,
            offer.description,
            category,
            offer.category,
            offer.type,
            offer.upstream_type,
            kind is not None and kind.is_sellable,
            offer.rate,
            priced.cost,
            priced.price,
            priced.rule.pk,
            offer.min,
            offer.max,
            offer.is_refill,
            offer.is_cancel,
            offer.is_dripfeed,
            takes_dripfeed(
                mode=self._provider.dripfeed, type_name=offer.type, is_listed=offer.is_dripfeed
            ),
            offer.average_time,
            offer.digest,
        )

    def _places(self, found: Difference) -> Mapping[str, tuple[int, int | None]]:
        """Of each changed service: its id, and its category where the admin chose that."""
        ids = [row.offer.upstream_id for row in found.changed]
        rows = Service.objects.filter(provider=self._provider, upstream_id__in=ids).values_list(
            "upstream_id", "pk", "category_id", "is_category_own"
        )
        return {
            upstream_id: (pk, category if is_own else None)
            for upstream_id, pk, category, is_own in rows
        }


def categories_for(names: Iterable[str]) -> dict[str, int]:
    """The categories of these upstream names, created in order where there are none."""
    wanted = list(dict.fromkeys(names))
    Category.objects.bulk_create(
        [Category(upstream_name=name) for name in _unknown(wanted)], ignore_conflicts=True
    )
    return dict(
        Category.objects.filter(upstream_name__in=wanted).values_list("upstream_name", "pk")
    )


def _unknown(names: Sequence[str]) -> list[str]:
    known = set(
        Category.objects.filter(upstream_name__in=names).values_list("upstream_name", flat=True)
    )
    return [name for name in names if name not in known]
