"""Alembic migrations: from nothing to the present tables, on SQLite and PostgreSQL, and back."""
