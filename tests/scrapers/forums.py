"""Small forums that answer a fetch as Discourse and NodeBB do, and into which a test may write between two requests."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from scrapers.base import Response
from scrapers.errors import CollectError
from tests.scrapers.conftest import NOW

DAWN = datetime(2026, 8, 1, tzinfo=UTC)
STEP = 1_787_270_400_000


class DiscourseForum:
    """A small Discourse: posts with numbers of their own, in topics; older versions list them by windows of ids."""

    def __init__(self, *, windowed: bool = False) -> None:
        self.posts: dict[int, dict[str, Any]] = {}
        self.topics: dict[int, list[int]] = {}
        self.bumped: dict[int, int] = {}
        self.pinned: set[int] = set()
        self.windowed = windowed
        self.next_id = 1
        self.asked: list[str] = []
        self.trouble: dict[str, Exception] = {}

    def write(self, topic: int, count: int = 1, **more: Any) -> None:
        for _ in range(count):
            number, place = self.next_id, len(self.topics.setdefault(topic, [])) + 1
            self.topics[topic].append(number)
            when = (DAWN + timedelta(minutes=number)).isoformat().replace("+00:00", "Z")
            self.posts[number] = {
                "id": number,
                "topic_id": topic,
                "post_number": place,
                "post_type": 1,
                "cooked": f"<p>帖 {number}</p>",
                "user_id": 7,
                "version": 1,
                "created_at": when,
                "updated_at": when,
                **more,
            }
            self.next_id, self.bumped[topic] = number + 1, number

    def edit(self, number: int, words: str, when: datetime = NOW) -> None:
        self.posts[number] |= {"cooked": f"<p>{words}</p>", "version": 2, "updated_at": when.isoformat()}

    def remove(self, number: int) -> None:
        self.topics[self.posts.pop(number)["topic_id"]].remove(number)

    def __call__(self, url: str, *, headers: Mapping[str, str] | None = None, data: bytes | None = None) -> Response:
        parts = urlsplit(url)
        path, query = unquote(parts.path), parse_qs(parts.query)
        self.asked.append(f"{path}?{unquote(parts.query)}" if parts.query else path)
        if path in self.trouble:
            raise self.trouble[path]
        return Response(url=url, status=200, headers={}, body=json.dumps(self._answer(path, query)).encode())

    def _answer(self, path: str, query: Mapping[str, list[str]]) -> Any:
        if path == "/posts.json":
            return {"latest_posts": self._latest(int(query.get("before", ["0"])[0]))}
        if path.endswith("latest.json"):
            return self._list(int(query["page"][0]), by_age=query.get("order") == ["created"])
        if path.endswith("/posts.json"):
            return {"post_stream": {"posts": [self.posts[int(one)] for one in query["post_ids[]"]]}}
        return self._topic(int(path.removeprefix("/t/").removesuffix(".json")))

    def _latest(self, before: int) -> list[dict[str, Any]]:
        order = sorted((one for one, post in self.posts.items() if not post.get("private")), reverse=True)
        if not self.windowed:
            return [self.posts[one] for one in order if not before or one < before][:50]
        last = before or self.next_id - 1
        return [self.posts[one] for one in order if last - 50 < one <= last]

    def _list(self, page: int, *, by_age: bool) -> Any:
        order = sorted(set(self.topics) - self.pinned, key=lambda topic: -(topic if by_age else self.bumped[topic]))
        shown = [*sorted(self.pinned), *order[page * 30 : (page + 1) * 30]]
        more = {"more_topics_url": "/latest?page=1"} if len(order) > (page + 1) * 30 else {}
        rows = [
            {
                "id": topic,
                "bumped_at": str(self.bumped[topic]),
                "posts_count": len(self.topics[topic]),
                "pinned": topic in self.pinned,
            }
            for topic in shown
        ]
        return {"topic_list": {"topics": rows, **more}}

    def _topic(self, topic: int) -> Any:
        if topic not in self.topics:
            raise CollectError("不存在（404）", status=404)
        stream = self.topics[topic]
        posts = [self.posts[one] for one in stream[:20]]
        return {"title": f"题 {topic}", "post_stream": {"posts": posts, "stream": stream}}


class NodeBbForum:
    """A small NodeBB: topics of posts, twenty to a page, which may change between two requests."""

    def __init__(self, topics: Mapping[int, int]) -> None:
        self.topics = {tid: list(range(tid * 1000, tid * 1000 + count)) for tid, count in topics.items()}
        self.words: dict[int, str] = {}
        self.deleted: set[int] = set()
        self.touched: dict[int, int] = {tid: STEP + tid for tid in topics}
        self.asked: list[str] = []
        self.after: dict[str, Any] = {}

    def reply(self, tid: int, count: int = 1) -> None:
        last = max(self.topics[tid])
        self.topics[tid] += range(last + 1, last + 1 + count)
        self.touched[tid] = max(self.touched.values()) + 1

    def __call__(self, url: str, *, headers: Mapping[str, str] | None = None, data: bytes | None = None) -> Response:
        parts = urlsplit(url)
        path, page = unquote(parts.path).removeprefix("/forum/api/"), int(parse_qs(parts.query)["page"][0])
        self.asked.append(f"{path} {page}")
        answer = self._recent(page) if path == "recent" else self._topic(int(path.split("/")[1]), page)
        self.after.get(f"{path} {page}", lambda: None)()
        return Response(url=url, status=200, headers={}, body=json.dumps(answer).encode())

    def _recent(self, page: int) -> dict[str, Any]:
        order = sorted(self.topics, key=lambda tid: -self.touched[tid])
        shown = [self._head(tid) for tid in order[(page - 1) * 20 : page * 20]]
        return {"topics": shown, "pagination": {"pageCount": max(-(-len(order) // 20), 1)}}

    def _head(self, tid: int) -> dict[str, Any]:
        posts = self.topics[tid]
        return {
            "tid": tid,
            "slug": f"{tid}/题",
            "title": f"题 {tid}",
            "mainPid": tid * 1000,
            "postcount": len(posts),
            "lastposttime": self.touched[tid],
        }

    def _topic(self, tid: int, page: int) -> dict[str, Any]:
        posts = self.topics.get(tid, [])
        pages = max(-(-len(posts) // 20), 1)
        if not posts or page > pages:
            raise CollectError("不存在（404）", status=404)
        shown = [self._post(pid) for pid in posts[(page - 1) * 20 : page * 20]]
        return {**self._head(tid), "posts": shown, "pagination": {"pageCount": pages}}

    def _post(self, pid: int) -> dict[str, Any]:
        return {
            "pid": pid,
            "uid": 7,
            "content": self.words.get(pid, f"<p>帖 {pid}</p>"),
            "timestamp": STEP + pid,
            "deleted": int(pid in self.deleted),
        }
