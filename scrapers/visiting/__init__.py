"""How a visit goes: from page to page, from thread to thread, and what the next visit must know of it."""
