"""One page of a listing: its text, what it gave, and whether it is a wall instead of a page."""

from collections.abc import Sequence
from dataclasses import dataclass

from scrapers.base import Gone, RawPost, Response
from scrapers.errors import CollectError
from scrapers.reading.charsets import charset_of, decode
from scrapers.reading.markup import looks_blocked
from scrapers.reading.posts import Item


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What one page gave, and the place of the next page or nothing."""

    items: Sequence[Item] = ()
    following: str = ""
    gone: Sequence[Gone] = ()
    names: Sequence[str] | None = None
    """What its rows are known by, in their order, where that is more than the ids of its posts."""
    refused: Sequence[str] = ()
    """The ids of rows that became no post and are there all the same."""

    def known_by(self) -> Sequence[str]:
        """What its rows are known by."""
        return ids_of(self.items) if self.names is None else self.names


def ids_of(items: Sequence[Item]) -> list[str]:
    """The ids of the posts among `items` as their source gives them, without what tells namesakes apart."""
    return [item.external_id.partition("~")[0] for item in items if isinstance(item, RawPost)]


def page_text(response: Response, charset: str = "") -> str:
    """A response's text, read as `charset` or as the header or the page itself says."""
    if charset:
        # The override goes before everything, even before bytes that happen to be valid in another encoding.
        return response.body.decode(charset, "replace")
    return decode(response.body, charset_of(response.headers.get("content-type", "")))


def refuse_wall(page: str, url: str) -> None:
    """Raises a permanent `CollectError` for a page that asks to sign in instead of showing anything."""
    if looks_blocked(page):
        raise CollectError(
            f"{url} 给出的是登录或验证页面，不是内容：来源已被拦住，并非没有新帖。"
            "请改用官方接口、订阅源或导出文件，或取得授权。",
            permanent=True,
        )
