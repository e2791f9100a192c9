"""The triggers that write webhook events where the change itself is written, by whatever path.

One probe of a small partial index where the customer has no endpoint; nothing is asked of Python.
"""

from lib.triggers import Function, Trigger

TELL_WEBHOOKS = Function(
    signature="orders_tell_webhooks(bigint, bigint, text, jsonb)",
    create="""
CREATE FUNCTION orders_tell_webhooks(customer bigint, about bigint, event_type text, facts jsonb)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    event uuid := gen_random_uuid();
BEGIN
    INSERT INTO orders_webhookdelivery (endpoint_id, event_id, type, facts, order_id, happened_at)
    SELECT id, event, event_type, facts, about, now()
        FROM orders_webhookendpoint
        WHERE user_id = customer AND switched_off_at IS NULL AND events @> to_jsonb(event_type);
END $$
""",
)

TELL_OF_ORDER = Function(
    signature="orders_tell_of_order()",
    create="""
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
END $$
""",
    uses=(TELL_WEBHOOKS,),
)

ORDER_TELLS_ITS_STATUS = Trigger(
    name="order_tells_its_status",
    table="orders_order",
    function=TELL_OF_ORDER,
    create="""
CREATE TRIGGER order_tells_its_status
    AFTER UPDATE OF status ON orders_order
    FOR EACH ROW WHEN (
        NEW.status IS DISTINCT FROM OLD.status AND NEW.status IN ('running', 'completed', 'partial', 'canceled')
    )
    EXECUTE FUNCTION orders_tell_of_order()
""",
)

ORDER_TELLS_ITS_PROGRESS = Trigger(
    name="order_tells_its_progress",
    table="orders_order",
    function=TELL_OF_ORDER,
    create="""
CREATE TRIGGER order_tells_its_progress
    AFTER UPDATE OF upstream_status ON orders_order
    FOR EACH ROW WHEN (
        NEW.status = 'running' AND OLD.status = 'running'
        AND NEW.upstream_status IS DISTINCT FROM OLD.upstream_status
        AND NEW.upstream_status IN ('Processing', 'In progress')
    )
    EXECUTE FUNCTION orders_tell_of_order()
""",
)

# For refills and cancellations; the argument names which.
TELL_OF_REQUEST = Function(
    signature="orders_tell_of_request()",
    create="""
CREATE FUNCTION orders_tell_of_request() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM orders_tell_webhooks(
        (SELECT user_id FROM orders_order WHERE id = NEW.order_id),
        NEW.order_id,
        TG_ARGV[0] || '.' || CASE WHEN TG_OP = 'INSERT' THEN 'requested' ELSE NEW.state END,
        jsonb_build_object('id', NEW.id, 'state', NEW.state, 'reason', NEW.reason)
    );
    RETURN NULL;
END $$
""",
    uses=(TELL_WEBHOOKS,),
)

REFILL_TELLS_ITS_REQUEST = Trigger(
    name="refill_tells_its_request",
    table="orders_refill",
    function=TELL_OF_REQUEST,
    create="""
CREATE TRIGGER refill_tells_its_request
    AFTER INSERT ON orders_refill
    FOR EACH ROW EXECUTE FUNCTION orders_tell_of_request('refill')
""",
)

REFILL_TELLS_ITS_END = Trigger(
    name="refill_tells_its_end",
    table="orders_refill",
    function=TELL_OF_REQUEST,
    create="""
CREATE TRIGGER refill_tells_its_end
    AFTER UPDATE OF state ON orders_refill
    FOR EACH ROW WHEN (NEW.state IS DISTINCT FROM OLD.state AND NEW.state IN ('completed', 'rejected'))
    EXECUTE FUNCTION orders_tell_of_request('refill')
""",
)

CANCELLATION_TELLS_ITS_REQUEST = Trigger(
    name="cancellation_tells_its_request",
    table="orders_cancellation",
    function=TELL_OF_REQUEST,
    create="""
CREATE TRIGGER cancellation_tells_its_request
    AFTER INSERT ON orders_cancellation
    FOR EACH ROW EXECUTE FUNCTION orders_tell_of_request('cancel')
""",
)

# The end of its order tells of a cancellation that succeeds.
CANCELLATION_TELLS_ITS_REJECTION = Trigger(
    name="cancellation_tells_its_rejection",
    table="orders_cancellation",
    function=TELL_OF_REQUEST,
    create="""
CREATE TRIGGER cancellation_tells_its_rejection
    AFTER UPDATE OF state ON orders_cancellation
    FOR EACH ROW WHEN (NEW.state IS DISTINCT FROM OLD.state AND NEW.state = 'rejected')
    EXECUTE FUNCTION orders_tell_of_request('cancel')
""",
)
