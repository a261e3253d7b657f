"""What a Discuz! board shows: the RSS of new threads, a forum's list of threads, and a thread's pages.

Written after the standard templates of Discuz! X2 to X3.5; a board with a theme of its own may need the `html` kind.
"""

import codecs
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode

from scrapers.base import Gone, Rejection
from scrapers.errors import CollectError
from scrapers.reading.charsets import decode, sniff_charset
from scrapers.reading.cutting import cut
from scrapers.reading.feeds import read_entries
from scrapers.reading.markup import clean_text, is_web_page, parse_html, text_of
from scrapers.reading.pages import refuse_wall
from scrapers.reading.posts import Fields, Item, Reading, shape_post

_THREAD = re.compile(r"(?:[?&;]tid=|\bthread-|\btid-)(\d{1,12})\b")
_OFF = re.compile(
    r"RSS[^<>]{0,40}(?:Disabled|关闭|關閉|未开启|未開啟)|(?:关闭|關閉|未开启|未開啟)[^<>]{0,20}RSS", re.IGNORECASE
)
_NO_FORUM = re.compile(r"forum not found|版块不存在|版塊不存在|没有找到", re.IGNORECASE)
_MESSAGE = "#messagetext, .alert_error, .alert_info, .alert_nofunc"
_POST = re.compile(r"post_(\d{1,12})")
_LISTED = re.compile(r"(?:normal|stick)thread_(\d{1,12})")
_EDITED = re.compile(r"本帖最[后後]由.*[于於]\s*(\S.{4,40}?)\s*[编編][辑輯]", re.DOTALL)
_WRITTEN = re.compile(r"(?:发表于|發表於|Posted on)\s*", re.IGNORECASE)
_REPLIES = re.compile(r"回[复復覆][:：]\s*(\d{1,7})")
_TAKEN_DOWN = re.compile(r"作者被禁止|内容自动屏蔽|內容自動屏蔽|被管理员或版主屏蔽|被管理員或版主屏蔽")
_MISSING = re.compile(r"不存在|已被删除|已被刪除|not exist", re.IGNORECASE)
_SHUT = re.compile(r"登[录錄入陆陸]|[权權]限|用户组|用戶組|密码|密碼|log ?in|permission", re.IGNORECASE)
_NOBODY = frozenset({"", "Anonymous", "anonymous", "匿名", "匿名者", "游客", "遊客", "Guest"})
# Quotes, hidden parts that ask for a reply, notes on attachments, noise against copying: not the author's words.
_NOT_WORDS = (
    "div.quote, div.locked, i.pstatus, ignore_js_op, div.attach_nopermission, div.tip, div.pattl, div.modact, "
    ".jammer, .blockcode em, .showhide h4, [style*='display:none'], [style*='display: none']"
)


def thread_number(link: str) -> str:
    """A thread's number in its address, in the plain form and in the rewritten one; "" when it has none."""
    found = _THREAD.search(link)
    return found[1] if found else ""


def thread_name(link: str, root: str) -> str:
    """The name of a thread's opening post: host and number, since Discuz! gives its items no guid."""
    number = thread_number(link)
    return f"{host_of(link) or host_of(root)}/{number}" if number else ""


def host_of(link: str) -> str:
    """The host in an address, without www."""
    try:
        return (urlsplit(link).hostname or "").removeprefix("www.")
    except ValueError:
        return ""


def parse_rss(body: bytes, reading: Reading, *, place: str, charset: str = "") -> list[Item]:
    """The newest threads. Raises `CollectError`, permanent when the board has switched its RSS off."""
    text = decode(_whole_characters(body), charset)
    _refuse_off(text, place)
    items: list[Item] = []
    for number, entry in enumerate(read_entries(text, place), start=1):
        link = entry.url.strip()
        fields = replace(
            entry,
            id=thread_name(link, place) or entry.id,
            url=link,
            # The excerpt is cut by bytes, and what is left of a character stands for nothing.
            text=entry.text.rstrip("\ufffd "),
            author="" if entry.author in _NOBODY else entry.author,
            thread=thread_number(link),
        )
        post = shape_post(fields, reading)
        items.append(post if post.text else Rejection(f"{place} 第 {number} 条", "既没有标题也没有正文"))
    return items


