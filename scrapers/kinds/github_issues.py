"""Issues of a GitHub repository and the comments on them; pull requests are left out."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode

from scrapers.base import Batch, Census, Cursor, Fetch, Note, Option, RawPost, Rejection, Sign
from scrapers.errors import CollectError, CollectorNotConfigured
from scrapers.fetching.interfaces import Answer, Interface, base_address, interface_at
from scrapers.fetching.limits import Rationed, rationed
from scrapers.reading.answers import rows, table, whole, word
from scrapers.reading.links import linked_query
from scrapers.reading.posts import Fields, Item, Reading, shape_post, to_batch, utc_now
from scrapers.visiting.visits import MAX_PAGES, OWN_SITE

_API = "https://api.github.com"
_FIRST_LOOK = timedelta(days=30)
_KEPT = 300
_COUNTED = 10
_COUNTED_PAGES = 10
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", re.ASCII)
# Templates explain themselves to the author in comments that nobody sees.
_UNSEEN = re.compile(r"<!--.*?(?:-->|$)", re.DOTALL)
_ISSUE = re.compile(r"/issues/(\d{1,12})(?:[#/?]|$)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Rows:
    """What a page gave: posts, when the newest row was last touched, and how many comments each issue has."""

    items: list[Item] = field(default_factory=list)
    newest: str = ""
    counts: dict[str, int] = field(default_factory=dict)


def parse_issues(data: Any, reading: Reading, place: str, *, bots: bool = False) -> Rows:
    """The issues of a page. Raises `CollectError` when it is none.

    `edited_at` stays empty: `updated_at` moves with every label, and whether the words changed is seen by the words.
    """
    found = Rows(newest=_newest(_list(data, place)))
    for number, row in enumerate(data, start=1):
        if "pull_request" in table(row) or not _is_wanted(row, bots):
            continue
        item = _issue(row, reading, f"{place} 第 {number} 条")
        found.items.append(item)
        if isinstance(item, RawPost):
            found.counts[item.external_id] = whole(row.get("comments")) or 0
    return found


def parse_comments(data: Any, reading: Reading, place: str, *, bots: bool = False) -> Rows:
    """The comments of a page, those on pull requests left out. Raises `CollectError` when it is none."""
    found = Rows(newest=_newest(_list(data, place)))
    for number, row in enumerate(data, start=1):
        if "/pull/" not in word(table(row).get("html_url")) and _is_wanted(row, bots):
            found.items.append(_comment(row, reading, f"{place} 第 {number} 条"))
    return found


def _list(data: Any, place: str) -> list[Any]:
    if not isinstance(data, list):
        raise CollectError(f"{place} 返回的不是列表：{word(table(data).get('message'))[:200] or '接口可能改了'}")
    return data


def _newest(data: list[Any]) -> str:
    moments = (word(table(row).get("updated_at")) for row in data)
    return max(filter(_MOMENT.fullmatch, moments), default="")


def _is_wanted(row: Any, bots: bool) -> bool:
    return bots or table(table(row).get("user")).get("type") != "Bot"


def _issue(row: Any, reading: Reading, place: str) -> Item:
    number = whole(table(row).get("number"))
    if number is None or number < 1:
        return Rejection(place, "不是议题（没有编号）")
    name = f"issue-{number}"
    fields = Fields(
        id=name,
        title=word(row.get("title")),
        text=_UNSEEN.sub("", word(row.get("body"))),
        url=word(row.get("html_url")),
        author=word(table(row.get("user")).get("login")),
        created=word(row.get("created_at")),
        thread=name,
    )
    post = shape_post(fields, reading)
    return post if post.text else Rejection(place, "既没有标题也没有正文")


def _comment(row: Any, reading: Reading, place: str) -> Item:
    number = whole(table(row).get("id"))
    issue = _ISSUE.search(word(table(row).get("issue_url")) or word(table(row).get("html_url")))
    if number is None or number < 1 or issue is None:
        return Rejection(place, "不是评论（没有编号，或不知道属于哪个议题）")
    fields = Fields(
        id=f"comment-{number}",
        text=_UNSEEN.sub("", word(row.get("body"))),
        url=word(row.get("html_url")),
        author=word(table(row.get("user")).get("login")),
        created=word(row.get("created_at")),
        # Unlike an issue, a comment is touched only when its words are.
        updated=word(row.get("updated_at")),
        parent=f"issue-{issue[1]}",
        thread=f"issue-{issue[1]}",
    )
    post = shape_post(fields, reading)
    return post if post.text else Rejection(place, "评论里没有文字")


@dataclass(frozen=True, slots=True)
class _Stream:
    """One list of the repository: where it is, what else is asked of it, and how it is read."""

    name: str
    path: str
    query: Mapping[str, Any]
    parse: Callable[..., Rows]


@dataclass(slots=True)
class _Found:
    """What one stream gave in one visit, and where the next visit goes on."""

    since: str
    items: list[Item] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)
    etag: str = ""
    more: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class GithubIssues:
    """Reads the issues and comments of one repository in the order in which they were touched."""

    title = "GitHub Issues"
    options = (
        Option("repo", "仓库：所有者/名称", required=True, placeholder="example/app"),
        Option("token", "访问令牌；没有它每小时只能请求 60 次", secret=True),
        Option("comments", "也采集评论", type=bool, default=True),
        Option("bots", "也采集机器人账号的内容", type=bool, default=False),
        MAX_PAGES,
        interface_at(_API),
        OWN_SITE,
    )

    repo: str
    url: str
    fetch: Fetch
    token: str = ""
    with_comments: bool = True
    bots: bool = False
    max_pages: int = 5
    clock: Callable[[], datetime] = utc_now

    @classmethod
    def build(cls, options: Mapping[str, Any], fetch: Fetch) -> "GithubIssues":
        """A collector of the issues of `repo`. Raises `CollectorNotConfigured`."""
        repo = re.sub(r"^https?://github\.com/|\.git$", "", options["repo"].strip("/ "))
        if not re.fullmatch(r"[\w-]{1,100}/[\w.-]{1,100}", repo, re.ASCII) or repo.endswith(("/.", "/..")):
            raise CollectorNotConfigured(f"选项 repo 的值“{repo}”应是“所有者/名称”，如 example/app。", option="repo")
        return cls(
            repo=repo,
            url=base_address(options["url"]),
            fetch=fetch,
            token=options.get("token") or "",
            with_comments=options.get("comments", True),
            bots=bool(options.get("bots")),
            max_pages=min(max(options.get("max_pages", 5), 1), 50),
        )

    def collect(self, cursor: Cursor) -> Batch:
        """Everything written or touched since `cursor`; the first visit looks back thirty days."""
        fetch = rationed(self.fetch, self.clock, cursor)
        api = self._interface(fetch)
        after: dict[str, Any] = {}
        found: list[_Found] = []
        for stream in self._streams:
            found.append(self._read(api, stream, table(cursor.get(stream.name))))
            after[stream.name] = {"since": found[-1].since, **({"etag": found[-1].etag} if found[-1].etag else {})}
        before = table(cursor.get("counts"))
        shrunk = [name for name, count in found[0].counts.items() if count < (whole(before.get(name)) or 0)]
        counted = {name: found[0].counts[name] for name in shrunk[:_COUNTED] if self.with_comments}
        censuses, notes = self._count(api, counted)
        # Of what was not counted yet the old number is kept, so that it is counted on another visit.
        settled = {census.thread_id for census in censuses}
        counts = {name: count for name, count in found[0].counts.items() if name not in shrunk or name in settled}
        return to_batch(
            [item for part in found for item in part.items],
            {**after, "counts": dict(list({**counts, **before, **counts}.items())[:_KEPT]), **fetch.as_cursor()},
            notes=[*(note for part in found for note in part.notes), *notes],
            censuses=censuses,
            more=any(part.more for part in found) and not fetch.resting,
        )

    def history(self, cursor: Cursor) -> Batch:
        """A page further back, issues first, then comments, each the newest first. Raises `CollectError`."""
        fetch = rationed(self.fetch, self.clock, cursor)
        index = min(max(whole(cursor.get("stream")) or 0, 0), len(self._streams) - 1)
        stream = self._streams[index]
        words = {**stream.query, "sort": "created", "direction": "desc", "per_page": 100}
        answer = self._interface(fetch).ask(stream.path, str(cursor.get("query") or urlencode(words)))
        found = stream.parse(answer.data, answer.reading(), answer.place, bots=self.bots)
        following = linked_query(answer.headers, "next")
        index += not following
        after = {
            "stream": index,
            "query": following,
            "pages": (whole(cursor.get("pages")) or 0) + 1,
            **self._progress(answer, index, following),
            **fetch.as_cursor(),
        }
        return to_batch(found.items, after, more=index < len(self._streams))

    @property
    def _streams(self) -> tuple[_Stream, ...]:
        issues = _Stream("issues", f"/repos/{self.repo}/issues", {"state": "all"}, parse_issues)
        comments = _Stream("comments", f"/repos/{self.repo}/issues/comments", {}, parse_comments)
        return (issues, comments) if self.with_comments else (issues,)

    def _interface(self, fetch: Rationed) -> Interface:
        headers = {"Accept": "application/vnd.github+json"}
        return Interface(
            address=self.url,
            fetch=fetch,
            headers={**headers, **({"Authorization": f"Bearer {self.token}"} if self.token else {})},
        )

    def _read(self, api: Interface, stream: _Stream, before: Mapping[str, Any]) -> _Found:
        """Page after page in the order of touching, each beginning where the one before ended.

        Not by page number where it can be helped: what is touched meanwhile moves to the end, and the rows that move up
        into its place would be skipped.
        """
        since = word(before.get("since")) or (self.clock() - _FIRST_LOOK).strftime("%Y-%m-%dT%H:%M:%SZ")
        found = _Found(since)
        words: str | Mapping[str, Any] = self._words(stream, since)
        validator = {"If-None-Match": word(before.get("etag"))} if before.get("etag") else {}
        for number in range(self.max_pages):
            try:
                answer = api.ask(stream.path, words, headers={} if number else validator)
            except CollectError as error:
                if number == 0 or error.permanent:
                    raise
                found.notes.append(Note(Sign.PAGE_FAILED, f"第 {number + 1} 页没有读到：{error}"))
                return found
            if answer.status == 304:
                found.etag = word(before.get("etag"))
                return found
            following = self._take(found, answer, stream)
            # A validator is good for the very same question only.
            found.etag = answer.headers.get("etag", "")[:200] if number == 0 and found.since == since else ""
            if not following:
                return found
            words = following
        found.more = True
        return found

    def _take(self, found: _Found, answer: Answer, stream: _Stream) -> str | Mapping[str, Any]:
        """Adds a page, and gives what to ask for next or nothing."""
        page = stream.parse(answer.data, answer.reading(), answer.place, bots=self.bots)
        found.items += page.items
        found.counts |= page.counts
        following = linked_query(answer.headers, "next")
        moved = page.newest > found.since
        found.since = max(found.since, page.newest)
        # A hundred rows touched within one second leave no other way than the next page.
        return self._words(stream, found.since) if following and moved else following

    @staticmethod
    def _words(stream: _Stream, since: str) -> dict[str, Any]:
        return {**stream.query, "since": since, "sort": "updated", "direction": "asc", "per_page": 100}

    def _count(self, api: Interface, counts: Mapping[str, int]) -> tuple[list[Census], list[Note]]:
        """All comments of the issues that have fewer than before: which of them are still there."""
        censuses: list[Census] = []
        for name, count in counts.items():
            try:
                ids = self._comments_of(api, name)
            except CollectError as error:
                return censuses, [Note(Sign.PAGE_FAILED, f"没能核对 {name} 的评论：{error}")]
            if ids is not None:
                # When they are as many as the issue says it has, there is no other.
                censuses.append(Census(frozenset([name, *ids]), thread_id=name, sure=0 < count <= len(ids)))
        return censuses, []

    def _comments_of(self, api: Interface, name: str) -> list[str] | None:
        """The ids of an issue's comments, or None where there are too many to read them all."""
        words: str | Mapping[str, Any] = {"per_page": 100}
        ids: list[str] = []
        for _ in range(_COUNTED_PAGES):
            answer = api.ask(f"/repos/{self.repo}/issues/{name.removeprefix('issue-')}/comments", words)
            numbers = map(whole, (table(row).get("id") for row in rows(answer.data)))
            ids += [f"comment-{number}" for number in numbers if number is not None]
            words = linked_query(answer.headers, "next")
            if not words:
                return ids
        return None

    def _progress(self, answer: Answer, index: int, following: str) -> dict[str, float]:
        """How far the past is read, where GitHub tells the number of its pages."""
        if not following:
            return {"progress": round(index / len(self._streams), 3)}
        last, page = (_page_in(linked_query(answer.headers, "last")), _page_in(following) - 1)
        return {"progress": round((index + min(page / last, 1.0)) / len(self._streams), 3)} if last > 0 else {}


def _page_in(query: str) -> int:
    return whole(parse_qs(query).get("page", ["0"])[0]) or 0
