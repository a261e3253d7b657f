"""`config/imports/*.toml`: what the tables look like that platforms let their merchants and owners download."""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from monitor.domain.errors import ConfigError, NotFound
from monitor.tables import Table, read_toml
from scrapers.base import RawPost, Rejection

FIELD_NAMES = {
    "text": "正文",
    "title": "标题",
    "id": "编号",
    "url": "链接",
    "author": "作者",
    "created": "发布时间",
    "updated": "修改时间",
    "rating": "评分",
    "parent": "上级编号",
    "thread": "主题编号",
}
"""The fields of a post that a column can hold, as people call them."""

RATING_WORD = "rating_words"
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_LOST_DIGITS = re.compile(r"\d\.\d+E\+\d+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ImportTemplate:
    """How one platform's downloaded table is read."""

    name: str
    title: str
    where: str
    """Where in the back office the table is found."""
    no_scraper: str
    """Why there is no collector for the platform."""
    columns: Mapping[str, tuple[str, ...]]
    """Field → the names its column may have, the commonest first."""
    more: Mapping[str, tuple[str, ...]]
    """Label → names of a column whose words are added to the text, such as a review's later addition."""
    rating_columns: tuple[str, ...]
    """Names of a column that rates in words."""
    rating_words: Mapping[str, float]
    rating_scale: float | None
    zone: ZoneInfo
    dropped: tuple[str, ...]
    """Columns with personal data that are not read."""
    notes: tuple[str, ...]
    example: Mapping[str, str]
    """One invented row, by field, label and `RATING_WORD`."""

    @property
    def headings(self) -> dict[str, tuple[str, ...]]:
        """Every column the template looks for: field, label or `RATING_WORD` → its possible names."""
        words = {RATING_WORD: self.rating_columns} if self.rating_columns else {}
        return {**self.columns, **self.more, **words}

    def called(self, key: str) -> str:
        """What people call a column of `headings`."""
        return FIELD_NAMES.get(key, "评分（文字）" if key == RATING_WORD else key)


@dataclass(frozen=True, slots=True)
class Choice:
    """Which columns of one table were recognised: field, label or `RATING_WORD` → column."""

    found: Mapping[str, str]
    missing: tuple[str, ...]
    """What the template looked for in vain."""

    @property
    def mapping(self) -> dict[str, str]:
        """The columns that hold a field of a post."""
        return {key: column for key, column in self.found.items() if key in FIELD_NAMES}


def load_templates(*folders: Path) -> dict[str, ImportTemplate]:
    """The templates in these folders by name, later folders first; `generic` stands last.

    Raises `ConfigError` naming file, key and what was expected.
    """
    files = {path.stem: path for folder in folders for path in sorted(folder.glob("*.toml"))}
    names = sorted(files, key=lambda name: (name == "generic", name))
    return {name: _template(name, read_toml(files[name])) for name in names}


def template_named(templates: Mapping[str, ImportTemplate], name: str) -> ImportTemplate:
    """The template of this name. Raises `NotFound` naming those there are."""
    if name not in templates:
        raise NotFound(f"没有名为“{name}”的导入模板；有的是：{'、'.join(templates)}")
    return templates[name]


def _template(name: str, table: Table) -> ImportTemplate:
    rated, scale = table.table(RATING_WORD), table.take("rating_scale", float, 0.0)
    template = ImportTemplate(
        name=name,
        title=table.take("title", str),
        where=table.take("where", str),
        no_scraper=table.take("no_scraper", str),
        columns=_names(table, "columns"),
        more=_names(table, "more"),
        rating_columns=rated.words("columns"),
        rating_words=_scores(rated, scale),
        rating_scale=scale or None,
        zone=_zone(table),
        dropped=table.words("dropped"),
        notes=table.words("notes"),
        example=_texts(table.table("example")),
    )
    table.finish()
    rated.finish()
    _check(template, table.place)
    return template


def _names(table: Table, key: str) -> dict[str, tuple[str, ...]]:
    inner = table.table(key)
    return {name: inner.words(name) for name in inner.items()}


def _texts(table: Table) -> dict[str, str]:
    return {key: table.take(key, str) for key in table.items()}


def _scores(table: Table, scale: float) -> dict[str, float]:
    words = table.table("words")
    scores = {word: words.take(word, float) for word in words.items()}
    for word, score in scores.items():
        if not 0 <= score <= scale:
            raise ConfigError(f"{words.place}：{word} 应在 0 和 rating_scale（{scale:g}）之间，给的是 {score:g}")
    return scores


def _zone(table: Table) -> ZoneInfo:
    name = table.take("timezone", str, "Asia/Shanghai")
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ConfigError(f"{table.place}：timezone 应为时区名，如 Asia/Shanghai，给的是 {name!r}") from error


def _check(template: ImportTemplate, place: str) -> None:
    """Raises `ConfigError` for a template that contradicts itself."""
    if not _NAME.fullmatch(template.name):
        raise ConfigError(f"{place}：文件名应由小写字母、数字和下划线组成")
    for field in template.columns:
        if field not in FIELD_NAMES:
            raise ConfigError(f"{place}：[columns] 里不认识的 {field}；可以写的有 {'、'.join(FIELD_NAMES)}")
    for label in template.more:
        if label in FIELD_NAMES or label == RATING_WORD:
            raise ConfigError(f"{place}：[more] 里的 {label} 是别的列的名字，请换一个")
    if "text" not in template.columns:
        raise ConfigError(f"{place}：[columns] 里缺少 text（正文列）")
    if bool(template.rating_columns) != bool(template.rating_words):
        raise ConfigError(f"{place}：[{RATING_WORD}] 的 columns 和 words 要一起写")
    _check_names(template, place)
    if set(template.example) != set(template.headings):
        odd = "、".join(sorted(set(template.example) ^ set(template.headings)))
        raise ConfigError(f"{place}：[example] 应恰好有每一列的一格，对不上的有 {odd}")


def _check_names(template: ImportTemplate, place: str) -> None:
    owner: dict[str, str] = {}
    for key, names in template.headings.items():
        if not names:
            raise ConfigError(f"{place}：{key} 一个列名也没有")
        for name in names:
            if owner.setdefault(_plain(name), key) != key:
                raise ConfigError(f"{place}：列名“{name}”同时写给了 {owner[_plain(name)]} 和 {key}")
    for name in template.dropped:
        if _plain(name) in owner:
            raise ConfigError(f"{place}：dropped 里的“{name}”又写给了 {owner[_plain(name)]}")


def _plain(column: str) -> str:
    """A column's name as it is compared: width, case, blanks and underscores make no difference."""
    return re.sub(r"[\s_]+", "", unicodedata.normalize("NFKC", column).lower())


def choose_columns(template: ImportTemplate, columns: Sequence[str], given: Mapping[str, str]) -> Choice:
    """The columns of a table that hold what the template looks for; what is `given` by a person wins."""
    known: dict[str, str] = {}
    for column in columns:
        known.setdefault(_plain(column), column)
    found = dict(given)
    for key, names in template.headings.items():
        column = next((known[_plain(name)] for name in names if _plain(name) in known), "")
        if column and key not in found and column not in found.values():
            found[key] = column
    return Choice(found, tuple(key for key in template.headings if key not in found))


def why_unreadable(template: ImportTemplate, columns: Sequence[str]) -> str:
    """What to tell a person whose table has no column of words."""
    return (
        f"按模板“{template.title}”没有找到正文列。找过：{'、'.join(template.columns['text'])}；"
        f"表里有：{'、'.join(columns[:30])}。"
        "表头要在第一行（上面的说明行请先删掉）；列名不同就改表头，或加 --map text=列名。"
    )


def remarks_on(template: ImportTemplate, choice: Choice, cells: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """What a person should know of how the table is read; `cells` are some of its cells by column."""
    pairs = "，".join(f"{template.called(key)} = {column}" for key, column in choice.found.items())
    yield f"模板“{template.title}”：{pairs}"
    for key in choice.missing:
        yield f"没有“{template.called(key)}”列，留空（找过：{'、'.join(template.headings[key])}）"
    for key in ("id", "parent", "thread"):
        column = choice.found.get(key, "")
        if any(_LOST_DIGITS.fullmatch(cell.strip()) for cell in cells.get(column, ())):
            yield f"“{column}”被 Excel 改成了科学计数法，编号不准了；请直接导入下载的原文件，或先把这一列设为文本"


def finish(template: ImportTemplate, choice: Choice, post: RawPost, place: str) -> RawPost | Rejection:
    """The post with what the template adds: later words and ratings in words. The template's own example is refused."""
    if post.text == template.example["text"]:
        return Rejection(place, "这是模板里的示例行，没有导入")
    added = [(label, post.extra.get(choice.found.get(label, ""), "").strip()) for label in template.more]
    text = "\n".join([post.text, *(f"{label}：{words}" for label, words in added if words)])
    score = template.rating_words.get(post.extra.get(choice.found.get(RATING_WORD, ""), "").strip())
    if post.rating is None and score is not None:
        return replace(post, text=text, rating=score, rating_scale=template.rating_scale)
    return replace(post, text=text)
