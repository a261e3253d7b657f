"""Settings of an installation: `config/settings.toml`, overridden by MONITOR_* variables; unknown keys are refused."""

import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from monitor.domain.errors import ConfigError
from monitor.tables import Table, read_toml

PACKAGE = Path(__file__).parent
CHECKOUT = PACKAGE.parent
PREFIX = "MONITOR_"


def _setting(default: Any, text: str) -> Any:
    return field(default=default, metadata={"help": text})


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Every setting with its default; the help of each stands in config/README.md too, and"""

    data: Path = _setting(Path(), "数据文件夹：数据库、密钥和任务锁都在里面")
    database_url: str = _setting("", "数据库地址；留空用数据文件夹里的 SQLite，也可以是 postgresql://…")
    host: str = _setting("127.0.0.1", "网页监听的地址")
    port: int = _setting(8000, "网页监听的端口")
    public_url: str = _setting("", "邮件里的链接以什么开头；留空为 http://host:port")
    secure_cookies: bool = _setting(False, "只经 HTTPS 发送登录 Cookie；正式使用请打开")
    behind_proxy: bool = _setting(False, "前面有反向代理时打开，从 X-Forwarded-For 取来访地址")
    company: str = _setting("栎川汽车", "公司名称，出现在公开表单和给客户的邮件里")
    timezone: str = _setting("Asia/Shanghai", "时区：显示时间、工作日历和没写时区的日期都用它")
    example: bool = _setting(True, "是否启用示例来源；正式使用请关掉")
    classifier: str = _setting(
        "trained", "分类器：trained（自带模型）、snownlp 或 onnx（自己导出的大模型，放在 model 文件夹里）"
    )
    model: str = _setting(
        "", "自己的模型文件夹，写了就优先用它；留空用 monitor classifier adopt 启用的，没有启用过就用自带模型"
    )
    router: str = _setting("", "用自己的派单数据训练的模型文件夹；留空用自带模型的部门建议")
    open_at: float = _setting(0.8, "明说的不满达到这个概率就直接建工单，低于它先作为信号等人判断")
    dispatch_at: float = _setting(
        0.0,
        "模型对部门的把握达到这个值才自动派单，低于它由兜底部门负责；0 表示用 router 自己的值，没有 router 用 0.75",
    )
    user_agent: str = _setting("XianwaiMonitor/0.1", "采集时报上的名字")
    contact: str = _setting("", "采集时告诉对方怎样联系您：邮箱或网址，写在名字后面")
    host_delay_seconds: float = _setting(2.0, "对同一网站两次请求之间至少隔多少秒")
    mail_transport: str = _setting("outbox", "outbox：邮件只留在“发件箱”页面；smtp：真的发出去")
    mail_from: str = _setting("xianwai@example.com", "发件地址")
    smtp_host: str = _setting("", "SMTP 服务器")
    smtp_port: int = _setting(587, "SMTP 端口")
    smtp_user: str = _setting("", "SMTP 用户名；留空则不登录")
    smtp_password: str = _setting("", "SMTP 密码；请用环境变量 MONITOR_SMTP_PASSWORD 给出，不要写进文件")
    smtp_security: str = _setting("starttls", "starttls、tls 或 none")
    smtp_timeout_seconds: float = _setting(20.0, "SMTP 一次对话最多等多少秒")
    rate_limit_storage: str = _setting("memory://", "限速计数放在哪里；多个网页进程时用 redis://…")
    secret_key: str = _setting("", "签名密钥；留空则第一次启动时生成，存在数据文件夹里")
    sign_in_attempts: int = _setting(5, "连续输错几次密码就锁住账号")
    lock_minutes: int = _setting(15, "锁住多少分钟")
    session_hours: int = _setting(12, "登录后多久需要重新登录")
    collect_seconds: int = _setting(10, "每隔多少秒看一次有没有该采集的来源")
    collect_workers: int = _setting(8, "最多同时采集几个来源；同一网站一次只有一个")
    handle_seconds: int = _setting(2, "每隔多少秒处理一次新帖子")
    deliver_seconds: int = _setting(3, "每隔多少秒发一次邮件")
    follow_up_seconds: int = _setting(60, "每隔多少秒检查一次到期的跟进")
    deleted_posts: str = _setting(
        "hide",
        "来源删掉的帖子：hide 不再显示文字，只作证据留存；erase 全部抹去；keep 照常显示并注明（都留字数和哈希）",
    )
    payload_days: int = _setting(0, "采集到的原始页面留多少天作证据；0 表示只留它们的 SHA-256")
    health_seconds: int = _setting(300, "每隔多少秒看一遍所有来源：有没有晚点，是不是安静得反常")
    prune_seconds: int = _setting(3600, "每隔多少秒清理一次过了保存期的记录")
    spot_checks_per_day: int = _setting(20, "每天随机抽多少条帖子请人核对，多数是没标出来的；0 表示不抽")
    spot_check_seconds: int = _setting(3600, "每隔多少秒看一次今天的抽查抽过没有")

    @property
    def url(self) -> str:
        """The address of the database."""
        return self.database_url or f"sqlite:///{self.data / 'xianwai.db'}"

    @property
    def zone(self) -> ZoneInfo:
        """The office's time zone."""
        return ZoneInfo(self.timezone)

    @property
    def base_url(self) -> str:
        """What links in mails begin with."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")

    def secret(self) -> str:
        """The signing key; made once and kept in the data folder, readable by its owner only, unless it is set."""
        return self.secret_key or _kept_secret(self.data / "secret.key")


_CHOICES = {
    "classifier": ("trained", "snownlp", "onnx"),
    "deleted_posts": ("hide", "erase", "keep"),
    "mail_transport": ("outbox", "smtp"),
    "smtp_security": ("starttls", "tls", "none"),
}


_DAY = 24 * 60 * 60
_RANGES = {
    "port": (0, 65535),
    "smtp_port": (1, 65535),
    "open_at": (0, 1),
    "dispatch_at": (0, 1),
    "host_delay_seconds": (0, _DAY),
    "smtp_timeout_seconds": (1, 600),
    "sign_in_attempts": (1, 1000),
    "lock_minutes": (1, 7 * 24 * 60),
    "session_hours": (1, 24 * 366),
    "collect_seconds": (1, _DAY),
    "collect_workers": (1, 16),
    "handle_seconds": (1, _DAY),
    "deliver_seconds": (1, _DAY),
    "follow_up_seconds": (1, _DAY),
    "payload_days": (0, 36_500),
    "health_seconds": (1, _DAY),
    "prune_seconds": (1, _DAY),
    "spot_checks_per_day": (0, 1000),
    "spot_check_seconds": (1, _DAY),
}
_ADDRESS = re.compile(r"[^@\s<>]+@[^@\s<>]+")


def resource_folder(name: str) -> Path:
    """Where `templates` or `config` lie: inside an installed wheel, or at the top of a checkout."""
    bundled = PACKAGE / "_bundled" / name
    return bundled if bundled.is_dir() else CHECKOUT / name


def config_folder(environ: Mapping[str, str] | None = None) -> Path:
    """The configuration in force: MONITOR_CONFIG, or the one that came with the program."""
    given = (os.environ if environ is None else environ).get(f"{PREFIX}CONFIG", "")
    folder = Path(given).expanduser() if given else resource_folder("config")
    if not folder.is_dir():
        raise ConfigError(f"配置文件夹不存在：{folder}（由 {PREFIX}CONFIG 指定）")
    return folder


def default_data_folder(environ: Mapping[str, str]) -> Path:
    """`.data` in a checkout, so that commands and `make run` share one installation; else the user's data folder."""
    if (CHECKOUT / "pyproject.toml").is_file():
        return CHECKOUT / ".data"
    base = environ.get("XDG_DATA_HOME") or "~/.local/share"
    return Path(base).expanduser() / "xianwai"


