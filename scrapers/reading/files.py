"""A table file as posts: which column means what, and one post or one rejection for every row."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from itertools import islice
from pathlib import Path
from zoneinfo import ZoneInfo

from scrapers.base import RawPost, Rejection
from scrapers.reading.posts import Item, Reading, digest, fields_of, shape_post, utc_now
from scrapers.reading.rows import BadRow, Row, Unreadable, read_rows

FIELDS = ("id", "text", "title", "url", "author", "created", "updated", "rating", "parent", "thread")
LINE = "_line"
"""The key in `RawPost.extra` that says at which line of its file the post stood."""

_CHINA = ZoneInfo("Asia/Shanghai")
_MOST_EXTRA = 40

_GUESSES = {
    "text": "内容 正文 评论内容 评论 评价内容 评价 点评内容 投诉内容 帖子内容 反馈内容 问题描述 诉求内容 描述 留言",
    "title": "标题 主题 题目",
    "id": "编号 评论编号 评论id 帖子编号 帖子id 投诉编号 工单号",
    "url": "链接 网址 原文链接 帖子链接",
    "author": "作者 用户 用户名 用户昵称 昵称 发帖人 评论人 投诉人",
    "created": "发布时间 发表时间 评论时间 评价时间 发帖时间 投诉时间 创建时间 提交时间 时间 日期",
    "updated": "修改时间 更新时间 编辑时间",
    "rating": "评分 打分 得分 星级 分数",
    "parent": "父编号 父id 回复编号 回复id 上级id",
    "thread": "主题id 主题编号 话题id",
}
_MORE_GUESSES = {
    "text": "內容 評論內容 評論 評價 投訴內容 問題描述 text content body comment review message description "
    "review_text",
    "title": "標題 主題 title subject headline review_title",
    "id": "編號 id post_id comment_id review_id uuid guid",
    "url": "連結 網址 url link permalink review_link",
    "author": "用戶 暱稱 author user username nickname user_name",
    "created": "發佈時間 發表時間 時間 created created_at date time datetime published published_at timestamp "
    "review_submit_date_and_time",
    "updated": "修改時間 更新時間 updated updated_at edited_at modified review_last_update_date_and_time",
    "rating": "評分 星級 rating score stars star star_rating",
    "parent": "parent parent_id reply_to",
    "thread": "thread thread_id topic_id",
}
_LOOSE = (".jsonl", ".ndjson", ".jsonl.gz", ".ndjson.gz")


def guess_columns(columns: list[str], mapping: Mapping[str, str]) -> dict[str, str]:
    """Which column holds which field: as `mapping` says, else by its name; a lone column is the text."""
    chosen = {field: column for field, column in mapping.items() if column}
    plain = {column.strip().lower().replace(" ", "_"): column for column in reversed(columns)}
    for field, names in _GUESSES.items():
        known = f"{names} {_MORE_GUESSES[field]}".split()
        found = next((plain[name] for name in known if name in plain), None)
        if field not in chosen and found is not None and found not in chosen.values():
            chosen[field] = found
    if len(columns) == 1:
        chosen.setdefault("text", columns[0])
    return chosen


def read_file(
    path: Path,
    mapping: Mapping[str, str],
    start: int = 0,
    limit: int | None = None,
    *,
    now: datetime | None = None,
    zone: tzinfo = _CHINA,
    rating_scale: float | None = None,
) -> Iterator[Item]:
    """One post or rejection for each row that is not blank, in order, from row `start` on, at most `limit`.

    `mapping` says which column holds which of `FIELDS`; the rest is guessed. A file that cannot be read, or not
    further, gives one rejection. Never raises for what is in the file.
    """
    reading = Reading(now or utc_now(), zone, rating_scale)
    return islice(_items(path, mapping, reading, start), None if limit is None else max(limit, 0))


def _items(path: Path, mapping: Mapping[str, str], reading: Reading, start: int) -> Iterator[Item]:
    columns, names = _Columns(mapping, loose=path.name.lower().endswith(_LOOSE)), _Names()
    count = 0
    try:
        for count, row in enumerate(read_rows(path), start=1):
            words = columns.words_of(row) if isinstance(row, Row) else {}
            name = names.name_for(words)
            # Rows already done are only named, so that going on in a large file costs little.
            if count > start:
                yield _item(path.name, row, words, name, columns, reading)
    except Unreadable as problem:
        if count >= start:
            yield Rejection(path.name, str(problem))
    except OSError as problem:
        if count >= start:
            yield Rejection(path.name, f"打不开：{problem.strerror or problem}")


class _Columns:
    """Which columns hold which fields: once for a table, for every shape of row in JSON Lines."""

    def __init__(self, mapping: Mapping[str, str], *, loose: bool) -> None:
        self._mapping, self._loose = mapping, loose
        self._chosen: dict[tuple[str, ...], dict[str, str]] = {}
        self._table: dict[str, str] | None = None

    def words_of(self, row: Row) -> dict[str, str]:
        """The row's cells by field. Raises `Unreadable` for a table that has no column of words."""
        return {field: row.cells.get(column, "") for field, column in self._chosen_for(row).items()}

    def rest_of(self, row: Row) -> dict[str, str]:
        """The cells that no field takes, by column."""
        used = set(self._chosen_for(row).values())
        rest = {column[:100]: cell[:1000] for column, cell in row.cells.items() if column not in used and cell.strip()}
        return dict(list(rest.items())[:_MOST_EXTRA])

    def absent_from(self, row: Row) -> str:
        """A column that was named and that the row has not, or nothing."""
        return next((column for column in self._chosen_for(row).values() if column not in row.cells), "")

    def _chosen_for(self, row: Row) -> dict[str, str]:
        if self._table is not None:
            return self._table
        shape = tuple(row.cells)
        if shape not in self._chosen:
            self._chosen = {shape: guess_columns(list(shape), self._mapping), **dict(list(self._chosen.items())[:50])}
        if not self._loose:
            self._table = self._chosen[shape]
            _check_columns(self._table, row)
        return self._chosen[shape]


