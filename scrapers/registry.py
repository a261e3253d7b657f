"""Which kinds of source there are, and how one is made from its options."""

import importlib
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import urlsplit

from scrapers.base import Builder, Collector, Fetch, Option, OwnableFetch
from scrapers.errors import CollectorNotConfigured
from scrapers.secret import secret_value

KINDS = {
    "feed": "scrapers.kinds.feed:Feed",
    "json": "scrapers.kinds.json_api:JsonApi",
    "html": "scrapers.kinds.html_page:HtmlPage",
    "folder": "scrapers.kinds.folder:Folder",
    "provider": "scrapers.kinds.provider:Provider",
    "push": "scrapers.kinds.push:Push",
    "v2ex": "scrapers.kinds.v2ex:V2ex",
    "app_store": "scrapers.kinds.app_store:AppStore",
    "google_play": "scrapers.kinds.google_play:GooglePlay",
    "mastodon": "scrapers.kinds.mastodon:Mastodon",
    "reddit": "scrapers.kinds.reddit:Reddit",
    "hacker_news": "scrapers.kinds.hacker_news:HackerNews",
    "github_issues": "scrapers.kinds.github_issues:GithubIssues",
    "discourse": "scrapers.kinds.discourse:Discourse",
    "phpbb": "scrapers.kinds.phpbb:PhpBb",
    "nodebb": "scrapers.kinds.nodebb:NodeBb",
    "discuz": "scrapers.kinds.discuz:Discuz",
    "isso": "scrapers.kinds.isso:Isso",
    "waline": "scrapers.kinds.waline:Waline",
    "imap": "scrapers.kinds.imap:Imap",
}

_EXPECTED = {str: "文字", int: "整数", float: "数字", bool: "是或否（true / false）"}
_WORDS = {"true": True, "yes": True, "on": True, "1": True, "是": True, "开": True,
          "false": False, "no": False, "off": False, "0": False, "否": False, "关": False}  # fmt: skip


OWN_REASON = Option(
    "own_reason",
    "自己的网站才填：写明这是谁的网站、谁同意这样采集",
    placeholder="本公司车主论坛，信息部同意",
)
"""Goes with `own_site` wherever a kind offers that: rules are put aside for a reason that somebody wrote down."""
_SHORTEST_REASON = 4


@dataclass(frozen=True, slots=True)
class Kind:
    """A source kind as all but itself see it, with every option it takes."""

    title: str
    options: tuple[Option, ...]
    build: Callable[[Mapping[str, Any], Fetch], Collector]


def builder_for(kind: str) -> Builder:
    """The builder of a kind. Raises `CollectorNotConfigured` naming the known ones."""
    if kind not in KINDS:
        raise CollectorNotConfigured(f"没有“{kind}”这种来源；可用的有：{'、'.join(KINDS)}。", option="kind")
    module, name = KINDS[kind].split(":")
    builder = cast("Builder", getattr(importlib.import_module(module), name))
    return cast("Builder", Kind(builder.title, options_of(builder), builder.build))


def options_of(builder: Builder) -> tuple[Option, ...]:
    """Every option that a kind takes, those included that it need not name itself."""
    names = [option.name for option in builder.options]
    if "own_site" not in names or OWN_REASON.name in names:
        return builder.options
    place = names.index("own_site") + 1
    return (*builder.options[:place], OWN_REASON, *builder.options[place:])


def build(kind: str, options: Mapping[str, Any], fetch: Fetch) -> Collector:
    """A collector of this kind with these options, checked. Raises `CollectorNotConfigured`."""
    builder = builder_for(kind)
    checked = check_options(builder, options)
    reason = str(checked.pop(OWN_REASON.name, None) or "")
    if checked.get("own_site"):
        if len(reason) < _SHORTEST_REASON:
            raise CollectorNotConfigured(
                f"标为自己的网站（own_site）就不查 robots.txt，请在选项 {OWN_REASON.name} 里写明这是谁的网站、谁同意。",
                option=OWN_REASON.name,
            )
        if isinstance(fetch, OwnableFetch):
            fetch = fetch.owning(urlsplit(str(checked.get("url", ""))).hostname or "")
    for option in builder.options:
        if option.secret and checked[option.name]:
            checked[option.name] = secret_value(checked[option.name], option.name)
    return builder.build(checked, fetch)


def check_options(builder: Builder, options: Mapping[str, Any]) -> dict[str, Any]:
    """Every option of `builder` with its value or default, of the declared type. Raises `CollectorNotConfigured`."""
    known = {option.name: option for option in options_of(builder)}
    for name, value in options.items():
        if name not in known:
            raise CollectorNotConfigured(
                f"没有选项 {name}（给的值是 {value!r}）；“{builder.title}”的选项有：{'、'.join(known)}。", option=name
            )
    return {name: _checked(option, options.get(name)) for name, option in known.items()}


def _checked(option: Option, value: Any) -> Any:
    if value is None or (isinstance(value, str) and not value.strip()):
        if option.required:
            raise CollectorNotConfigured(
                f"缺少选项 {option.name}（{option.help}），应填{_EXPECTED[option.type]}。", option=option.name
            )
        return option.default
    coerced = _coerced(option.type, value)
    if coerced is None:
        raise _wrong(option, value, _EXPECTED[option.type])
    if option.choices and coerced not in option.choices:
        raise _wrong(option, value, f"{'、'.join(option.choices)} 之一")
    return coerced


def _wrong(option: Option, value: Any, expected: str) -> CollectorNotConfigured:
    return CollectorNotConfigured(f"选项 {option.name} 的值是 {value!r}，应为{expected}。", option=option.name)


def _coerced(kind: type, value: Any) -> Any:
    """`value` as `kind`, or None when it is not one; a web form and a command line know only strings."""
    if kind is bool:
        return value if isinstance(value, bool) else _WORDS.get(str(value).strip().lower())
    if isinstance(value, bool):
        return None
    if kind is str:
        return value.strip() if isinstance(value, str) else None
    return _number(kind, value) if isinstance(value, (str, int, float)) else None


def _number(kind: type, value: str | float) -> int | float | None:
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    if not math.isfinite(number):
        return None
    if kind is float:
        return number
    return int(number) if number.is_integer() else None
