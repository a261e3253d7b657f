"""GitHub: what was touched since, pull requests and bots left out, validators, allowances and comments that went."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrapers.base import Batch, Census, RawPost, Rejection, Response, Sign
from scrapers.errors import CollectError, CollectorNotConfigured
from scrapers.kinds.github_issues import GithubIssues, parse_comments, parse_issues
from scrapers.reading.posts import Reading
from scrapers.registry import build
from tests.scrapers.conftest import NOW, PAYLOADS, Site, say
from tests.scrapers.fuzzing import THOROUGH, odd_json
from tests.scrapers.polite import FakeTime, polite

READING = Reading(NOW, UTC)
ISSUES = json.loads((PAYLOADS / "github_issues" / "issues.json").read_bytes())
COMMENTS = json.loads((PAYLOADS / "github_issues" / "comments.json").read_bytes())
DAY = datetime(2026, 8, 21, tzinfo=UTC)
REPO = "https://api.github.com/repos/example/app"


def at(minute: int) -> str:
    return (DAY + timedelta(minutes=minute)).strftime("%Y-%m-%dT%H:%M:%SZ")


def issue(number: int, touched: int | None = None, **more: Any) -> dict[str, Any]:
    minutes = {"created_at": at(number), "updated_at": at(number if touched is None else touched)}
    return {"number": number, "title": f"议题 {number}", "comments": 0, **minutes, **more}


def comment(number: int, on: int = 1, **more: Any) -> dict[str, Any]:
    page = f"https://github.com/example/app/issues/{on}#issuecomment-{number}"
    body = {"id": number, "body": f"评论 {number}", "html_url": page, "issue_url": f"{REPO}/issues/{on}"}
    return {**body, "created_at": at(number), "updated_at": at(number), **more}


class Github:
    """A repository that sorts, pages and validates as GitHub does, a few rows a page."""

    def __init__(self, *issues: dict[str, Any], comments: tuple[dict[str, Any], ...] = (), size: int = 2) -> None:
        self.issues = {row["number"]: row for row in issues}
        self.comments = {row["id"]: row for row in comments}
        self.size = size
        self.asked: list[str] = []
        self.sent: list[Mapping[str, str]] = []
        self.headers: dict[str, str] = {}
        self.then: dict[int, Callable[[], Any]] = {}

    def __call__(self, url: str, *, headers: Mapping[str, str] | None = None, data: bytes | None = None) -> Response:
        assert url.startswith(f"{REPO}/issues")
        self.asked.append(url.removeprefix(f"{REPO}/"))
        self.sent.append(headers or {})
        if then := self.then.get(len(self.asked)):
            then()
        parts = urlsplit(url)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        rows = self._rows(parts.path.removeprefix("/repos/example/app/issues").strip("/"), query)
        page = int(query.get("page", 1))
        shown = rows[(page - 1) * self.size : page * self.size]
        etag = f'W/"{hash((url, json.dumps(shown)))}"'
        if (headers or {}).get("If-None-Match") == etag:
            return Response(url, 304, {"etag": etag}, b"")
        links = self._links(query, page, -(-len(rows) // self.size))
        return Response(url, 200, {"etag": etag, **links, **self.headers}, json.dumps(shown).encode())

    def _rows(self, path: str, query: dict[str, str]) -> list[dict[str, Any]]:
        rows = list(self.comments.values() if "comments" in path else self.issues.values())
        if path.endswith("/comments"):
            rows = [row for row in rows if row["issue_url"].endswith(f"/{path.split('/', maxsplit=1)[0]}")]
        rows = [row for row in rows if row["updated_at"] >= query.get("since", "")]
        return sorted(
            rows, key=lambda row: row[f"{query.get('sort', 'created')}_at"], reverse=query.get("direction") == "desc"
        )

    @staticmethod
    def _links(query: dict[str, str], page: int, last: int) -> dict[str, str]:
        def address(number: int) -> str:
            return f"<https://api.github.com/repositories/1/issues?{urlencode({**query, 'page': number})}>"

        more = f'{address(page + 1)}; rel="next", {address(last)}; rel="last"'
        return {"link": more} if page < last else {}


def collector(site: Github, **options: Any) -> GithubIssues:
    made = build("github_issues", {"repo": "example/app", **options}, site)
    assert isinstance(made, GithubIssues)
    return replace(made, clock=lambda: NOW)


def collect(site: Github, cursor: Any = None, **options: Any) -> Batch:
    return collector(site, **options).collect(cursor or {})


def ids(batch: Batch) -> list[str]:
    return [post.external_id for post in batch.posts]


def test_issues_become_posts_and_pull_requests_do_not() -> None:
    found = parse_issues(ISSUES, READING, "issues")
    first, bare = found.items
    assert isinstance(first, RawPost)
    assert isinstance(bare, RawPost)
    assert (first.external_id, first.thread_id, first.author) == ("issue-7", "issue-7", "muyu")
    assert (first.title, first.text) == ("远程空调打不开", "点了没反应，`List<String>` 报错\n\n- 版本 3.2.1")
    assert first.url == "https://github.com/example/app/issues/7"
    assert first.created_at == datetime(2026, 8, 20, 8, tzinfo=UTC)
    assert (bare.text, bare.author) == ("闪退", "")
    assert (found.newest, found.counts) == ("2026-08-21T09:30:00Z", {"issue-7": 2, "issue-10": 0})


def test_an_issue_that_was_touched_is_not_called_edited() -> None:
    assert [item.edited_at for item in parse_issues(ISSUES, READING, "issues").items if isinstance(item, RawPost)] == [
        None,
        None,
    ]


def test_comments_become_posts_of_their_issue() -> None:
    first, none = parse_comments(COMMENTS, READING, "comments").items
    assert isinstance(first, RawPost)
    assert (first.external_id, first.thread_id, first.parent_id) == ("comment-501", "issue-7", "issue-7")
    assert (first.text, first.author) == ("我也是\n> 点了没反应", "qing")
    assert first.edited_at == datetime(2026, 8, 20, 11, tzinfo=UTC)
    assert none == Rejection("comments 第 4 条", "评论里没有文字")


def test_bots_are_read_when_asked_for() -> None:
    assert len(parse_issues(ISSUES, READING, "issues", bots=True).items) == 3
    assert len(parse_comments(COMMENTS, READING, "comments", bots=True).items) == 3


@pytest.mark.parametrize("parse", [parse_issues, parse_comments])
def test_what_is_no_list_says_what_came(parse: Callable[..., Any]) -> None:
    with pytest.raises(CollectError, match="Validation Failed"):
        parse({"message": "Validation Failed"}, READING, "issues")
    assert isinstance(parse([{}], READING, "issues").items[0], Rejection)


def test_every_page_is_read_in_the_order_of_touching() -> None:
    site = Github(*(issue(number) for number in range(1, 6)), comments=(comment(11), comment(12), comment(13)))
    batch = collect(site)
    assert list(dict.fromkeys(ids(batch))) == [
        *(f"issue-{number}" for number in range(1, 6)),
        *(f"comment-{number}" for number in (11, 12, 13)),
    ]
    assert (batch.cursor["issues"]["since"], batch.cursor["comments"]["since"]) == (at(5), at(13))


def test_what_is_touched_while_we_read_makes_nothing_be_skipped() -> None:
    site = Github(*(issue(number) for number in range(1, 6)))
    site.then[2] = lambda: site.issues.update({1: issue(1, 100)})
    assert set(ids(collect(site, comments=False))) == {f"issue-{number}" for number in range(1, 6)}


def test_many_rows_touched_in_one_second_are_all_read() -> None:
    site = Github(*(issue(number, 50) for number in range(1, 8)), issue(9, 60))
    batch = collect(site, comments=False, max_pages=9)
    assert set(ids(batch)) == {*(f"issue-{number}" for number in range(1, 8)), "issue-9"}


def test_the_first_visit_looks_back_thirty_days_and_later_ones_to_the_last() -> None:
    site = Github(issue(1, created_at="2026-01-01T00:00:00Z", updated_at="2026-01-01T00:00:00Z"), issue(2), issue(3))
    first = collect(site, comments=False)
    assert ids(first) == ["issue-2", "issue-3"]
    site.issues[4] = issue(4)
    assert ids(collect(site, first.cursor, comments=False)) == ["issue-3", "issue-4"]


def test_nothing_new_costs_one_validated_question_each() -> None:
    site = Github(issue(1), comments=(comment(11),))
    second = collect(site, collect(site).cursor)
    third = collect(site, second.cursor)
    fourth = collect(site, third.cursor)
    assert ids(second) == ["issue-1", "comment-11"]
    assert (ids(third), third.cursor, fourth.cursor) == ([], second.cursor, second.cursor)
    assert all("If-None-Match" in headers for headers in site.sent[-2:])
    site.issues[2] = issue(2)
    assert "issue-2" in ids(collect(site, fourth.cursor))


def test_what_is_too_much_for_one_visit_is_gone_on_with() -> None:
    site = Github(*(issue(number) for number in range(1, 10)))
    first = collect(site, comments=False, max_pages=2)
    second = collect(site, first.cursor, comments=False, max_pages=9)
    assert (first.more, second.more) == (True, False)
    assert {*ids(first), *ids(second)} == {f"issue-{number}" for number in range(1, 10)}


def fail(error: CollectError) -> Callable[[], None]:
    def now() -> None:
        raise error

    return now


def test_a_page_that_fails_is_where_the_next_visit_begins() -> None:
    site = Github(*(issue(number) for number in range(1, 6)))
    site.then[2] = fail(CollectError("忙"))
    batch = collect(site, comments=False)
    assert (ids(batch), batch.cursor["issues"], batch.notes[0].sign) == (
        ["issue-1", "issue-2"],
        {"since": at(2)},
        Sign.PAGE_FAILED,
    )
    site.then = {len(site.asked) + 1: fail(CollectError("忙"))}
    with pytest.raises(CollectError):
        collect(site, batch.cursor, comments=False)


def test_a_spent_allowance_rests_until_it_is_renewed() -> None:
    site = Github(*(issue(number) for number in range(1, 6)))
    site.headers = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(int(NOW.timestamp()) + 600)}
    batch = collect(site, comments=False)
    assert (ids(batch), batch.more) == (["issue-1", "issue-2"], False)
    with pytest.raises(CollectError, match="约 10 分钟") as raised:
        collect(site, batch.cursor)
    assert (raised.value.retry_after, raised.value.permanent, len(site.asked)) == (600, False, 1)


def test_a_limit_told_as_a_refusal_is_obeyed_too() -> None:
    """GitHub says it as 403 or 429; the client makes either a pause where the headers say that it is one."""
    site = Github(issue(1), comments=(comment(11),))
    site.then[1] = fail(CollectError("限流", retry_after=120, status=403))
    with pytest.raises(CollectError, match="限流") as raised:
        collect(site)
    assert (raised.value.retry_after, raised.value.permanent) == (120, False)


def test_a_limit_that_comes_over_the_wire_as_a_refusal_is_a_pause(site: Site) -> None:
    headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(FakeTime().now) + 900)}
    path = "/repos/example/app/issues?state=all&since=2026-07-23T04%3A00%3A00Z&sort=updated&direction=asc&per_page=100"
    site.routes[path] = say(b'{"message": "API rate limit exceeded"}', status=403, headers=headers)
    made = build("github_issues", {"repo": "example/app", "url": site.address}, polite(FakeTime()))
    assert isinstance(made, GithubIssues)
    with pytest.raises(CollectError) as raised:
        replace(made, clock=lambda: NOW).collect({})
    assert (raised.value.permanent, raised.value.retry_after, raised.value.status) == (False, 900, 403)


def test_an_issue_with_fewer_comments_is_counted() -> None:
    comments = tuple(comment(number) for number in (11, 12, 13))
    site = Github(issue(1, 20, comments=3), comments=comments)
    first = collect(site)
    assert (first.censuses, first.cursor["counts"]) == ((), {"issue-1": 3})
    del site.comments[12]
    site.issues[1] = issue(1, 30, comments=2)
    second = collect(site, first.cursor)
    assert second.censuses == (Census(frozenset({"issue-1", "comment-11", "comment-13"}), "issue-1", sure=True),)
    assert second.cursor["counts"] == {"issue-1": 2}


def test_a_count_that_failed_is_made_on_another_visit() -> None:
    site = Github(issue(1, 30, comments=2), comments=(comment(11), comment(13)))
    site.then[3] = fail(CollectError("忙"))
    first = collect(site, {"counts": {"issue-1": 3}})
    assert (first.notes[0].sign, first.cursor["counts"], first.censuses) == (Sign.PAGE_FAILED, {"issue-1": 3}, ())
    assert len(collect(site, first.cursor).censuses) == 1


def test_an_issue_with_too_many_comments_is_not_counted() -> None:
    comments = tuple(comment(number) for number in range(100, 112))
    site = Github(issue(1, 30, comments=11), comments=comments, size=1)
    assert collect(site, {"counts": {"issue-1": 12}}, max_pages=50).censuses == ()


def test_the_token_is_sent_and_shown_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB", "ghp_secret")
    site = Github(issue(1))
    batch = collect(site, token="env:GITHUB")
    assert site.sent[0]["Authorization"] == "Bearer ghp_secret"
    assert site.sent[0]["Accept"] == "application/vnd.github+json"
    assert "ghp_secret" not in json.dumps(batch.cursor)


def test_the_past_is_read_to_the_first_issue_and_the_first_comment() -> None:
    site = Github(*(issue(number) for number in range(1, 6)), comments=tuple(comment(n) for n in (11, 12, 13)))
    made = collector(site)
    pieces = [made.history({})]
    while pieces[-1].more:
        pieces.append(made.history(pieces[-1].cursor))
    assert [ids(piece) for piece in pieces] == [
        ["issue-5", "issue-4"],
        ["issue-3", "issue-2"],
        ["issue-1"],
        ["comment-13", "comment-12"],
        ["comment-11"],
    ]
    assert [piece.cursor["progress"] for piece in pieces] == [0.167, 0.333, 0.5, 0.75, 1.0]


@pytest.mark.parametrize(
    ("repo", "known"),
    [
        ("example/app", True),
        ("https://github.com/example/app.git", True),
        ("app", False),
        ("a/b/c", False),
        ("a/..", False),
    ],
)
def test_a_repository_is_named_by_owner_and_name(repo: str, known: bool) -> None:
    if known:
        assert collector(Github(), repo=repo).repo == "example/app"
        return
    with pytest.raises(CollectorNotConfigured) as raised:
        collector(Github(), repo=repo)
    assert raised.value.option == "repo"


@pytest.mark.fuzz
@given(st.data())
@THOROUGH
def test_no_answer_breaks_the_reader(data: st.DataObject) -> None:
    for parse, payload in ((parse_issues, ISSUES), (parse_comments, COMMENTS)):
        try:
            items = parse(data.draw(odd_json(payload)), READING, "p").items
        except CollectError:
            continue
        assert all(item.external_id and item.text for item in items if isinstance(item, RawPost))
