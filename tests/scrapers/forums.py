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
        self.ended: set[int] = set()
        self.asked: list[str] = []
        self.trouble: dict[str, Exception] = {}

    def write(self, topic: int, count: int = 1, **more: Any) -> None:
        """Adds posts to a topic, or opens it; one that was deleted never comes back."""
        for _ in range(count if topic not in self.ended else 0):
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
        """Deletes a post; with its opening post goes the topic."""
        topic = self.posts[number]["topic_id"]
        if self.topics[topic][0] == number:
            self.remove_topic(topic)
        else:
            del self.posts[number]
            self.topics[topic].remove(number)

    def remove_topic(self, topic: int) -> None:
        self.ended.add(topic)
        for number in self.topics.pop(topic):
            del self.posts[number]

    def withdraw(self, number: int) -> None:
        """Deletes a post as its author does: for a day it stays in its place."""
        self.posts[number]["user_deleted"] = True

    def texts(self) -> dict[str, str]:
        """The text of each post that is not deleted."""
        return {
            str(number): post["cooked"].removeprefix("<p>").removesuffix("</p>")
            for number, post in self.posts.items()
            if not post.get("user_deleted")
        }

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
        begun = posts[0]["created_at"]
        return {"title": f"题 {topic}", "created_at": begun, "post_stream": {"posts": posts, "stream": stream}}


class NodeBbForum:
    """A small NodeBB: topics of posts, twenty to a page, which may change between two requests."""

    def __init__(self, topics: Mapping[int, int]) -> None:
        self.topics: dict[int, list[int]] = {}
        self.words: dict[int, str] = {}
        self.deleted: set[int] = set()
        self.touched: dict[int, int] = {}
        self.next_id: dict[int, int] = {}
        self.ended: set[int] = set()
        self.asked: list[str] = []
        self.after: dict[str, Any] = {}
        for tid, count in topics.items():
            self.write(tid, count)
            self.touched[tid] = STEP + tid

    def write(self, topic: int, count: int = 1) -> None:
        """Adds posts to a topic, or opens it; one that was deleted never comes back."""
        if topic in self.ended:
            return
        start = self.next_id.get(topic, topic * 10_000)
        self.next_id[topic] = start + count
        self.topics[topic] = [*self.topics.get(topic, []), *range(start, start + count)]
        self.touched[topic] = max(self.touched.values(), default=STEP) + 1

    def edit(self, number: int, words: str, _when: datetime = NOW) -> None:
        self.words[number] = f"<p>{words}</p>"

    def remove(self, number: int) -> None:
        """Purges a post; with its opening post goes the topic."""
        topic = number // 10_000
        if self.topics[topic][0] == number:
            self.remove_topic(topic)
        else:
            self.topics[topic].remove(number)

    def remove_topic(self, topic: int) -> None:
        self.ended.add(topic)
        del self.topics[topic]

    def withdraw(self, number: int) -> None:
        """Deletes a post, which keeps its row."""
        self.deleted.add(number)

    def texts(self) -> dict[str, str]:
        """The text of each post that is not deleted."""
        listed = (pid for posts in self.topics.values() for pid in posts if pid not in self.deleted)
        return {str(pid): self._words(pid).removeprefix("<p>").removesuffix("</p>") for pid in listed}

    def _words(self, pid: int) -> str:
        return self.words.get(pid, f"<p>帖 {pid}</p>")

    def __call__(self, url: str, *, headers: Mapping[str, str] | None = None, data: bytes | None = None) -> Response:
        parts = urlsplit(url)
        path, page = unquote(parts.path).partition("/api/")[2], int(parse_qs(parts.query)["page"][0])
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
            "mainPid": posts[0],
            "postcount": len(posts),
            "timestamp": STEP + posts[0],
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
            "content": self._words(pid),
            "timestamp": STEP + pid,
            "deleted": int(pid in self.deleted),
        }


def discuz_item(number: int, description: bytes = b"", title: bytes = b"t") -> bytes:
    """One thread in the RSS of a Discuz! board."""
    link = f"https://www.bbs.example/forum.php?mod=viewthread&amp;tid={number}".encode()
    return (
        b"<item><title>" + title + b"</title><link>" + link + b"</link><description><![CDATA[" + description
        + b"]]></description><author>a</author><pubDate>Fri, 21 Aug 2026 01:30:00 +0000</pubDate></item>"
    )  # fmt: skip


