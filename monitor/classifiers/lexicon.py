"""The care team's lists in config/lexicon/: read once, strictly, and turned into patterns."""

import hashlib
import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from monitor.classifiers.rewriting import THING, People, Rule
from monitor.classifiers.wording import Wording
from monitor.domain.errors import ConfigError
from monitor.domain.severity import SeverityRule, SeverityRules
from monitor.domain.verdicts import Intent, Severity

FILES = (
    *("cues.toml", "words.toml", "severity.toml", "topics.toml", "spam.toml", "wording.toml"),
    *("evasions.toml", "names.toml"),
)
SPAM_SHAPES = ("link", "marks", "repeat")
"""Signs of advertisements that are no words."""
# Unbounded repeats, and repeats of groups, are how a pattern becomes slow on a long post.
_UNBOUNDED = re.compile(r"(?<!\\)[*+]|\{[0-9]*,\}|\)\{|\)\?\?")


@dataclass(frozen=True, slots=True)
class CueFamily:
    """One way in which dissatisfaction shows."""

    key: str
    name: str
    reason: str
    patterns: tuple[str, ...]
    unless: tuple[str, ...] = ()
    negatable: bool = True
    intent: Intent = Intent.NONE
    outweighed_by: int = 0
    """So many words of praise close by, and the cue is a contented customer's remark; 0: never."""


