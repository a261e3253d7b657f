"""Pure rules and values. Imports the standard library and nothing else: no database, no network, no clock."""
