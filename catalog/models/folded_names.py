"""The name that a search looks in: folded by the database as `lib.folded_text` folds a query."""

from typing import Final

from django.db import models
from django.db.models import F, Func, Value
from django.db.models.functions import Coalesce, Lower, NullIf

from lib.folded_text import DROPPED, FANCY, MEANT

NFKD: Final = "normalize(%(expressions)s, NFKD)"


def folded_name() -> models.GeneratedField:
    """A stored column: the admin's own name, else the provider's, without case and fancy letters."""
    name = Coalesce(NullIf(F("own_name"), Value("")), F("upstream_name"))
    plain = Func(name, template=NFKD)
    bare = Func(plain, Value(f"[{DROPPED}]"), Value(""), Value("g"), function="regexp_replace")
    return models.GeneratedField(
        expression=Func(Lower(bare), Value(FANCY), Value(MEANT), function="translate"),
        output_field=models.TextField(),
        db_persist=True,
    )
