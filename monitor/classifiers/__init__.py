"""Judging posts: imports the domain and third parties; nothing of storage, services, settings or web."""
