"""The chain of seals on the command line: is everything as it came in?"""

import json
from datetime import datetime
from typing import Any

import click
from sqlalchemy import select

from monitor.cli.opening import existing
from monitor.cli.output import emit, format_option, remark
from monitor.domain.errors import MonitorError, NotFound
from monitor.services.evidence import seals_of
from monitor.services.evidence import verify as check
from monitor.services.sources import LAST_ID, source_called
from monitor.storage.models import Post, Seal, Source

_COLUMNS = {
    "source": "来源",
    "seals": "封条",
    "posts": "帖子",
    "bodies": "原始页面",
    "unsealed": "封存之前的",
    "problems": "不对的",
    "head": "最后一个封条",
}


@click.group()
def evidence() -> None:
    """证据：收到的内容从那以后有没有被改过。"""


@evidence.command()
@click.argument("name", required=False)
@click.option("--head", "wanted", default="", help="以前记下的某个封条；它还在链上，才说明尾部没有被截掉")
@format_option
def verify(name: str | None, wanted: str, form: str) -> None:
    """核对来源 NAME（不写就是全部）的封条、原始页面和存下的文字；有不对的，退出码为 1。

    请把“最后一个封条”另记在别处：日后用 --head 核对，就能发现整条链被换掉。
    """
    with existing().database.reading() as session:
        sources = [source_called(session, name)] if name else session.scalars(select(Source).order_by(Source.id)).all()
        reports = [check(session, source) for source in sources]
        held = not wanted or session.scalars(select(Seal.id).where(Seal.seal == wanted.strip().lower())).first()
    shown = [report for report in reports if report.seals or report.problems or name]
    rows = [
        {
            "source": report.source,
            "seals": report.seals,
            "posts": report.posts,
            "bodies": report.bodies,
            "unsealed": report.unsealed,
            "problems": len(report.problems),
            "head": report.head,
        }
        for report in shown
    ]
    emit(rows, _COLUMNS, form)
    problems = [f"{report.source}：{problem}" for report in shown for problem in report.problems]
    problems += [] if held else [f"链上没有封条 {wanted}：整条链可能被换过，或截掉了尾部"]
    for problem in problems[:50]:
        remark(f"  {problem}")
    if problems:
        raise MonitorError(f"有 {len(problems)} 处与收到时不同。请停止使用这份数据作证，从备份里找出改动。")
    remark("都与收到时一致。")


@evidence.command()
@click.argument("post_id", type=int)
def show(post_id: int) -> None:
    """帖子 POST_ID 的来历（JSON）：何时收到、每个版本的哈希、封存它的封条和原始页面的 SHA-256；不含文字。"""
    with existing().database.reading() as session:
        post = session.get(Post, post_id) if post_id <= LAST_ID else None
        if post is None:
            raise NotFound(f"没有编号为 {post_id} 的帖子。")
        click.echo(json.dumps(_history(post, seals_of(session, post)), ensure_ascii=False, indent=2))


def _history(post: Post, seals: list[Seal]) -> dict[str, Any]:
    return {
        "source": post.source.name,
        "external_id": post.external_id,
        "created_at": _moment(post.created_at),
        "first_seen_at": _moment(post.first_seen_at),
        "edited_at": _moment(post.edited_at),
        "gone_at": _moment(post.gone_at),
        "gone_how": post.gone_how,
        "content_sha256": post.content_hash,
        "earlier": [
            {"content_sha256": each.content_hash, "until": _moment(each.replaced_at)} for each in post.revisions
        ],
        "seals": [_seal(row, post.external_id) for row in seals],
    }


def _seal(row: Seal, external_id: str) -> dict[str, Any]:
    return {
        "number": row.number,
        "sealed_at": _moment(row.sealed_at),
        "seal": row.seal,
        "previous": row.previous,
        "content_sha256": [digest for name, digest in row.facts["posts"] if name == external_id],
        "payloads": row.facts.get("payloads", []),
    }


def _moment(value: datetime | None) -> str | None:
    return value.isoformat() if value else None
