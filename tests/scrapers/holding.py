"""What a store would hold after some visits: a few lines that treat batches as the product does."""

import json
from collections.abc import Callable
from typing import Any

from scrapers.base import Batch, Census, RawPost


class Held:
    """Posts by id, kept and given up as batches say; a cursor that is kept together with them or not at all."""

    def __init__(self) -> None:
        self.posts: dict[str, RawPost] = {}
        self.missing: set[str] = set()
        self.cursor: dict[str, Any] = {}

    def visit(self, collect: Callable[[dict[str, Any]], Batch], *, killed: bool = False) -> Batch:
        """One visit; one that is killed before its transaction ends leaves no trace."""
        batch = collect(json.loads(json.dumps(self.cursor)))
        if not killed:
            self.keep(batch)
            self.cursor = dict(batch.cursor)
        return batch

    def settle(self, collect: Callable[[dict[str, Any]], Batch], visits: int) -> None:
        """So many visits, each gone on with for as long as there is more."""
        for _ in range(visits):
            while self.visit(collect).more:
                pass

    def keep(self, batch: Batch) -> None:
        """Takes in what a batch brought and gives up what it says is gone."""
        for post in batch.posts:
            self.posts[post.external_id] = post
            self.missing.discard(post.external_id)
        for gone in batch.gone:
            self.posts.pop(gone.external_id, None)
        for census in batch.censuses:
            self._compare(census)

    def _compare(self, census: Census) -> None:
        held = {name for name, post in self.posts.items() if _covers(census, post)}
        absent = held - census.ids
        self.missing -= held & census.ids
        doubted = not census.sure and len(absent) > 3 and 2 * len(absent) > len(held)
        for name in absent if not doubted else ():
            if census.sure or name in self.missing:
                del self.posts[name]
            else:
                self.missing.add(name)

    def texts(self) -> dict[str, str]:
        """The text held of each post."""
        return {name: post.text for name, post in self.posts.items()}


def _covers(census: Census, post: RawPost) -> bool:
    if census.thread_id not in {None, post.thread_id}:
        return False
    return census.since is None or (post.created_at is not None and post.created_at >= census.since)
