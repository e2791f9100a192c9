"""Triggers that write webhooks' events down where the change itself is written, whoever makes it and by whatever path."""

from django.db import migrations

# One probe of a small partial index where the customer has no endpoint; nothing is asked of Python.
TRIGGERS = """
CREATE FUNCTION orders_tell_webhooks(customer bigint, about bigint, event_type text, facts jsonb)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    event uuid := gen_random_uuid();
BEGIN
    INSERT INTO orders_webhookdelivery (endpoint_id, event_id, type, facts, order_id, happened_at)
    SELECT id, event, event_type, facts, about, now()
        FROM orders_webhookendpoint
        WHERE user_id = customer AND switched_off_at IS NULL AND events @> to_jsonb(event_type);
END $$;


CREATE FUNCTION orders_tell_of_order() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM orders_tell_webhooks(
        NEW.user_id,
        NEW.id,
        'order.' || CASE
            WHEN NEW.status IS NOT DISTINCT FROM OLD.status THEN replace(lower(NEW.upstream_status), ' ', '_')
            WHEN NEW.status = 'running' THEN 'accepted'
            ELSE NEW.status
        END,
        jsonb_build_object(
            'status', NEW.status,
            'upstream_status', NEW.upstream_status,
            'charge', NEW.charge::text,
            'refunded', NEW.refunded::text,
            'billed_quantity', NEW.billed_quantity,
            'start_count', NEW.start_count,
            'remains', NEW.remains
        )
    );
    RETURN NULL;
END $$;

CREATE TRIGGER order_tells_its_status
    AFTER UPDATE OF status ON orders_order
    FOR EACH ROW WHEN (
        NEW.status IS DISTINCT FROM OLD.status AND NEW.status IN ('running', 'completed', 'partial', 'canceled')
    )
    EXECUTE FUNCTION orders_tell_of_order();

CREATE TRIGGER order_tells_its_progress
    AFTER UPDATE OF upstream_status ON orders_order
    FOR EACH ROW WHEN (
        NEW.status = 'running' AND OLD.status = 'running'
        AND NEW.upstream_status IS DISTINCT FROM OLD.upstream_status
        AND NEW.upstream_status IN ('Processing', 'In progress')
    )
    EXECUTE FUNCTION orders_tell_of_order();


-- For refills and cancellations; the argument names which.
CREATE FUNCTION orders_tell_of_request() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM orders_tell_webhooks(
        (SELECT user_id FROM orders_order WHERE id = NEW.order_id),
        NEW.order_id,
        TG_ARGV[0] || '.' || CASE WHEN TG_OP = 'INSERT' THEN 'requested' ELSE NEW.state END,
        jsonb_build_object('id', NEW.id, 'state', NEW.state, 'reason', NEW.reason)
    );
    RETURN NULL;
END $$;

CREATE TRIGGER refill_tells_its_request
    AFTER INSERT ON orders_refill
    FOR EACH ROW EXECUTE FUNCTION orders_tell_of_request('refill');

CREATE TRIGGER refill_tells_its_end
    AFTER UPDATE OF state ON orders_refill
    FOR EACH ROW WHEN (NEW.state IS DISTINCT FROM OLD.state AND NEW.state IN ('completed', 'rejected'))
    EXECUTE FUNCTION orders_tell_of_request('refill');

CREATE TRIGGER cancellation_tells_its_request
    AFTER INSERT ON orders_cancellation
    FOR EACH ROW EXECUTE FUNCTION orders_tell_of_request('cancel');

-- A cancellation that succeeds is told by the end of its order.
CREATE TRIGGER cancellation_tells_its_rejection
    AFTER UPDATE OF state ON orders_cancellation
    FOR EACH ROW WHEN (NEW.state IS DISTINCT FROM OLD.state AND NEW.state = 'rejected')
    EXECUTE FUNCTION orders_tell_of_request('cancel');
"""

NO_TRIGGERS = """
DROP TRIGGER cancellation_tells_its_rejection ON orders_cancellation;
DROP TRIGGER cancellation_tells_its_request ON orders_cancellation;
DROP TRIGGER refill_tells_its_end ON orders_refill;
DROP TRIGGER refill_tells_its_request ON orders_refill;
DROP TRIGGER order_tells_its_progress ON orders_order;
DROP TRIGGER order_tells_its_status ON orders_order;
DROP FUNCTION orders_tell_of_request();
DROP FUNCTION orders_tell_of_order();
DROP FUNCTION orders_tell_webhooks(bigint, bigint, text, jsonb);
"""


class Migration(migrations.Migration):
    dependencies = [("orders", "0004_webhooks")]

    operations = [migrations.RunSQL(TRIGGERS, NO_TRIGGERS)]
