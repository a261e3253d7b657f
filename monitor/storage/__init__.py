"""Rows and named questions. SQLAlchemy only: no Flask, no decisions."""
