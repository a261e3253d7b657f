"""Reddit: the newest links of a subreddit or a search, with the comments of those that moved."""

import html
import re
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from scrapers.base import Batch, Census, Cursor, Fetch, Gone, Note, Option, RawPost, Rejection, Sign
from scrapers.errors import CollectError, CollectorNotConfigured
from scrapers.fetching.interfaces import Interface, base_address, interface_at
from scrapers.fetching.limits import Rationed, rationed
from scrapers.reading.answers import read_json, rows, table, whole, word
from scrapers.reading.pages import Page
from scrapers.reading.posts import Fields, Item, Reading, shape_post, to_batch, utc_now
from scrapers.visiting.threads import LOOK, Rereading, Thread, read_moved, turn
from scrapers.visiting.visits import MAX_PAGES, OWN_SITE, walk

THREADS = 20
"""Links whose comments are read in one visit."""
FIRST_THREADS = 3
"""The same for the first visit, which a preview waits for."""

_SITE = "https://www.reddit.com"
_API = "https://oauth.reddit.com"
_PAGE_SIZE = 100
_PAGES = 10
_PIECE = 25
_LOOKED_AT = 3
_MORE = 5
_CHILDREN = 100
# Without it Reddit writes & < > in texts as entities, a custom from the days when pages were made of them.
_RAW = {"raw_json": 1}
_EMPTIED = {
    "[deleted]": "作者已删除（[deleted]）",
    "[removed]": "已被版主或 Reddit 移除（[removed]）",
    "[ removed by reddit ]": "已被 Reddit 移除",
}


@dataclass(frozen=True, slots=True)
class Links:
    """A page of links: their posts, those emptied by their author or a moderator, and how many comments each has."""

    items: list[Item] = field(default_factory=list)
    gone: list[Gone] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    pinned: set[str] = field(default_factory=set)
    after: str = ""


@dataclass(frozen=True, slots=True)
class Comments:
    """A piece of a comment tree: posts, what is gone, and what was left out, by ids or by where it goes on."""

    items: list[Item] = field(default_factory=list)
    gone: list[Gone] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    continued: list[str] = field(default_factory=list)


def parse_links(data: Any, reading: Reading, place: str) -> Links:
    """The links of a listing. Raises `CollectError` when it is none, or one of something else."""
    children = table(table(data).get("data")).get("children")
    if not isinstance(children, list):
        said = word(table(data).get("message")) or word(table(data).get("reason")) or "接口可能改了"
        raise CollectError(f"{place} 返回的不是帖子列表：{said[:200]}")
    found = Links(after=word(table(data["data"]).get("after")))
    for number, child in enumerate(children, start=1):
        _add_link(found, child, reading, f"{place} 第 {number} 条")
    # For a subreddit that does not exist, Reddit answers with a list of others.
    if children and all(word(table(child).get("kind")) == "t5" for child in children):
        raise CollectError(f"{place} 给出的是版块列表，不是帖子：Reddit 上没有这个版块，请检查 subreddit。")
    return found


def _add_link(found: Links, child: Any, reading: Reading, place: str) -> None:
    link = table(table(child).get("data"))
    name = word(link.get("name"))
    if table(child).get("kind") != "t3" or not re.fullmatch(r"t3_\w{1,20}", name, re.ASCII):
        found.items.append(Rejection(place, "不是帖子"))
        return
    how = _emptied(link.get("selftext")) or (link.get("removed_by_category") and "已从版块移除")
    if how:
        found.gone.append(Gone(name, str(how)))
        return
    post = shape_post(_fields(link, name, "selftext"), reading)
    found.items.append(post if post.text else Rejection(place, "既没有标题也没有正文"))
    found.counts[name] = max(whole(link.get("num_comments")) or 0, 0)
    if link.get("stickied") is True:
        found.pinned.add(name)


def _emptied(text: Any) -> str:
    return _EMPTIED.get(word(text).strip().lower(), "")