def discuz_feed(*items: bytes) -> bytes:
    """The RSS of a Discuz! board."""
    head = b'<?xml version="1.0" encoding="gbk"?><rss version="2.0"><channel>'
    return head + b"".join(items) + b"</channel></rss>"


def discuz_message(words: str) -> str:
    """A page on which a Discuz! board says something instead of showing what was asked for."""
    return (
        "<html><body><form id='lsform'><input type='password' id='ls_password' /></form>"
        f"<div id='messagetext' class='alert_error'><p>{words}</p></div></body></html>"
    )


class DiscuzBoard:
    """A small Discuz!: threads of posts, ten to a page."""

    def __init__(self, threads: Mapping[int, int]) -> None:
        self.topics: dict[int, list[int]] = {}
        self.words: dict[int, str] = {}
        self.banned: set[int] = set()
        self.shut: dict[int, str] = {}
        self.next_id: dict[int, int] = {}
        self.ended: set[int] = set()
        self.asked: list[str] = []
        for tid, count in threads.items():
            self.write(tid, count)

    def write(self, topic: int, count: int = 1) -> None:
        """Adds posts to a topic, or opens it; one that was deleted never comes back."""
        if topic in self.ended:
            return
        start = self.next_id.get(topic, topic * 10_000)
        self.next_id[topic] = start + count
        self.topics[topic] = [*self.topics.get(topic, []), *range(start, start + count)]

    def edit(self, number: int, words: str, _when: datetime = NOW) -> None:
        self.words[number] = words

    def remove(self, number: int) -> None:
        """Deletes a post; with its opening post goes the thread."""
        topic = number // 10_000
        if self.topics[topic][0] == number:
            self.remove_topic(topic)
        else:
            self.topics[topic].remove(number)

    def remove_topic(self, topic: int) -> None:
        self.ended.add(topic)
        del self.topics[topic]

    def withdraw(self, number: int) -> None:
        """Takes a post down, of which the page then says so."""
        self.banned.add(number)

    def texts(self) -> dict[str, str]:
        """The text of each post that is not taken down."""
        return {
            f"forum.example/{tid}" if pid == posts[0] else f"forum.example/{tid}/{pid}": self._words(pid)
            for tid, posts in self.topics.items()
            for pid in posts
            if pid not in self.banned
        }

    def _words(self, pid: int) -> str:
        return self.words.get(pid, f"帖 {pid}")

    def __call__(self, url: str, *, headers: Mapping[str, str] | None = None, data: bytes | None = None) -> Response:
        query = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        self.asked.append(urlsplit(url).query)
        body = {"rss": self._rss, "forumdisplay": self._list, "viewthread": self._thread}[query["mod"]](query)
        return Response(url=url, status=200, headers={}, body=body.encode())

    def _rss(self, _query: Mapping[str, str]) -> str:
        return discuz_feed(*(discuz_item(tid, b"...") for tid in sorted(self.topics, reverse=True)[:20])).decode()

    def _list(self, _query: Mapping[str, str]) -> str:
        return "<table>" + "".join(
            f"<tbody id='normalthread_{tid}'><tr><td class='num'><a>{len(posts) - 1}</a></td></tr></tbody>"
            for tid, posts in self.topics.items()
        )

    def _thread(self, query: Mapping[str, str]) -> str:
        tid, page = int(query["tid"]), int(query.get("page", "1"))
        if tid in self.shut or tid not in self.topics:
            return discuz_message(self.shut.get(tid, "抱歉，指定的主题不存在或已被删除或正在被审核"))
        posts = self.topics[tid]
        pages = -(-len(posts) // 10)
        # Beyond the last page the board shows the last one.
        start = (min(page, pages) - 1) * 10
        shown = "".join(self._post(pid) for pid in posts[start : start + 10])
        bar = f"<div class='pg'><label><span title='共 {pages} 页'> / {pages} 页</span></label></div>"
        counts = f"<div class='hm'>查看: <span>9</span>|回复: <span>{len(posts) - 1}</span></div>" if page == 1 else ""
        head = f"{bar if pages > 1 else ''}{counts}<span id='thread_subject'>题 {tid}</span>"
        return f"<html><body>{head}{shown}</body></html>"

    def _post(self, pid: int) -> str:
        body = f"<p id='postmessage_{pid}'>{self._words(pid)}</p>"
        if pid in self.banned:
            body = "<div class='locked'>提示: <em>作者被禁止或删除 内容自动屏蔽</em></div>"
        return f"<div id='post_{pid}'><em id='authorposton{pid}'>发表于 2026-8-21 10:00</em>{body}</div>"