def _whole_characters(body: bytes) -> bytes:
    """The feed without halves of characters at the end of a section.

    An excerpt cut by bytes may end in the first half of a Chinese character, which then takes the bracket that follows
    for its second: the section has no end any more, and swallows the item after it.
    """
    charset = sniff_charset(body)
    if charset.startswith(("utf-16", "utf-32")):
        return body
    head, *sections = body.split(b"<![CDATA[")
    parts = [section.partition(b"]]>") for section in sections]
    return head + b"".join(b"<![CDATA[" + _without_half(inner, charset) + end + rest for inner, end, rest in parts)


def _without_half(inner: bytes, charset: str) -> bytes:
    reader = codecs.getincrementaldecoder(charset)("replace")
    reader.decode(inner)
    half = reader.getstate()[0]
    return inner[: len(inner) - len(half)] if half and inner.endswith(half) else inner


def _refuse_off(text: str, place: str) -> None:
    """Raises what a page or a sentence in place of the RSS means."""
    page = parse_html(text) if is_web_page(text) else None
    said = _spoken(page) if page is not None else clean_text(text[:2000])
    if not said or (page is None and "<" in said):
        return
    if _NO_FORUM.search(said[:200]):
        raise CollectError(f"{place}：论坛说没有这个版块（“{said[:60]}”），请检查版块编号 forum。", permanent=True)
    if page is None or _OFF.search(said):
        raise CollectError(
            f"{place}：论坛关闭了 RSS 订阅（“{said[:60]}”）。这不是没有新帖，而是看不到；"
            "请论坛管理员在后台打开 RSS，或改用 html 类型读列表页。",
            permanent=True,
        )
    _explain(page, place, "RSS 地址给出的是网页，没有看到主题列表。请填论坛首页的网址，如 https://bbs.example.com/。")


def _spoken(page: LexborHTMLParser) -> str:
    told = page.css_first(_MESSAGE)
    node = told if told is not None else page.body
    return text_of(node).replace("\n", " ")[:2000] if node is not None else ""


def parse_threads(markup: str) -> dict[str, str]:
    """The threads in a forum's list, each with a mark that moves when somebody replies."""
    tree = parse_html(markup)
    found: dict[str, str] = {}
    for row in tree.css("tbody[id]") if tree is not None else ():
        name = _LISTED.fullmatch(row.attributes.get("id") or "")
        if name:
            replies, last = row.css_first("td.num a"), row.css("td.by em span[title]")
            # The time of the last reply is exact in a title, or else "3 分钟前", which moves by itself.
            when = last[-1].attributes.get("title") or "" if last else ""
            found[name[1]] = f"{text_of(replies)[:12] if replies is not None else ''}/{when[:20]}"
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadPage:
    """One page of a thread: its posts, those taken down, the ids of all, and how many pages there are."""

    items: Sequence[Item]
    gone: Sequence[Gone]
    ids: frozenset[str]
    pages: int
    posts: int = 0
    """How many posts the thread has by its first page, comments on posts included; 0 where it does not say."""


def parse_thread(markup: str, reading: Reading, *, url: str, root: str, thread: str, page: int = 1) -> ThreadPage:
    """The posts on a page. Raises `CollectError`: 404 for a deleted thread, permanent for a closed one."""
    tree = parse_html(markup)
    if tree is None:
        raise CollectError(f"{url} 的网页嵌套过深，不是正常的页面，已放弃读取。")
    found = [(block, pid[1]) for block in tree.css("div[id]") if (pid := _POST.fullmatch(_id_of(block)))]
    if not found:
        _explain(tree, url, "上没有找到帖子：论坛的模板不是标准的 Discuz! X，可改用 html 类型并自己写选择器。")
    subject = tree.css_first("#thread_subject")
    title = text_of(subject) if subject is not None else ""
    items: list[Item] = []
    gone: list[Gone] = []
    ids: set[str] = set()
    for number, (block, post) in enumerate(found, start=1):
        # The opening post is named as in the RSS, so that it is one and the same post by either way.
        opening = page == 1 and number == 1
        name = f"{host_of(root)}/{thread}" if opening else f"{host_of(root)}/{thread}/{post}"
        ids.add(name)
        told = _taken_down(block, post)
        if told:
            gone.append(Gone(name, told))
            continue
        address = _address(root, thread, "" if opening else post)
        fields = replace(_fields(block, post), id=name, title=title if opening else "", thread=thread, url=address)
        items.append(_shaped(fields, reading, f"{url} 第 {number} 楼"))
    return ThreadPage(items=items, gone=gone, ids=frozenset(ids), pages=_pages(tree, page), posts=_posts(tree))


