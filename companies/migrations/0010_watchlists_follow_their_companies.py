"""Let the database itself take a company off its watchlists when it is deleted: the table between them is Django's own.

Its foreign keys said NO ACTION, so that a company on a watchlist could not be deleted by SQL, as any other can.
"""

from django.db import migrations

# The names of the constraints are Django's and hold a digest, so they are looked up.
_RENEW = """
DO $$
DECLARE
    found record;
BEGIN
    FOR found IN
        SELECT c.conname, a.attname, c.confrelid::regclass AS target
        FROM pg_constraint AS c JOIN pg_attribute AS a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
        WHERE c.conrelid = 'watchlist_companies'::regclass AND c.contype = 'f'
    LOOP
        EXECUTE format(
            'ALTER TABLE watchlist_companies DROP CONSTRAINT %1$I, ADD CONSTRAINT %1$I FOREIGN KEY (%2$I) '
            'REFERENCES %3$s (id) ON DELETE {action} DEFERRABLE INITIALLY DEFERRED',
            found.conname, found.attname, found.target
        );
    END LOOP;
END
$$
"""


def renew(action: str) -> str:
    return _RENEW.replace("{action}", action)


class Migration(migrations.Migration):
    dependencies = [("companies", "0009_watchlists_are_archived")]

    operations = [migrations.RunSQL(renew("CASCADE"), renew("NO ACTION"))]
