"""Settings: file, then environment; every mistake names the key and what was expected."""

import stat
from pathlib import Path

import pytest

from monitor.domain.errors import ConfigError
from monitor.settings import Settings, config_folder, default_data_folder, load_settings


def _load(folder: Path, content: str = "", **environ: str) -> Settings:
    (folder / "settings.toml").write_text(content, encoding="utf-8")
    return load_settings(folder, environ)


def test_without_anything_the_defaults_hold(tmp_path: Path) -> None:
    settings = _load(tmp_path)
    assert (settings.port, settings.mail_transport, settings.timezone) == (8000, "outbox", "Asia/Shanghai")
    assert settings.base_url == "http://127.0.0.1:8000"


def test_the_environment_wins_over_the_file_and_a_given_value_over_both(tmp_path: Path) -> None:
    environ = {"MONITOR_PORT": "82", "MONITOR_EXAMPLE": "No", "MONITOR_DATA": "/d", "MONITOR_OPEN_AT": "0.5"}
    settings = _load(tmp_path, "port = 81\ncompany = '甲'", **environ)
    assert (settings.port, settings.company, settings.example) == (82, "甲", False)
    assert (settings.open_at, settings.url) == (0.5, "sqlite:////d/xianwai.db")
    assert load_settings(tmp_path, environ, port=83, host=None).port == 83


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("prot = 1", ("settings.toml", "不认识的 prot", "port")),
        ("port = '1'", ("settings.toml", "port", "整数")),
        ("example = 1", ("settings.toml", "example", "true 或 false")),
        ("port = 70000", ("port", "65535")),
        ("mail_transport = 'pigeon'", ("mail_transport", "outbox / smtp")),
        ("mail_transport = 'smtp'", ("smtp_host", "必须填写")),
        ("mail_from = 'nobody'", ("mail_from", "邮箱地址")),
        ("timezone = 'Mars/Olympus'", ("timezone", "Asia/Shanghai")),
        ("timezone = ''", ("timezone", "Asia/Shanghai")),
        ("open_at = 1.5", ("open_at", "0 和 1 之间")),
        ("dispatch_at = nan", ("dispatch_at", "0 和 1 之间")),
        ("deliver_seconds = 0", ("deliver_seconds", "1 和")),
        ("smtp_timeout_seconds = inf", ("smtp_timeout_seconds", "1 和")),
    ],
)
def test_a_wrong_setting_in_the_file_is_named(tmp_path: Path, content: str, said: tuple[str, ...]) -> None:
    with pytest.raises(ConfigError) as refused:
        _load(tmp_path, content)
    assert all(part in str(refused.value) for part in said)


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("MONITOR_PROT", "1", "不是已知的设置"),
        ("MONITOR_PORT", "http", "整数"),
        ("MONITOR_OPEN_AT", "much", "数字"),
        ("MONITOR_EXAMPLE", "maybe", "true 或 false"),
    ],
)
def test_a_wrong_variable_is_named(tmp_path: Path, key: str, value: str, expected: str) -> None:
    with pytest.raises(ConfigError, match=expected) as refused:
        _load(tmp_path, **{key: value})
    assert key in str(refused.value)


def test_variables_of_others_are_left_alone(tmp_path: Path) -> None:
    assert _load(tmp_path, MONITOR_CONFIG="x", MONITOR_REQUIRE="postgres", HOME="/").port == 8000


def test_a_configuration_folder_that_is_not_there_is_told() -> None:
    with pytest.raises(ConfigError, match="/nowhere/at/all"):
        config_folder({"MONITOR_CONFIG": "/nowhere/at/all"})
    assert (config_folder({}) / "departments.toml").is_file()


def test_a_checkout_keeps_its_data_beside_itself() -> None:
    assert default_data_folder({}).name == ".data"


def test_the_secret_is_made_once_and_nobody_else_may_read_it(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "new")
    secret = settings.secret()
    assert len(secret) > 40
    assert settings.secret() == secret == Settings(data=tmp_path / "new").secret()
    assert stat.S_IMODE((tmp_path / "new" / "secret.key").stat().st_mode) == 0o600
    assert Settings(secret_key="given").secret() == "given"
