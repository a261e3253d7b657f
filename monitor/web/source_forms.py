"""The form of a source, drawn from what its kind says of itself."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from monitor.storage.models import Source
from monitor.web.ticket_forms import Field
from scrapers.base import Builder, Option

INTERVALS = (
    ("300", "5 分钟"),
    ("900", "15 分钟"),
    ("3600", "1 小时"),
    ("21600", "6 小时"),
    ("86400", "1 天"),
)
PART_NAMES = {
    "title": "标题",
    "text": "正文",
    "url": "链接",
    "author": "作者",
    "created_at": "时间",
    "rating": "评分",
    "thread_id": "所在主题",
}
FATES = {"new": "新", "edited": "有改动", "known": "已有", "filtered": "不合关键词", "refused": "不能用"}

GROUPS: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = (
    (
        "任何网站",
        (
            ("feed", "网站提供的订阅地址，最省事"),
            ("json", "返回 JSON 的接口"),
            ("html", "没有订阅和接口的网页"),
        ),
    ),
    (
        "论坛",
        (
            ("discourse", "填论坛首页的网址"),
            ("nodebb", "填论坛首页的网址"),
            ("phpbb", "要打开 Atom 订阅"),
            ("discuz", "要打开 RSS；回复从主题页读"),
        ),
    ),
    ("网站自带的评论", (("isso", "填评论服务的网址和页面路径"), ("waline", "填评论服务的网址和页面路径"))),
    ("应用商店", (("app_store", "公开的最近 500 条"), ("google_play", "自己的应用，用开发者账号授权"))),
    (
        "公开社区",
        (
            ("v2ex", "V2EX 的节点或最新主题"),
            ("mastodon", "某个站点上的话题标签"),
            ("reddit", "某个版块或搜索"),
            ("hacker_news", "搜索，或最新列表"),
            ("github_issues", "某个仓库的问题单和评论"),
        ),
    ),
    (
        "自己送进来",
        (
            ("imap", "客服邮箱；只读，不动“未读”"),
            ("folder", "放进文件夹的 CSV、XLSX 或 JSON Lines"),
            ("push", "别的系统签名推送"),
            ("provider", "有合同授权的数据方"),
        ),
    ),
)
"""Kinds as a person looks for them: the group, and the kinds in it with a hint each."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A kind that may be chosen."""

    kind: str
    title: str
    hint: str


def grouped(builders: Mapping[str, Builder]) -> list[tuple[str, list[Choice]]]:
    """The kinds there are, in groups."""
    groups = [
        (name, [Choice(kind, builders[kind].title, hint) for kind, hint in rows if kind in builders])
        for name, rows in GROUPS
    ]
    return [(name, choices) for name, choices in groups if choices]


def intervals(seconds: str) -> Sequence[tuple[str, str]]:
    """The intervals that may be chosen, with the present one among them."""
    if not seconds or seconds in dict(INTERVALS):
        return INTERVALS
    return sorted([*INTERVALS, (seconds, f"{seconds} 秒")], key=lambda pair: int(pair[0]))


def typed_of(source: Source) -> dict[str, str]:
    """A stored source as if somebody had typed it."""
    typed = {
        "name": source.name,
        "kind": source.kind,
        "interval": str(source.interval_seconds),
        "query": source.query,
        **({"direct": "yes"} if source.direct else {}),
    }
    return typed | {f"option_{name}": _as_typed(value) for name, value in source.options.items() if value is not None}


def _as_typed(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def option_fields(builder: Builder, typed: Mapping[str, str]) -> list[Field]:
    """The options of a kind as fields, with what was typed or else their defaults."""
    return [_field(option, typed) for option in _needed_first(builder.options)]


def _needed_first(options: Iterable[Option]) -> list[Option]:
    return sorted(options, key=lambda option: not option.required)


def _field(option: Option, typed: Mapping[str, str]) -> Field:
    name = f"option_{option.name}"
    default = "" if option.default is None else str(option.default)
    value = typed.get(name, default)
    title, _, more = option.help.partition("；")
    if option.type is bool:
        ticked = (typed.get(name) == "true") if typed else bool(option.default)
        return Field(name, option.help, "check", "true" if ticked else "", required=False)
    if option.choices:
        choices = [(choice, choice) for choice in option.choices]
        return Field(name, title, "choice", value, choices, option.required, more)
    kind = "number" if option.type in (int, float) else "line"
    example = "env:变量名 或 file:/文件路径" if option.secret else option.placeholder
    help_ = "，".join(part for part in (more, f"例如 {example}" if example else "") if part)
    return Field(name, title, kind, value, required=option.required, help=help_)


def typed_options(builder: Builder, typed: Mapping[str, str]) -> dict[str, Any]:
    """The options that were filled in; an empty one is left out, so that its default holds."""
    given = {option.name: typed.get(f"option_{option.name}", "").strip() for option in builder.options}
    return {name: value for name, value in given.items() if value}
