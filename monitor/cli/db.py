"""The database."""

import click

from monitor.cli.opening import ready
from monitor.storage.schema import revisions


@click.group()
def db() -> None:
    """数据库。"""


@db.command()
def upgrade() -> None:
    """建立或升级数据库，并与 config/ 对齐；可以重复运行。"""
    place = ready()
    present, _ = revisions(place.database.engine)
    click.echo(f"数据库已是最新：{place.database.engine.url.render_as_string(hide_password=True)}（{present}）")
