"""What rules read in one text: cues, outright words, topic words, severity, intent, spam; no model in it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

from monitor.classifiers.cues import CueFinder, ExplicitWords
from monitor.classifiers.gravity import SeverityFinder
from monitor.classifiers.lexicon import Lexicon, Words
from monitor.classifiers.quoting import ONLY_QUOTED, own_words
from monitor.classifiers.rewriting import Plain
from monitor.classifiers.sieve import Sieve, Sifted
from monitor.classifiers.spam import WORDING, SpamSigns
from monitor.classifiers.tokens import Folded, fold
from monitor.classifiers.topic_words import TopicFinder
from monitor.domain.verdicts import Cue, Intent, Severity

SPAM_FROM = 0.7
"""From this score a post counts as an advertisement."""
CERTAIN_SPAM = 0.95
"""Only from this score are words of danger taken for a pitch: a doubtful advertisement keeps its severity."""

_LINK = re.compile(r"(?:https?://|www\.)[^\s\u4e00-\u9fff]{1,2000}")
_HAN = re.compile(r"[\u3400-\u9fff\U00020000-\U0003ffff]")
# One letter alone is mostly a part of a face such as (╯°Д°)╯.
_WORD = re.compile(r"[^\W\d_]{2}")
# 没投诉过, 不用维权; but 再不退我就投诉.
_DENIED = re.compile(r"(?<!再)(?:没|不|未)[^,。!?;]{0,3}\Z")
_OPENING = 20_000
"""Spam, intent and topic words are looked for in this many characters; a longer post has shown itself by then."""


@dataclass(frozen=True, slots=True)
class Reading:
    """Everything the rules see in one text."""

    folded: Folded
    cues: tuple[Cue, ...] = ()
    explicit: tuple[tuple[str, int, int], ...] = ()
    topics: tuple[tuple[str, int], ...] = ()
    positives: int = 0
    question: bool = False
    severity: Severity = Severity.NORMAL
    severity_reason: str = ""
    intent: Intent = Intent.NONE
    spam: float = 0.0
    spam_signs: tuple[str, ...] = ()
    blank: str = ""
    """Why there is nothing to judge, or ""."""


@dataclass(frozen=True, slots=True)
class Place:
    """Words that an entry of the lists found: which list, which entry, and where in the text as given."""

    part: str
    key: str
    name: str
    start: int
    end: int


CUES, OUTRIGHT, TOPICS, SEVERITY, SPAM = "线索", "明说", "话题", "严重程度", "广告"
"""The parts of the word lists, as they are called where their findings are listed."""
OUTRIGHT_KINDS = {"negative": "不满的评价", "demand": "要求与维权", "insult": "骂人话"}


def _blank_reason(text: str) -> str:
    if not text.strip():
        return "空文本"
    without_links = _LINK.sub("", text)
    if _HAN.search(without_links):
        return ""
    if _WORD.search(without_links):
        return "没有中文"
    if without_links != text and not without_links.strip():
        return "只有链接"
    return "只有数字" if any(char.isdigit() for char in without_links) else "只有符号"


def _bad_words(words: Words) -> Iterator[str]:
    """The words that people pull apart so that no filter sees them."""
    return chain(words.negative, words.insult, words.demand, words.complaint)


class Reader:
    """Applies a lexicon to texts."""

    def __init__(self, lexicon: Lexicon) -> None:
        self.version = lexicon.version
        self.families = tuple(family.key for family in lexicon.cues)
        self.family_names = {family.key: family.name for family in lexicon.cues}
        self.spam_names = (*(sign.name for sign in lexicon.spam), WORDING)
        self.severity_names = tuple(rule.name for rule in lexicon.severity.rules)
        self.topics = tuple(topic.name for topic in lexicon.topics)
        self._sieve = sieve = Sieve()
        self._positive = sieve.add(lexicon.words.positive)
        self._question = sieve.add(lexicon.words.question)
        self._complaint = sieve.add(lexicon.words.complaint)
        self._cues = CueFinder(lexicon.cues, lexicon.words.negations, self._positive, sieve)
        self._explicit = ExplicitWords(lexicon.words, sieve)
        self._topics = TopicFinder(lexicon.topics, sieve)
        self._severity = SeverityFinder(lexicon.severity, sieve)
        self._spam = SpamSigns(lexicon.spam, lexicon.wording, sieve)
        self._plain = Plain(lexicon.rewrites, lexicon.people, _bad_words(lexicon.words), sieve)

    def prepare(self, text: str) -> Folded:
        """The text as training and judging see it: folded, the writer's own words, evasions and names read."""
        return self._plain.read(own_words(fold(text)))[0]

    def read(self, text: str) -> Reading:
        """What the rules see; never raises."""
        written = fold(text)
        own = own_words(written)
        folded, sifted = self._plain.read(own)
        # A name is read as a mark and is still something to judge; two letters may be read as a word.
        blank = _blank_reason(own.text) and _blank_reason(folded.text)
        if blank:
            return Reading(own, blank=ONLY_QUOTED if own is not written and not own.text.strip() else blank)
        opening = folded.text[:_OPENING]
        found = self._cues.find(folded, sifted)
        cues = found.cues
        explicit = tuple(self._explicit.find(folded.text, sifted))
        question = self._question.meets(opening, sifted)
        families = frozenset(cue.family for cue in cues)
        spam, signs = self._spam.score(opening, sifted, outright=explicit, families=families)
        severity, why = self._severity.judge(folded.text, sifted, advert=spam >= CERTAIN_SPAM)
        return Reading(
            folded=folded,
            cues=cues,
            explicit=explicit,
            topics=self._topic_hits(opening, sifted),
            positives=len(self._positive.matches(opening, sifted)),
            question=question,
            severity=severity,
            severity_reason=why,
            intent=self._intent(opening, sifted, found.intents, question=question),
            spam=spam,
            spam_signs=signs,
        )

    def places(self, text: str) -> list[Place]:
        """Everything the lists find in a text, with its places in the text as given."""
        reading = self.read(text)
        if reading.blank:
            return []
        folded = reading.folded.text[:_OPENING]
        sifted = self._sieve.sift(folded)
        found = [(OUTRIGHT, kind, OUTRIGHT_KINDS[kind], start, end) for kind, start, end in reading.explicit]
        found += [(TOPICS, name, name, start, end) for name, start, end in self._topics.find(folded, sifted)]
        found += [
            (SPAM, sign, sign, *span) for sign, spans in self._spam.places(folded, sifted).items() for span in spans
        ]
        if reading.severity_reason:
            rule, words = reading.severity_reason.split("：", 1)
            start = reading.folded.text.find(words)
            found.append((SEVERITY, rule, rule, start, start + len(words)))
        placed = [Place(*each[:3], *reading.folded.span(*each[3:])) for each in found]
        families = self._cues.families
        return [Place(CUES, cue.family, families[cue.family].name, cue.start, cue.end) for cue in reading.cues] + placed

    def _topic_hits(self, text: str, sifted: Sifted) -> tuple[tuple[str, int], ...]:
        hits: dict[str, int] = {}
        for name, _, _ in self._topics.find(text, sifted):
            hits[name] = hits.get(name, 0) + 1
        return tuple(hits.items())

    def _intent(self, text: str, sifted: Sifted, wanted: frozenset[Intent], *, question: bool) -> Intent:
        if any(not _DENIED.search(text, max(0, at - 6), at) for _, at, _ in self._complaint.matches(text, sifted)):
            return Intent.COMPLAINT
        for intent in (Intent.WARNING, Intent.LEAVING, Intent.SUGGESTION):
            if intent in wanted:
                return intent
        return Intent.QUESTION if question else Intent.NONE