def _id_of(node: LexborNode) -> str:
    return node.attributes.get("id") or ""


def _address(root: str, thread: str, pid: str) -> str:
    if pid:
        return f"{root}/forum.php?mod=redirect&goto=findpost&ptid={thread}&pid={pid}"
    return f"{root}/forum.php?mod=viewthread&tid={thread}"


def _shaped(fields: Fields, reading: Reading, place: str) -> Item:
    if not fields.text and not fields.title:
        return Rejection(place, "除了引用、图片和要回复才可见的内容，没有别的文字")
    post = shape_post(fields, reading)
    return post if post.text else Rejection(place, "正文里没有可读的文字")


def _explain(page: LexborHTMLParser, url: str, otherwise: str) -> None:
    """Raises what a page that does not show what was asked for means: the board says it in its own words."""
    words = _spoken(page)[:100] if page.css_first(_MESSAGE) is not None else ""
    if _SHUT.search(words):
        raise CollectError(
            f"{url} 要登录或有权限才能看：“{words}”。来源被拦住了，并非没有新帖；请取得授权，或关掉 replies 只读 RSS。",
            permanent=True,
        )
    if _MISSING.search(words):
        raise CollectError(f"{url}：论坛说已经没有了（“{words}”）。", status=404)
    if words:
        raise CollectError(f"{url} 没有给出帖子，只说：“{words}”。")
    # Every page of a board has a small form for signing in at its top, which makes it no wall.
    cut(page.css("#lsform"))
    refuse_wall(page.html or "", url)
    raise CollectError(f"{url} {otherwise}")


def _taken_down(block: LexborNode, pid: str) -> str:
    """How the page says that a post is gone, or ""."""
    if block.css_first(f"#postmessage_{pid}") is not None:
        return ""
    told = block.css_first("div.locked")
    words = text_of(told) if told is not None else ""
    return f"页面注明：{words[:60]}" if _TAKEN_DOWN.search(words) else ""


def _fields(block: LexborNode, pid: str) -> Fields:
    body = block.css_first(f"#postmessage_{pid}")
    status = body.css_first("i.pstatus") if body is not None else None
    edited = _EDITED.search(text_of(status)) if status is not None else None
    if body is not None:
        cut(body.css(_NOT_WORDS))
    return Fields(
        text=text_of(body) if body is not None else "",
        author=_author(block),
        created=_created(block, pid),
        updated=edited[1] if edited else "",
    )


def _author(block: LexborNode) -> str:
    for link in block.css(".authi a[href]"):
        name = text_of(link)
        if re.search(r"mod=space&(?:amp;)?uid=|space-uid-|space-username-", link.attributes.get("href") or "") and name:
            return "" if name in _NOBODY else name
    return ""


def _created(block: LexborNode, pid: str) -> str:
    """When a post was written: the exact time in a title where the page says "3 天前"."""
    told = block.css_first(f"#authorposton{pid}") or block.css_first(".authi em")
    if told is None:
        return ""
    exact = told.css_first("span[title]")
    return (exact.attributes.get("title") or "") if exact is not None else _WRITTEN.sub("", text_of(told)).strip()


def _pages(tree: LexborHTMLParser, page: int) -> int:
    """How many pages the thread has, by the numbers in the bar for turning them."""
    numbers = [page]
    for node in tree.css("div.pg a, div.pg strong, div.pg label span[title]"):
        said = f"{node.attributes.get('title') or ''} {node.text() or ''}"
        # "下一页" bears no number, "... 12" and "/ 5 页" do.
        numbers += [int(number) for number in re.findall(r"\d{1,5}", said)]
    return max(numbers)


def _posts(tree: LexborHTMLParser) -> int:
    for counts in tree.css("div.hm"):
        replies = _REPLIES.search(text_of(counts))
        if replies:
            return int(replies[1]) + 1
    return 0
