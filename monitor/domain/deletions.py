"""What becomes of our copy when the source deletes a post."""

from enum import StrEnum


class DeletedPosts(StrEnum):
    """The policy; whichever it is, length and hash stay, and so does the count."""

    HIDE = "hide"
    """Nobody is shown the text; it is kept as evidence."""
    ERASE = "erase"
    KEEP = "keep"
    """The text is shown, marked as deleted at the source."""


def is_mass_vanishing(held: int, missing: int) -> bool:
    """Whether so many posts are missing at once that the answer is to be doubted rather than the posts given up.

    An app store's feed goes empty at random, and a listing that broke looks as if everything had been deleted.
    """
    return missing > 3 and 2 * missing > held
