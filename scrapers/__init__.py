"""Collectors of public posts. Imports nothing of `monitor`: they can be run, tested and reused alone."""
