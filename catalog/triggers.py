"""The price list's triggers: every statement that may change it gives it a new version.

A writer takes a token that no other open transaction holds (SKIP LOCKED), so that writers never
wait for each other; the table is as long as the most writers there ever were at once. Random, not
counted: a number could come back after a rollback or a restored backup, and stand for other rows.
"""

from lib.triggers import Function, Trigger

RENEW_PRICE_LIST = Function(
    signature="catalog_renew_price_list()",
    create="""
CREATE FUNCTION catalog_renew_price_list() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE catalog_pricelistversion SET token = gen_random_uuid()
        WHERE id = (SELECT id FROM catalog_pricelistversion ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED);
    IF NOT FOUND THEN
        INSERT INTO catalog_pricelistversion (token) VALUES (gen_random_uuid());
    END IF;
    RETURN NULL;
END $$
""",
)

SERVICE_RENEWS_PRICE_LIST = Trigger(
    name="service_renews_price_list",
    table="catalog_service",
    function=RENEW_PRICE_LIST,
    create="""
CREATE TRIGGER service_renews_price_list
    AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON catalog_service
    FOR EACH STATEMENT EXECUTE FUNCTION catalog_renew_price_list()
""",
)

CATEGORY_RENEWS_PRICE_LIST = Trigger(
    name="category_renews_price_list",
    table="catalog_category",
    function=RENEW_PRICE_LIST,
    create="""
CREATE TRIGGER category_renews_price_list
    AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON catalog_category
    FOR EACH STATEMENT EXECUTE FUNCTION catalog_renew_price_list()
""",
)
