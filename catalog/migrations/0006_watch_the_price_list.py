"""Triggers that give the price list a new version with every statement that may change it, whoever writes."""

from django.db import migrations

# A writer takes a token that no other open transaction holds (SKIP LOCKED), so that writers never wait for each other;
# the table is as long as the most writers there ever were at once. Random, not counted: a number could come back after
# a rollback or a restored backup, and stand for other rows then.
WATCH = """
CREATE FUNCTION catalog_renew_price_list() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE catalog_pricelistversion SET token = gen_random_uuid()
        WHERE id = (SELECT id FROM catalog_pricelistversion ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED);
    IF NOT FOUND THEN
        INSERT INTO catalog_pricelistversion (token) VALUES (gen_random_uuid());
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER service_renews_price_list
    AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON catalog_service
    FOR EACH STATEMENT EXECUTE FUNCTION catalog_renew_price_list();

CREATE TRIGGER category_renews_price_list
    AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON catalog_category
    FOR EACH STATEMENT EXECUTE FUNCTION catalog_renew_price_list();

INSERT INTO catalog_pricelistversion (token) VALUES (gen_random_uuid());
"""

UNWATCH = """
DROP TRIGGER category_renews_price_list ON catalog_category;
DROP TRIGGER service_renews_price_list ON catalog_service;
DROP FUNCTION catalog_renew_price_list();
"""


class Migration(migrations.Migration):
    dependencies = [("catalog", "0005_version_of_the_price_list")]

    operations = [migrations.RunSQL(WATCH, UNWATCH)]
