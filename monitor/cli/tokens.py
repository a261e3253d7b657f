"""API tokens."""

import click
from sqlalchemy import select

from monitor.cli.opening import existing
from monitor.cli.output import emit, format_option
from monitor.clock import utc_now
from monitor.services.members import add_token, revoke_token
from monitor.storage.models import ApiToken


@click.group()
def tokens() -> None:
    """接口令牌。"""


@tokens.command("list")
@format_option
def list_tokens(form: str) -> None:
    """列出令牌（看不到令牌本身）。"""
    with existing().database.reading() as session:
        rows = [
            {
                "name": token.name,
                "may_push": token.may_push,
                "may_read": token.may_read,
                "created_at": token.created_at,
                "revoked_at": token.revoked_at,
            }
            for token in session.scalars(select(ApiToken).order_by(ApiToken.id))
        ]
    columns = {"name": "名称", "may_push": "可推送", "may_read": "可读取", "created_at": "建立", "revoked_at": "停用"}
    emit(rows, columns, form)


@tokens.command()
@click.argument("name")
@click.option("--push/--no-push", default=True, show_default=True, help="可以推送帖子")
@click.option("--read/--no-read", default=False, show_default=True, help="可以读取工单")
def add(name: str, push: bool, read: bool) -> None:
    """新建令牌；令牌只显示这一次。"""
    with existing().database.writing.begin() as session:
        token = add_token(session, name, may_push=push, may_read=read, now=utc_now())
    click.echo(token)


@tokens.command()
@click.argument("name")
def revoke(name: str) -> None:
    """停用令牌。"""
    with existing().database.writing.begin() as session:
        revoke_token(session, name, utc_now())
    click.echo(f"令牌“{name}”已停用。")
