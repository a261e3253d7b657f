"""Asking politely: the one HTTP client with its pauses, rules and limits, and mailboxes. Reads no posts."""
