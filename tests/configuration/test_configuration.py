"""What `config/` may say, and how each mistake is told."""

import re
import shutil
from datetime import date, time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from monitor.configuration import Configuration, load_configuration
from monitor.domain.alerts import Event
from monitor.domain.errors import ConfigError
from monitor.domain.routing import Case
from monitor.domain.verdicts import Severity
from monitor.settings import resource_folder

ZONE = ZoneInfo("Asia/Shanghai")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the configuration as shipped."""
    for path in resource_folder("config").glob("*.toml"):
        shutil.copy(path, tmp_path)
    return tmp_path


def _load(folder: Path) -> Configuration:
    return load_configuration(folder, ZONE)


def test_what_is_shipped_is_right_and_whole(folder: Path) -> None:
    configuration = _load(folder)
    assert configuration.fallback == "客服中心"
    assert len(configuration.departments) == 9
    assert set(configuration.terms.policies) == set(Severity)
    assert {rule.event for rule in configuration.alert_rules} == set(Event)
    assert configuration.hours.periods == ((time(9), time(12)), (time(13), time(18)))
    assert not configuration.hours.is_workday(date(2026, 10, 1))
    assert configuration.hours.is_workday(date(2026, 10, 10))


def test_paths_of_sources_are_counted_from_the_folder(folder: Path) -> None:
    assert _load(folder).sources[0].options["path"] == str(folder / "example")


def test_words_of_rules_are_found_however_they_are_written(folder: Path) -> None:
    rule = '[[rule]]\nname = "甲"\ndepartment = "数字产品"\nany = ["ＯＴＡ", "CarPlay"]\n'
    (folder / "routing.toml").write_text(rule, encoding="utf-8")
    assert _load(folder).routing_rules[0].matches(Case("升级ota之后"))
    assert _load(folder).routing_rules[0].matches(Case("carplay断连"))


DEPARTMENT = '[[department]]\nname = "甲"\nfallback = true\n'
RULE = '[[rule]]\nname = "x"\ndepartment = "质量技术"\n'


@pytest.mark.parametrize(
    ("file", "content", "said"),
    [
        ("departments", "", ("fallback = true",)),
        ("departments", DEPARTMENT.replace("true", "false"), ("恰好要有一个", "fallback = true")),
        ("departments", DEPARTMENT + DEPARTMENT.replace("甲", "乙"), ("恰好要有一个",)),
        ("departments", DEPARTMENT + DEPARTMENT.replace("true", "false"), ("甲", "两次")),
        ("departments", DEPARTMENT + "mail = 'x'\n", ("第 1 个 [[department]]", "不认识的 mail", "email")),
        ("departments", DEPARTMENT + "email = 'x'\n", ("email", "邮箱地址")),
        ("departments", DEPARTMENT.replace("甲", " "), ("name", "不空")),
        ("departments", "name = [", ("不是正确的 TOML",)),
        ("routing", RULE, ("规则“x”没有任何条件",)),
        ("routing", RULE.replace("质量技术", "没有") + "any = ['a']", ("department", "没有", "质量技术")),
        ("routing", RULE + "any = 'a'", ("any", "列表")),
        ("routing", RULE + "any = ['a', '']", ("any", "非空的文字")),
        ("routing", RULE + "severity = 'grave'", ("severity", "normal / raised / critical")),
        ("routing", RULE + "any = ['a']\n" + RULE + "any = ['b']", ("x", "两次")),
        ("routing", "[[rules]]\n", ("不认识的 rules", "rule")),
        ("alerts", "[[alert]]\nevent = 'tea'\nrecipients = ['department']", ("event", "tea", "ticket_opened")),
        ("alerts", "[[alert]]\nevent = 'answer'", ("recipients", "谁也不通知")),
        ("alerts", "[[alert]]\nevent = 'answer'\nrecipients = ['bss']", ("recipients", "bss", "supervisors")),
        ("alerts", "[[alert]]\nevent = 'answer'\nrecipients = ['customer']\nchannel = 'fax'", ("channel", "mail")),
        ("sources", "[[source]]\nname = 'a'\nkind = 'feed'\ninterval = 0", ("interval", "至少 1")),
        ("sources", "[[source]]\nname = 'a'", ("缺少 kind",)),
        ("sources", "[[source]]\nname = 'a'\nkind = 'feed'\noptions = 3", ("options", "表")),
    ],
)
def test_each_mistake_names_file_key_and_what_was_expected(
    folder: Path, file: str, content: str, said: tuple[str, ...]
) -> None:
    (folder / f"{file}.toml").write_text(content, encoding="utf-8")
    with pytest.raises(ConfigError) as refused:
        _load(folder)
    assert all(part in str(refused.value) for part in (f"{file}.toml", *said)), str(refused.value)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"13:00-18:00"', '"11:00-18:00"', ("periods", "互不重叠")),
        ('"09:00-12:00"', '"12:00-09:00"', ("periods", "不晚于")),
        ('"09:00-12:00"', '"nine to twelve"', ("periods", "09:00-12:00")),
        ('"周一"', '"Monday"', ("weekdays", "周一")),
        ('"2026-01-04"', '"04.01.2026"', ("make_up_days", "2026-10-01")),
        ("resolve_days = 7", "resolve_days = 0", ("[severity] [normal]", "resolve_days", "大于 0")),
        ("resolve_days = 7", "resolve_days = 7.5", ("resolve_days", "整数")),
        ("resolve_days = 7\n", "", ("缺少 resolve_days",)),
        ("accept_working_hours = 2", "accept_working_hours = inf", ("accept_working_hours", "一年")),
        ("accept_working_hours = 2", "accept_working_hours = nan", ("accept_working_hours", "大于 0")),
        ("callback_workdays = 3", "callback_workdays = -1", ("[terms]", "callback_workdays", "大于 0")),
        ("[severity.raised]", "[severity.middling]", ("severity",)),
        ("[hours]", "[houses]", ("houses",)),
    ],
)
def test_each_mistake_in_the_deadlines_is_told(folder: Path, old: str, new: str, said: tuple[str, ...]) -> None:
    path = folder / "sla.toml"
    content = path.read_text(encoding="utf-8")
    assert re.search(re.escape(old), content)
    path.write_text(content.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ConfigError) as refused:
        _load(folder)
    assert all(part in str(refused.value) for part in ("sla.toml", *said)), str(refused.value)


def test_a_file_in_another_encoding_is_named(folder: Path) -> None:
    (folder / "alerts.toml").write_bytes("# 告诉客服中心".encode("gb18030"))
    with pytest.raises(ConfigError, match=r"alerts\.toml：不是 UTF-8"):
        _load(folder)
