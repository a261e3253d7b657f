"""Running the product: web and jobs together, or each in a process of its own."""

import logging
import signal
import socket
from pathlib import Path
from types import FrameType

import click
import waitress
from flask import Flask

from monitor.app import create_app
from monitor.cli.opening import ready
from monitor.cli.output import remark
from monitor.clock import utc_now
from monitor.domain.errors import ConfigError
from monitor.jobs.context import JobContext
from monitor.jobs.embedded import ticking
from monitor.services.members import ensure_administrator
from monitor.services.tools import Tools
from monitor.wiring import Installation, build_collectors, build_tools

_data = click.option("--data", type=click.Path(path_type=Path), help="数据文件夹")
_host = click.option("--host", help="监听的地址")
_port = click.option("--port", type=click.IntRange(0, 65535), help="监听的端口")


@click.command()
@_host
@_port
@_data
def serve(host: str | None, port: int | None, data: Path | None) -> None:
    """网页和后台任务一起运行：第一天就够用。"""
    place = _start(host, port, data)
    tools = build_tools(place.settings, place.configuration)
    context = _context(place, tools)
    app = create_app(place, tools)
    listener = _listen(place)
    _greet(place)
    with ticking(context, place.settings):
        _answer(app, listener)


@click.command()
@_host
@_port
@_data
def web(host: str | None, port: int | None, data: Path | None) -> None:
    """只运行网页；后台任务用 monitor jobs run 另起一个进程。"""
    place = _start(host, port, data)
    app = create_app(place)
    listener = _listen(place)
    _greet(place)
    _answer(app, listener)


@click.group()
def jobs() -> None:
    """后台任务。"""


@jobs.command()
@_data
def run(data: Path | None) -> None:
    """只运行后台任务：采集、处理、发信、检查到期。"""
    place = _start(None, None, data)
    tools: Tools = build_tools(place.settings, place.configuration)
    context = _context(place, tools)
    with ticking(context, place.settings):
        remark("后台任务运行中，按 Ctrl-C 停止。")
        try:
            signal.pause()
        except (KeyboardInterrupt, SystemExit):
            remark("正在停止……")


def _context(place: Installation, tools: Tools) -> JobContext:
    collectors = build_collectors(place.settings, place.database)
    return JobContext(place.database, tools, collectors, workers=place.settings.collect_workers)


def _start(host: str | None, port: int | None, data: Path | None) -> Installation:
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    signal.signal(signal.SIGTERM, _stop)
    return ready(host=host, port=port, data=data)


def _stop(_signal: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)


def _listen(place: Installation) -> socket.socket:
    """The socket to answer on; a taken port is told before anything else is started."""
    settings = place.settings
    try:
        family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
        return socket.create_server((settings.host, settings.port), family=family)
    except OSError as error:
        wanted = f"{settings.host}:{settings.port}"
        raise ConfigError(f"不能在 {wanted} 监听：{error.strerror}。换个端口：make run PORT=8001") from error


def _greet(place: Installation) -> None:
    with place.database.writing.begin() as session:
        password = ensure_administrator(session, utc_now())
    remark(f"弦外已启动：{place.settings.base_url}    投诉表单：{place.settings.base_url}/complain")
    remark(f"数据在 {place.settings.data}，配置在 {place.configuration.folder}")
    if password:
        remark(f"第一次启动：管理员登录名 admin，一次性密码 {password}（只显示这一次，登录后请修改）")
        remark("密码丢了可以运行 monitor members reset-password admin")


def _answer(app: Flask, listener: socket.socket) -> None:
    behind_proxy = app.extensions["installation"].settings.behind_proxy
    try:
        waitress.serve(app, sockets=[listener], threads=8, ident=None, clear_untrusted_proxy_headers=not behind_proxy)
    except (KeyboardInterrupt, SystemExit):
        remark("正在停止……")
