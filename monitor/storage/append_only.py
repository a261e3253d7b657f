"""Tables whose rows may be added but never changed or deleted: the database itself refuses."""

from sqlalchemy import Connection, text

_SQLITE = """
CREATE TRIGGER {table}_no_{verb} BEFORE {verb} ON {table}
BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END
"""
_POSTGRES = (
    """
CREATE FUNCTION {table}_append_only() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION '{table} is append-only'; END $$
""",
    """
CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
FOR EACH STATEMENT EXECUTE FUNCTION {table}_append_only()
""",
)


def forbid_changes(connection: Connection, table: str) -> None:
    """Makes a table append-only."""
    if connection.dialect.name == "sqlite":
        statements = [_SQLITE.format(table=table, verb=verb) for verb in ("UPDATE", "DELETE")]
    else:
        statements = [statement.format(table=table) for statement in _POSTGRES]
    for statement in statements:
        connection.execute(text(statement))


def permit_changes(connection: Connection, table: str) -> None:
    """Takes `forbid_changes` back."""
    if connection.dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            connection.execute(text(f"DROP TRIGGER {table}_no_{verb}"))
    else:
        connection.execute(text(f"DROP TRIGGER {table}_append_only ON {table}"))
        connection.execute(text(f"DROP FUNCTION {table}_append_only()"))
