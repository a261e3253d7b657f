"""Named questions: every select that needs a name."""
