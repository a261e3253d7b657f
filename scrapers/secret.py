"""Passwords and tokens of sources, written in their options as a reference and never as the value."""

import os
from pathlib import Path

from scrapers.errors import CollectorNotConfigured


def secret_value(reference: str, option: str) -> str:
    """What `env:NAME` or `file:/path` refers to. Raises `CollectorNotConfigured` naming option and way to mend it."""
    scheme, _, name = reference.partition(":")
    if scheme == "env" and name:
        value = os.environ.get(name, "")
        if not value:
            raise CollectorNotConfigured(f"选项 {option} 指向环境变量 {name}，但它没有设置。", option=option)
        return value
    if scheme == "file" and name:
        return _from_file(Path(name), option)
    raise CollectorNotConfigured(
        f"选项 {option} 是密钥，不能直接写在这里；请写 env:变量名 或 file:/文件路径。", option=option
    )


def _from_file(path: Path, option: str) -> str:
    try:
        value = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "不是文本"
        raise CollectorNotConfigured(f"选项 {option} 指向文件 {path}，读不了：{reason}。", option=option) from error
    if not value:
        raise CollectorNotConfigured(f"选项 {option} 指向文件 {path}，但它是空的。", option=option)
    return value