def load_settings(config: Path, environ: Mapping[str, str] | None = None, **overrides: Any) -> Settings:
    """The settings in force: file, then environment, then `overrides`. Raises `ConfigError` naming file and key."""
    env = os.environ if environ is None else environ
    table = read_toml(config / "settings.toml")
    values = _from_file(table)
    values.update(_from_environment(env))
    values.update({name: value for name, value in overrides.items() if value is not None})
    values.setdefault("data", default_data_folder(env))
    settings = Settings(**values)
    _check(settings)
    return settings


def _from_file(table: Table) -> dict[str, Any]:
    values: dict[str, Any] = {
        f.name: table.take(f.name, _plain_type(f.type)) for f in fields(Settings) if f.name in table
    }
    table.finish(known=[f.name for f in fields(Settings)])
    if "data" in values:
        values["data"] = Path(values["data"]).expanduser()
    return values


def _plain_type(annotation: Any) -> type:
    return str if annotation is Path else annotation


def _from_environment(environ: Mapping[str, str]) -> dict[str, Any]:
    known = {f.name: f for f in fields(Settings)}
    values: dict[str, Any] = {}
    for key, raw in environ.items():
        if not key.startswith(PREFIX) or key in _OTHER_VARIABLES:
            continue
        name = key.removeprefix(PREFIX).lower()
        if name not in known:
            raise ConfigError(f"环境变量 {key} 不是已知的设置；已知的见 config/README.md")
        values[name] = _parse(raw, known[name].type, key)
    return values


_OTHER_VARIABLES = frozenset({f"{PREFIX}CONFIG", f"{PREFIX}DATASETS", f"{PREFIX}REQUIRE", f"{PREFIX}TEST_POSTGRES"})


def _parse(raw: str, kind: Any, key: str) -> Any:
    if kind is Path:
        return Path(raw).expanduser()
    if kind is bool:
        return _parse_bool(raw, key)
    try:
        return kind(raw)
    except ValueError as error:
        raise ConfigError(f"环境变量 {key}：应为{'整数' if kind is int else '数字'}，给的是 {raw!r}") from error


def _parse_bool(raw: str, key: str) -> bool:
    words = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
    if raw.lower() not in words:
        raise ConfigError(f"环境变量 {key}：应为 true 或 false，给的是 {raw!r}")
    return words[raw.lower()]


def _check(settings: Settings) -> None:
    for name, choices in _CHOICES.items():
        if getattr(settings, name) not in choices:
            raise ConfigError(f"设置 {name}：应为 {' / '.join(choices)}，给的是 {getattr(settings, name)!r}")
    try:
        ZoneInfo(settings.timezone)
    except (KeyError, ValueError) as error:
        raise ConfigError(f"设置 timezone：不认识的时区 {settings.timezone!r}，例如 Asia/Shanghai") from error
    for name, (least, most) in _RANGES.items():
        if not least <= getattr(settings, name) <= most:
            raise ConfigError(f"设置 {name}：应在 {least} 和 {most} 之间，给的是 {getattr(settings, name)}")
    if not _ADDRESS.fullmatch(settings.mail_from):
        raise ConfigError(f"设置 mail_from：应为邮箱地址，给的是 {settings.mail_from!r}")
    if settings.mail_transport == "smtp" and not settings.smtp_host:
        raise ConfigError("设置 smtp_host：mail_transport 为 smtp 时必须填写")


def _kept_secret(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
    made = secrets.token_urlsafe(48)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:  # another process was first
        return path.read_text(encoding="ascii").strip()
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(made)
    return made
