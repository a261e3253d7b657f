"""Named questions: every select that needs a name, asked by pages, API and commands; they only read."""