def _fields(row: Mapping[str, Any], name: str, text: str) -> Fields:
    author, path = word(row.get("author")), word(row.get("permalink"))
    return Fields(
        id=name,
        title=html.unescape(word(row.get("title"))),
        text=html.unescape(word(row.get(text))),
        url=f"{_SITE}{path}" if path.startswith("/") else "",
        author="" if author == "[deleted]" else author,
        created=word(row.get("created_utc")),
        # False where nothing was edited; very old edits say true and not when.
        updated=word(row.get("edited")),
        parent=word(row.get("parent_id")),
        thread=word(row.get("link_id")) or name,
    )


def parse_comments(things: Any, reading: Reading, place: str) -> Comments:
    """The comments in a list of things, those inside `replies` too, whatever their depth."""
    found = Comments()
    waiting = list(reversed(rows(things)))
    while waiting:
        thing = table(waiting.pop())
        row = table(thing.get("data"))
        if thing.get("kind") == "more":
            _leave_out(found, row)
            continue
        name = word(row.get("name"))
        if thing.get("kind") != "t1" or not re.fullmatch(r"t1_\w{1,20}", name, re.ASCII):
            found.items.append(Rejection(place, "不是评论"))
            continue
        how = _emptied(row.get("body"))
        if how:
            found.gone.append(Gone(name, how))
        else:
            post = shape_post(_fields(row, name, "body"), reading)
            found.items.append(post if post.text else Rejection(place, "评论里没有文字"))
        # An empty string, and no object, where there are no replies.
        waiting += reversed(rows(table(table(row.get("replies")).get("data")).get("children")))
    return found


def _leave_out(found: Comments, more: Mapping[str, Any]) -> None:
    children = [name for name in map(word, rows(more.get("children"))) if re.fullmatch(r"\w{1,20}", name, re.ASCII)]
    found.left_out.extend(children)
    parent = word(more.get("parent_id"))
    # "Continue this thread": a branch too deep names no children, only where it hangs.
    if not children and re.fullmatch(r"t1_\w{1,20}", parent, re.ASCII):
        found.continued.append(parent)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Visit:
    """Reddit as one visit asks it; the open interface wants `.json` after each path."""

    api: Interface
    ending: str

    def links(self, path: str, query: str) -> Links:
        answer = self.api.ask(f"{path}{self.ending}", query)
        return parse_links(answer.data, answer.reading(), answer.place)

    def named(self, names: Sequence[str]) -> Links:
        return self.links("/api/info", urlencode({"id": ",".join(names), **_RAW})) if names else Links()

    def comments(self, link: str) -> tuple[Comments, bool]:
        """The comments of a link, and whether these are all."""
        found = self._tree(link, {})
        branches, left = list(found.continued), list(dict.fromkeys(found.left_out))
        for _ in range(_MORE):
            if left:
                piece, left = self._children(link, left[:_CHILDREN]), left[_CHILDREN:]
            elif branches:
                piece = self._tree(link, {"comment": branches.pop()[3:]})
            else:
                return found, True
            _join(found, piece)
            left += piece.left_out
            branches += piece.continued
        return found, not left and not branches

    def _tree(self, link: str, branch: Mapping[str, str]) -> Comments:
        query = {"limit": 500, "sort": "new", **branch, **_RAW}
        answer = self.api.ask(f"/comments/{link[3:]}{self.ending}", query)
        if not isinstance(answer.data, list) or len(answer.data) != 2:
            raise CollectError(f"{answer.place} 返回的不是评论，接口可能改了。")
        listing = table(table(answer.data[1]).get("data"))
        return parse_comments(listing.get("children"), answer.reading(), f"{link} 的评论")

    def _children(self, link: str, names: Sequence[str]) -> Comments:
        query = {"api_type": "json", "link_id": link, "children": ",".join(names), **_RAW}
        answer = self.api.ask(f"/api/morechildren{self.ending}", query)
        things = table(table(table(answer.data).get("json")).get("data")).get("things")
        return parse_comments(things, answer.reading(), f"{link} 的评论")