@dataclass(frozen=True, slots=True)
class Words:
    """Plain words: what is said outright, and small words around it."""

    negative: tuple[str, ...]
    demand: tuple[str, ...]
    insult: tuple[str, ...]
    positive: tuple[str, ...]
    negations: tuple[str, ...]
    question: tuple[str, ...]
    complaint: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TopicWords:
    """What speaks of a topic, and what only sounds like it."""

    name: str
    words: tuple[str, ...]
    unless: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SpamSign:
    """Something advertisements say or look like, and how much it counts; `lowers`: what only a customer says."""

    name: str
    weight: float
    patterns: tuple[str, ...] = ()
    shape: str = ""
    each: bool = False
    lowers: bool = False


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Everything in config/lexicon/; `version` changes with any character of it."""

    cues: tuple[CueFamily, ...]
    words: Words
    severity: SeverityRules
    topics: tuple[TopicWords, ...]
    spam: tuple[SpamSign, ...]
    wording: Wording
    rewrites: tuple[Rule, ...]
    """What is read as something else before anything is judged: evasions, names of things."""
    people: People
    version: str


class _Table:
    """One TOML table, read key by key; what is wrong is told with file, key and what was expected."""

    def __init__(self, file: str, key: str, values: Any, known: Sequence[str]) -> None:
        self.where = f"config/lexicon/{file} [{key}]" if key else f"config/lexicon/{file}"
        if not isinstance(values, dict):
            raise ConfigError(f"{self.where}: 应是一节（表），实为 {values!r}")
        for name in values:
            if name not in known:
                raise ConfigError(f"{self.where}: 不认识 {name}，只可用 {'、'.join(known)}")
        self.values: dict[str, Any] = values

    def text(self, name: str) -> str:
        value = self.values.get(name)
        if not isinstance(value, str) or not value:
            raise ConfigError(f"{self.where} {name}: 应是一段文字，实为 {value!r}")
        return value

    def flag(self, name: str, default: bool) -> bool:
        value = self.values.get(name, default)
        if not isinstance(value, bool):
            raise ConfigError(f"{self.where} {name}: 应是 true 或 false，实为 {value!r}")
        return value

    def share(self, name: str) -> float:
        value = self.values.get(name)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
            raise ConfigError(f"{self.where} {name}: 应是 0 到 1 之间的数，实为 {value!r}")
        return float(value)

    def count(self, name: str) -> int:
        value = self.values.get(name, 0)
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise ConfigError(f"{self.where} {name}: 应是 0 或正整数，实为 {value!r}")
        return value

    def choice(self, name: str, choices: Sequence[str], default: str = "") -> str:
        value = self.values.get(name, default)
        if value not in choices:
            raise ConfigError(f"{self.where} {name}: 应是 {'、'.join(choices)} 之一，实为 {value!r}")
        return str(value)

    def patterns(self, name: str, *, needed: bool = True) -> tuple[str, ...]:
        value = self.values.get(name, [])
        if not isinstance(value, list) or not all(isinstance(each, str) and each for each in value):
            raise ConfigError(f"{self.where} {name}: 应是一列文字，实为 {value!r}")
        if needed and not value:
            raise ConfigError(f"{self.where} {name}: 应至少有一条")
        for pattern in value:
            self._check(name, pattern)
        return tuple(value)

    def _check(self, name: str, pattern: str) -> None:
        if _UNBOUNDED.search(pattern):
            raise ConfigError(f"{self.where} {name}: {pattern!r} 不许用 * 和 + 或重复括号，应写有上限的 {{0,12}}")
        try:
            compiled = re.compile(pattern)
        except re.error as error:
            raise ConfigError(f"{self.where} {name}: {pattern!r} 不是正确的正则：{error}") from error
        if compiled.match(""):
            raise ConfigError(f"{self.where} {name}: {pattern!r} 能匹配空文字，应至少含一个字")


def _load(folder: Path, file: str) -> dict[str, Any]:
    path = folder / file
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ConfigError(f"{path}: 缺少这个词表") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: 应是 UTF-8 编码") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: 不是正确的 TOML：{error}") from error


_CUE_KEYS = ("name", "reason", "patterns", "unless", "negatable", "intent", "outweighed_by")


def _cue_family(key: str, values: Any) -> CueFamily:
    table = _Table("cues.toml", key, values, _CUE_KEYS)
    return CueFamily(
        key=key,
        name=table.text("name"),
        reason=table.text("reason"),
        patterns=table.patterns("patterns"),
        unless=table.patterns("unless", needed=False),
        negatable=table.flag("negatable", True),
        intent=Intent(table.choice("intent", [str(each) for each in Intent], "none")),
        outweighed_by=table.count("outweighed_by"),
    )


_WORD_KEYS = ("negative", "demand", "insult", "positive", "negations", "question", "complaint")


def _words(values: Any) -> Words:
    table = _Table("words.toml", "", values, _WORD_KEYS)
    return Words(**{key: table.patterns(key) for key in _WORD_KEYS})


def _severity_rule(number: int, values: Any) -> SeverityRule:
    table = _Table("severity.toml", f"rule {number}", values, ("name", "level", "patterns", "unless", "with"))
    return SeverityRule(
        name=table.text("name"),
        level=Severity(table.choice("level", [str(each) for each in Severity][1:])),
        patterns=tuple(map(re.compile, table.patterns("patterns"))),
        unless=tuple(map(re.compile, table.patterns("unless", needed=False))),
        partner=table.text("with") if "with" in table.values else "",
    )


def _severity(values: dict[str, Any]) -> SeverityRules:
    top = _Table("severity.toml", "", values, ("rule", "common"))
    rows = top.values.get("rule")
    if not isinstance(rows, list) or not rows:
        raise ConfigError(f"{top.where} rule: 应有至少一节 [[rule]]")
    rules = tuple(_severity_rule(number, row) for number, row in enumerate(rows, 1))
    common = _Table("severity.toml", "common", top.values.get("common", {}), ("unless", "question"))
    names = {rule.name for rule in rules}
    for rule in rules:
        if rule.partner and rule.partner not in names:
            raise ConfigError(f"{top.where} with: 没有名为 {rule.partner} 的规则，应是 {'、'.join(sorted(names))} 之一")
    return SeverityRules(
        rules=rules,
        unless=tuple(map(re.compile, common.patterns("unless", needed=False))),
        question=tuple(map(re.compile, common.patterns("question", needed=False))),
    )


def _topic(name: str, values: Any) -> TopicWords:
    table = _Table("topics.toml", name, values, ("words", "unless"))
    return TopicWords(name, table.patterns("words"), table.patterns("unless", needed=False))


def _spam(key: str, values: Any) -> SpamSign:
    table = _Table("spam.toml", key, values, ("name", "weight", "patterns", "shape", "each", "lowers"))
    shape = table.choice("shape", SPAM_SHAPES) if "shape" in table.values else ""
    return SpamSign(
        name=table.text("name"),
        weight=table.share("weight"),
        patterns=table.patterns("patterns", needed=not shape),
        shape=shape,
        each=table.flag("each", False),
        lowers=table.flag("lowers", False),
    )


def _evasions(values: dict[str, Any]) -> tuple[Rule, ...]:
    table = _Table("evasions.toml", "words", values.get("words"), tuple(values.get("words", ())))
    return tuple((pattern, word) for word in table.values for pattern in table.patterns(word))


_NAME_KEYS = ("makers", "models", "dealers", "others")


def _names(values: dict[str, Any]) -> tuple[Rule, ...]:
    table = _Table("names.toml", "", values, (*_NAME_KEYS, "people"))
    return tuple((pattern, THING) for key in _NAME_KEYS for pattern in table.patterns(key, needed=False))


def _people(values: dict[str, Any]) -> People:
    table = _Table("names.toml", "people", values.get("people"), ("surnames", "titles", "familiar"))
    return People(table.text("surnames"), table.text("familiar"), table.patterns("titles"))


def _wording(values: dict[str, Any]) -> Wording:
    table = _Table("wording.toml", "", values, ("bias", "weights"))
    try:
        weights = {str(gram): float(weight) for gram, weight in table.values["weights"]}
        return Wording(weights, float(table.values["bias"]))
    except (KeyError, TypeError, ValueError) as error:
        raise ConfigError(f"{table.where}: 应有 bias 和 weights，由 monitor lexicon learn 写成：{error}") from error


def _version(folder: Path) -> str:
    digest = hashlib.sha256()
    for file in FILES:
        digest.update((folder / file).read_bytes())
    return digest.hexdigest()[:8]


def load_lexicon(folder: Path) -> Lexicon:
    """The lists of a folder; an unknown key or a wrong value is a ConfigError that names it."""
    return Lexicon(
        cues=tuple(_cue_family(key, values) for key, values in _load(folder, "cues.toml").items()),
        words=_words(_load(folder, "words.toml")),
        severity=_severity(_load(folder, "severity.toml")),
        topics=tuple(_topic(name, values) for name, values in _load(folder, "topics.toml").items()),
        spam=tuple(_spam(key, values) for key, values in _load(folder, "spam.toml").items()),
        wording=_wording(_load(folder, "wording.toml")),
        rewrites=(*_evasions(_load(folder, "evasions.toml")), *_names(_load(folder, "names.toml"))),
        people=_people(_load(folder, "names.toml")),
        version=_version(folder),
    )
