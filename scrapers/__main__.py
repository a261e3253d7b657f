"""`python -m scrapers <kind> key=value …` prints a source's posts as JSON Lines; alone, it lists the kinds."""

import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, TextIO

from scrapers.base import Builder, Option, RawPost
from scrapers.errors import CollectError, CollectorNotConfigured
from scrapers.fetching.client import PoliteClient
from scrapers.registry import KINDS, build, builder_for

USAGE = """用法：python -m scrapers <种类> 选项=值 …

每行打印一条帖子（JSON），不用数据库；读不了的行写到标准错误。
环境变量 XIANWAI_CONTACT：写进 User-Agent 的联系方式（邮箱或网址），让对方找得到您。
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one collector from nothing; 0 when it went well, 1 when collecting failed, 2 when the options are wrong."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    try:
        if not words or words[0] in {"-h", "--help"}:
            describe(sys.stdout)
        else:
            collect(words[0], read_options(words[1:]), sys.stdout, sys.stderr)
    except CollectorNotConfigured as error:
        print(f"配置错误：{error}", file=sys.stderr)
        return 2
    except CollectError as error:
        print(f"采集失败：{error}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        # Whoever read us has seen enough; what is left in the buffer has nowhere to go.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def read_options(words: Sequence[str]) -> dict[str, str]:
    """Options from `key=value` words. Raises `CollectorNotConfigured`."""
    options: dict[str, str] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or not name:
            raise CollectorNotConfigured(f"“{word}”应写成 选项=值。", option=word)
        options[name] = value
    return options


def collect(kind: str, options: dict[str, str], out: TextIO, err: TextIO) -> None:
    """Prints every post that a source has right now, then what was refused."""
    fetch = PoliteClient(contact=os.environ.get("XIANWAI_CONTACT", ""))
    collector = build(kind, options, fetch)
    try:
        batch = collector.collect({})
        while True:
            for post in batch.posts:
                print(as_json(post), file=out)
            for rejection in batch.rejections:
                print(f"{rejection.place}：{rejection.reason}", file=err)
            if not batch.more:
                return
            batch = collector.collect(batch.cursor)
    finally:
        fetch.close()


def as_json(post: RawPost) -> str:
    """One post on one line; what is empty is left out."""
    filled = {name: value for name, value in asdict(post).items() if value not in (None, "", False, {})}
    return json.dumps(filled, ensure_ascii=False, default=_plain)


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def describe(out: TextIO) -> None:
    """Prints the kinds with their options."""
    print(USAGE, file=out)
    for kind in KINDS:
        builder: Builder = builder_for(kind)
        print(f"{kind}  {builder.title}", file=out)
        for option in builder.options:
            print(f"    {option.name:<14}{_about(option)}", file=out)
        print(file=out)


def _about(option: Option) -> str:
    facts = ["必填"] if option.required else []
    if option.default not in (None, ""):
        facts.append(f"默认 {str(option.default).lower() if isinstance(option.default, bool) else option.default}")
    if option.choices:
        facts.append("可选 " + " | ".join(option.choices))
    if option.placeholder:
        facts.append(f"例如 {option.placeholder}")
    return option.help + (f"（{'；'.join(facts)}）" if facts else "")


if __name__ == "__main__":
    sys.exit(main())