class _Names:
    """Gives the rows of one file ids that hide none of them."""

    def __init__(self) -> None:
        # Numbers instead of the words themselves: a million rows must fit into memory.
        self._twins: Counter[int] = Counter()
        self._words: dict[int, int] = {}

    def name_for(self, words: Mapping[str, str]) -> "_Name":
        """The row's own id, and what it takes to tell it from earlier rows; asked once for every row in order."""
        given = words.get("id", "").strip() or words.get("url", "").strip()
        own = (words.get("author", "").strip(), words.get("title", "").strip(), words.get("text", "").strip())
        if not given:
            # Rows without an id are named by their words; ten rows of the same words stay ten.
            self._twins[hash(own)] += 1
            count = self._twins[hash(own)]
            return _Name(given="", own=own, suffix="" if count == 1 else f"~{count}")
        # A row that repeats both id and words is the same post again; one that repeats the id alone is not.
        same = self._words.setdefault(hash(given), hash(own)) == hash(own)
        return _Name(given=given, own=own, suffix="" if same else f"~{digest(*own)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Name:
    given: str
    own: tuple[str, str, str]
    suffix: str

    def settle(self, post: RawPost) -> RawPost:
        base = post.external_id if self.given else f"sha:{digest(*self.own)}"
        return replace(post, external_id=f"{base}{self.suffix}")


def _check_columns(chosen: Mapping[str, str], row: Row) -> None:
    if "text" not in chosen and "title" not in chosen:
        raise Unreadable(
            f"找不到正文列；表头有：{'、'.join(list(row.cells)[:20])}。请用选项 text 指明哪一列是正文（text=列名）"
        )


def _item(
    file: str, row: Row | BadRow, words: Mapping[str, str], name: _Name, columns: _Columns, reading: Reading
) -> Item:
    place = f"{file} 第 {row.line} 行"
    if isinstance(row, BadRow):
        return Rejection(place, row.reason)
    if not words.get("text", "").strip() and not words.get("title", "").strip():
        absent = columns.absent_from(row)
        why = f"没有“{absent}”这一列" if absent else "正文是空的（若是公式，请在 Excel 里算出结果并保存）"
        return Rejection(place, why)
    post = shape_post(fields_of(words, {**columns.rest_of(row), LINE: str(row.line)}), reading)
    return name.settle(post) if post.text else Rejection(place, "正文里没有可读的文字")