def _join(found: Comments, piece: Comments) -> None:
    """Adds what is not there yet: a branch is given with the comment it hangs on."""
    met = {item.external_id for item in (*found.items, *found.gone) if not isinstance(item, Rejection)}
    found.items.extend(item for item in piece.items if isinstance(item, Rejection) or item.external_id not in met)
    found.gone.extend(gone for gone in piece.gone if gone.external_id not in met)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reddit:
    """Reads a subreddit or a search; links that got comments have all their comments read again."""

    title = "Reddit"
    options = (
        Option("subreddit", "版块名，几个用 + 连接；与 query 至少填一个", placeholder="cars"),
        Option("query", "搜索词；填了 subreddit 则只在其中搜索"),
        Option("client_id", "Reddit 应用的编号；Reddit 实际上要求登记应用"),
        Option("client_secret", "Reddit 应用的密钥", secret=True),
        Option("comments", "也采集评论", type=bool, default=True),
        MAX_PAGES,
        interface_at(_SITE),
        Option("api_url", "登记应用后的接口地址；只在经过自家中转时才改", default=_API, placeholder=_API),
        OWN_SITE,
    )

    path: str
    query: Mapping[str, Any]
    url: str
    api_url: str
    fetch: Fetch
    client: str = field(default="", repr=False)
    with_comments: bool = True
    max_pages: int = 5
    clock: Callable[[], datetime] = utc_now

    @classmethod
    def build(cls, options: Mapping[str, Any], fetch: Fetch) -> "Reddit":
        """A collector of a subreddit or a search. Raises `CollectorNotConfigured`."""
        subreddit = re.sub(r"^/?r/", "", options.get("subreddit") or "").strip("/ ")
        words, client, secret = options.get("query"), options.get("client_id"), options.get("client_secret")
        if not subreddit and not words:
            raise CollectorNotConfigured("选项 subreddit 和 query 至少要填一个。", option="subreddit")
        if subreddit and not re.fullmatch(r"\w{2,50}(\+\w{2,50}){0,50}", subreddit, re.ASCII):
            raise CollectorNotConfigured(
                f"选项 subreddit 的值“{subreddit}”不是版块名，应类似 cars。", option="subreddit"
            )
        if bool(client) != bool(secret):
            raise CollectorNotConfigured(
                "选项 client_id 和 client_secret 要么都填，要么都不填。", option="client_secret"
            )
        root = f"/r/{subreddit}" if subreddit else ""
        search = {"q": words, "sort": "new", "type": "link", **({"restrict_sr": 1} if subreddit else {})}
        return cls(
            path=f"{root}/search" if words else f"{root}/new",
            query={**(search if words else {}), **_RAW},
            url=base_address(options["url"]),
            api_url=base_address(options["api_url"]),
            fetch=fetch,
            client=f"{client}:{secret}" if client else "",
            with_comments=options.get("comments", True),
            max_pages=min(max(options.get("max_pages", 5), 1), _PAGES),
        )

    def collect(self, cursor: Cursor) -> Batch:
        """The links since `cursor`, those known from before as they are now, and the comments of those that moved."""
        fetch = rationed(self.fetch, self.clock, cursor)
        visit, before = self._visit(fetch), dict(cursor.get("threads", {}))
        links, notes = self._list(visit, before)
        away = [name for name in before if name not in links.counts][:_PAGE_SIZE]
        known = visit.named(away)
        counts = links.counts | known.counts
        place = whole(cursor.get("turn")) or 0
        looked_at = turn([name for name in counts if name in before and counts[name]], place, _LOOKED_AT)
        # A first visit, as in a preview, is kept short.
        reread = self._reread(visit, counts, looked_at, before, most=THREADS if before else FIRST_THREADS)
        gone = [*links.gone, *known.gone, *reread.gone]
        kept = {name: mark for name, mark in reread.marks.items() if name not in {post.external_id for post in gone}}
        return to_batch(
            [*links.items, *known.items, *reread.items],
            {"threads": kept, "turn": place + _LOOKED_AT, **fetch.as_cursor()},
            notes=[*notes, *reread.notes],
            gone=gone,
            censuses=reread.censuses,
            more=reread.unread and not fetch.resting,
        )

    def history(self, cursor: Cursor) -> Batch:
        """A page of links further back with their comments; Reddit lists some 1,000. Raises `CollectError`."""
        fetch = rationed(self.fetch, self.clock, cursor)
        visit, after = self._visit(fetch), str(cursor.get("after", ""))
        links = visit.links(
            self.path, urlencode({**self.query, "limit": _PIECE, **({"after": after} if after else {})})
        )
        reread = self._reread(visit, links.counts, (), {}, most=_PIECE)
        if reread.broken_off is not None:
            raise reread.broken_off
        pages = (whole(cursor.get("pages")) or 0) + 1
        return to_batch(
            [*links.items, *reread.items],
            {"after": links.after, "pages": pages, **fetch.as_cursor()},
            notes=reread.notes,
            gone=[*links.gone, *reread.gone],
            censuses=reread.censuses,
            more=bool(links.after) and links.after != after,
        )

    def _visit(self, fetch: Rationed) -> _Visit:
        if not self.client:
            return _Visit(api=Interface(address=self.url, fetch=fetch), ending=".json")
        headers = {"Authorization": f"Bearer {self._token(fetch)}"}
        return _Visit(api=Interface(address=self.api_url, fetch=fetch, headers=headers), ending="")

    def _token(self, fetch: Rationed) -> str:
        """A token for the application alone, no user (RFC 6749, 4.4)."""
        headers = {
            "Authorization": f"Basic {b64encode(self.client.encode()).decode()}",
            "Content-Type": "application/x-www-form-urlencoded",
        }
        address = f"{self.url}/api/v1/access_token"
        try:
            answer = table(read_json(fetch(address, headers=headers, data=b"grant_type=client_credentials"), address))
        except CollectError as error:
            if error.status != 401:
                raise
            answer = {"error": "401"}
        token = word(answer.get("access_token"))
        if not token:
            raise CollectError(
                f"Reddit 没有给出令牌（{word(answer.get('error'))[:100]}）：请检查 client_id 和 client_secret。",
                permanent=True,
            )
        return token

    def _list(self, visit: _Visit, before: Mapping[str, str]) -> tuple[Links, list[Note]]:
        """Page after page until what is known; the first visit takes one."""
        found, known = Links(), set(before)

        def read(url: str) -> Page:
            links = visit.links(self.path, url.partition("?")[2])
            found.gone.extend(links.gone)
            found.counts.update(links.counts)
            # A pinned link is on the first page for ever and says nothing about how far we got.
            known.difference_update(links.pinned)
            return Page(items=links.items, following=self._address(visit, links.after) if links.after else "")

        walked = walk(
            read, self._address(visit, ""), known=known, max_pages=self.max_pages if before else 1, empty_pages=2
        )
        found.items.extend(walked.items)
        notes = list(walked.notes)
        if before and not walked.items and not found.gone:
            notes.append(Note(Sign.DOUBTFUL, "列表是空的，而上次不是；下次若仍是空的，请到网站上看看。"))
        return found, notes

    def _address(self, visit: _Visit, after: str) -> str:
        query = urlencode({**self.query, "limit": _PAGE_SIZE, **({"after": after} if after else {})})
        return f"{visit.api.address}{self.path}?{query}"

    def _reread(
        self,
        visit: _Visit,
        counts: Mapping[str, int],
        looked_at: Sequence[str],
        before: Mapping[str, str],
        *,
        most: int,
    ) -> Rereading:
        marks = {name: str(count) for name, count in counts.items()}
        if not self.with_comments:
            return read_moved(lambda _link: Thread(), marks, before, most=len(marks))
        marks |= dict.fromkeys(looked_at, LOOK)
        return read_moved(lambda link: _thread(visit, link, counts[link]), marks, before, most=most)


def _thread(visit: _Visit, link: str, count: int) -> Thread:
    try:
        comments, are_all = visit.comments(link) if count else (Comments(), True)
    except CollectError as error:
        # The link itself was there: comments that are not found are no sign that it is gone.
        raise CollectError(str(error), permanent=error.permanent, retry_after=error.retry_after) from error
    posts = [item for item in comments.items if isinstance(item, RawPost)]
    ids = frozenset([link, *(post.external_id for post in posts)])
    # When they are as many as the link says it has, there is no other.
    sure = 0 < count <= len(posts) + len(comments.gone)
    note = Note(Sign.GAP, f"帖子 {link} 的评论太多，只读了 {len(posts)} 条。")
    return Thread(
        items=comments.items,
        gone=comments.gone,
        census=Census(ids, thread_id=link, sure=sure) if are_all and len(posts) == len(comments.items) else None,
        notes=() if are_all else (note,),
        mark=str(count),
    )
