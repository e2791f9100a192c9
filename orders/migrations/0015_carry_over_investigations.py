"""Counters of looks move from the evidence, which decides nothing any more, to their own row.

They stay in the JSON as well, unread: what is there is not rewritten.
"""

from django.db import migrations

CARRY_OVER = """
INSERT INTO orders_investigation (attempt_id, looks, calls, next_look_at, read_at)
SELECT id,
       coalesce((evidence ->> 'looks')::integer, 0),
       coalesce((evidence ->> 'calls')::integer, 0),
       (evidence ->> 'next_look_at')::timestamptz,
       (evidence ->> 'read_at')::timestamptz
FROM orders_attempt
WHERE evidence ?| array['looks', 'calls', 'next_look_at', 'read_at']
"""

CARRY_BACK = """
UPDATE orders_attempt a SET evidence = a.evidence || jsonb_strip_nulls(jsonb_build_object(
    'looks', i.looks, 'calls', i.calls, 'next_look_at', i.next_look_at, 'read_at', i.read_at
)) FROM orders_investigation i WHERE i.attempt_id = a.id
"""


class Migration(migrations.Migration):
    dependencies = [("orders", "0014_investigations")]

    operations = [migrations.RunSQL(CARRY_OVER, CARRY_BACK)]
