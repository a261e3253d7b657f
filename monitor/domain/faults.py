"""What is wrong with the visits to a source that succeed: parts that are missing now, walls, garbled text, gaps."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from statistics import fmean, median, quantiles

FIELD_NAMES = {
    "title": "标题",
    "text": "正文",
    "url": "链接",
    "author": "作者",
    "created_at": "发布时间",
    "rating": "评分",
    "thread_id": "主题编号",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One visit that succeeded, in numbers."""

    at: datetime
    fetched: int = 0
    new: int = 0
    edited: int = 0
    unchanged: int = 0
    filtered: int = 0
    rejected: int = 0
    filled: Mapping[str, int] = field(default_factory=dict)
    pages: int = 0
    size: int = 0
    repeated: int = 0
    garbled: float = 0.0
    notes: Sequence[Mapping[str, str]] = ()
    refusal: str = ""
    """Why the first of the rows that were rejected was."""

    @property
    def posts(self) -> int:
        """Rows that became posts."""
        return self.fetched - self.rejected

    @property
    def fresh(self) -> int:
        """Rows that say something new; a list that shows the same ones at every visit proves nothing twice."""
        return self.fetched - self.unchanged


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong, what to do, and the number that shows it."""

    text: str
    advice: str
    figures: Mapping[str, float] = field(default_factory=dict)


Visits = Sequence[Visit]
Count = Callable[[Visit], float]


def find_faults(visits: Visits, before: Visits = ()) -> list[Fault]:
    """What is wrong by the newest visits against earlier ones, the gravest first; both lists with the newest first.

    `before` are the visits from before the trouble began, where one is known of: else what is wrong would soon be
    taken for usual.
    """
    found = (look(visits, before) for look in _LOOKS)
    return [fault for faults in found for fault in faults]


def _split(visits: Visits, before: Visits, suits: Callable[[Visit], bool], newest: int) -> tuple[Visits, Visits]:
    """The newest visits of a kind, and those to compare them with."""
    kind = [visit for visit in visits if suits(visit)]
    return kind[:newest], [visit for visit in before if suits(visit)] or kind[newest:]


def _same_everywhere(visits: Visits, before: Visits) -> Iterable[Fault]:
    """Every page of a visit has the same body: sites show a wall with status 200 at every address."""
    recent, past = _split(visits, before, lambda visit: visit.pages > 1, 2)
    if len(recent) < 2 or not all(map(_is_one_page, recent)):
        return
    usual = fmean(map(_is_one_page, past)) if len(past) >= 5 else 0.0 if recent[0].fetched else 1.0
    if usual < 0.2:
        yield Fault(
            f"翻了 {recent[0].pages} 页，页页内容都一样：网站可能在每个地址都给出登录或验证页，或者翻页不起作用。",
            "请打开网址看看是不是要登录或验证；不是的话，请检查翻页的选项。",
            {"repeated": recent[0].repeated, "pages": recent[0].pages},
        )


def _is_one_page(visit: Visit) -> bool:
    return visit.repeated >= visit.pages - 1


def _nothing_left(visits: Visits, before: Visits) -> Iterable[Fault]:
    """Pages come, and no post is found in them any more, or never was."""
    recent, past = _split(visits, before, lambda visit: visit.size > 0, 3)
    if len(recent) < 3 or any(visit.fetched for visit in recent) or len(past) < 10:
        return
    found = [visit.fetched for visit in past if visit.fetched]
    advice = "多半是网站改版、要登录，或地址变了：请预览一次，看看取到什么，再改选项。"
    if len(found) >= 0.95 * len(past):
        yield Fault(f"页面打开了，却连续 {len(recent)} 次一条帖子也没有（以前每次约 {median(found):.0f} 条）。", advice)
    elif not found and (visits[0].at - past[-1].at).days >= 1:
        yield Fault(f"采集了 {len(recent) + len(past)} 次，页面都打开了，却从来没有取到过帖子。", advice)


def _shrunk(visits: Visits, before: Visits) -> Iterable[Fault]:
    """Pages are much smaller than they were, and hold fewer posts."""
    recent, past = _split(visits, before, lambda visit: visit.size > 0 and visit.pages > 0, 3)
    if len(recent) < 3 or len(past) < 10:
        return
    usual, now = median(map(_page_size, past)), max(map(_page_size, recent))
    least = quantiles(map(_page_size, past), n=10)[0]
    posts, posts_now = median(visit.fetched for visit in past), max(visit.fetched for visit in recent)
    if now < usual / 4 and now < least / 2 and posts >= 2 and posts_now <= posts / 2:
        yield Fault(
            f"页面从平日的约 {_kilobytes(usual)} 缩到 {_kilobytes(now)}，帖子也少了，像是登录、验证或出错的页面。",
            "请打开网址看看；要登录的话，请取得授权或改用官方接口。",
            {"size": now, "usual_size": usual},
        )


def _page_size(visit: Visit) -> float:
    return visit.size / visit.pages


def _kilobytes(size: float) -> str:
    return f"{size / 1024:.0f} KB" if size >= 10240 else f"{size / 1024:.1f} KB"


def _garbled(visits: Visits, before: Visits) -> Iterable[Fault]:
    recent, past = _with_rows(visits, before)
    if not recent:
        return
    now, usual = _share(recent, _garbled_posts), _share(past, _garbled_posts)
    if now >= 0.05 or (now >= 0.01 and past and now >= 3 * usual + 0.005):
        compared = _before(usual) if past else ""
        yield Fault(
            f"最近的内容里约 {_percent(now)} 的字是乱码{compared}。",
            "多半是网站换了编码：请在选项里写明 charset（例如 gb18030 或 utf-8），预览正常后保存。",
            {"garbled": now, "garbled_before": usual},
        )


def _garbled_posts(visit: Visit) -> float:
    return visit.garbled * visit.fetched


def _rejected(visits: Visits, before: Visits) -> Iterable[Fault]:
    recent, past = _with_rows(visits, before)
    if not recent:
        return
    now, usual = _share(recent, _rejected_rows), _share(past, _rejected_rows)
    risen = now - usual >= 0.2 and _differ(recent, past, _rejected_rows)
    if risen or (not past and now >= 0.5):
        why = next((visit.refusal for visit in recent if visit.refusal), "")
        compared = _before(usual) if past else ""
        yield Fault(
            f"最近取到的有 {_percent(now)} 不合格{compared}{f'，例如：{why}' if why else ''}。",
            "请看采集记录里的原因；多半是网页或接口的格式变了，预览后修正选项。",
            {"rejected": now, "rejected_before": usual},
        )


def _rejected_rows(visit: Visit) -> float:
    return visit.rejected


def _not_filled(visits: Visits, before: Visits) -> Iterable[Fault]:
    posts, posts_before = ([visit for visit in each if visit.posts and visit.filled] for each in (visits, before))
    for name, title in FIELD_NAMES.items():
        # A part that every post has is missed soon, one that only some have when more posts have come.
        for least in (_ENOUGH_NOW, _PLENTY_NOW):
            recent, past = _with_rows(posts, posts_before, least)
            now, usual = _posts_share(recent, _filled(name)), _posts_share(past, _filled(name))
            if _is_missed(recent, past, _filled(name)):
                some = f"只有 {_percent(now)} 有" if now >= 0.001 else "几乎都没有"
                yield Fault(
                    f"最近的帖子{some}“{title}”{_before(usual)}。",
                    f"多半是网页或接口变了：请预览一次，检查“{title}”是从哪里取的。",
                    {f"filled_{name}": now, f"filled_{name}_before": usual},
                )
                break


def _is_missed(recent: Visits, past: Visits, count: Count) -> bool:
    now, usual = _posts_share(recent, count), _posts_share(past, count)
    fallen = usual - now >= 0.3 or now <= usual / 4
    lasting = all(count(visit) / visit.posts <= (now + usual) / 2 for visit in recent[:2])
    return usual >= 0.1 and fallen and lasting and _differ(recent, past, count)


def _filled(name: str) -> Count:
    return lambda visit: min(visit.filled.get(name, 0), visit.posts)


def _posts_share(visits: Visits, count: Count) -> float:
    return sum(map(count, visits)) / max(sum(visit.posts for visit in visits), 1)


_ENOUGH_NOW, _PLENTY_NOW, _ENOUGH_BEFORE = 15, 40, 30
_MOST_RECENT = 20


def _with_rows(visits: Visits, before: Visits, least: int = _ENOUGH_NOW) -> tuple[Visits, Visits]:
    """The newest visits that together tell enough, at least two, and those to compare them with; else nothing."""
    rows = [visit for visit in visits if visit.fetched]
    lengths = range(2, min(_MOST_RECENT, len(rows)) + 1)
    last = next((length for length in lengths if _told(rows[:length]) >= least), 0)
    # What lies between the two may be of either sort.
    choices = ([visit for visit in before if visit.fetched], rows[_MOST_RECENT:], rows[last:])
    past = next((each for each in choices if len(each) > 2 and _told(each) >= _ENOUGH_BEFORE), ())
    return rows[:last], past


def _told(visits: Visits) -> int:
    """How many different rows these visits showed, at least."""
    return sum(visit.fresh for visit in visits) + max((visit.unchanged for visit in visits), default=0)


def _share(visits: Visits, count: Count) -> float:
    rows = sum(visit.fetched for visit in visits)
    return sum(map(count, visits)) / rows if rows else 0.0


def _differ(recent: Visits, past: Visits, count: Count) -> bool:
    """Whether two shares differ by more than chance: the pooled two-proportion test at about 1 in 2,000."""
    if not recent or not past:
        return False
    first, second = (min(_share(visits, count), 1.0) for visits in (recent, past))
    one, two = _told(recent), _told(past)
    pooled = (first * one + second * two) / (one + two)
    error = math.sqrt(pooled * (1 - pooled) * (1 / one + 1 / two))
    return abs(first - second) > 3.3 * error


def _percent(share: float) -> str:
    return f"{100 * share:.1g}%" if share < 0.1 else f"{100 * share:.0f}%"


def _before(usual: float) -> str:
    return f"（以前 {_percent(usual)}）" if usual >= 0.001 else "（以前几乎没有）"


def _no_overlap(visits: Visits, before: Visits) -> Iterable[Fault]:
    """All is new where there always was something known: what came between two visits may be lost."""
    recent, past = _split(visits, before, lambda visit: visit.fetched >= 5 and not visit.filtered, 2)
    if len(recent) < 2 or len(past) < 10 or any(visit.new < visit.fetched for visit in recent):
        return
    if fmean(visit.new < visit.fetched for visit in past) >= 0.8:
        yield Fault(
            f"最近 {len(recent)} 次取到的全是新帖，与上一次接不上（以前总有见过的）：两次采集之间可能漏帖。",
            "请把采集间隔调短，或把每次翻的页数调大；漏掉的可以补历史。",
        )


_SIGNS: Mapping[str, tuple[int, int, str]] = {
    "moved": (2, 3, "请把来源的地址改成新的。"),
    "gap": (3, 5, "请把采集间隔调短，或把每次翻的页数调大；漏掉的可以补历史。"),
    "running_out": (2, 5, "请尽快补历史，或把采集间隔调短，否则这些帖子以后取不到了。"),
    "page_failed": (3, 5, "对方网站可能不稳定；一直这样的话，请打开那一页看看。"),
    "doubtful": (3, 5, "请打开网址，看看是不是真的这样。"),
}
"""Sign → in how many of how many of the newest visits it counts, and what to do. Collectors give the signs."""


def _repeated_notes(visits: Visits, before: Visits) -> Iterable[Fault]:
    del before
    for sign, (times, among, advice) in _SIGNS.items():
        notes = [next((n for n in visit.notes if n.get("sign") == sign), None) for visit in islice(visits, among)]
        told = [note for note in notes if note is not None]
        if len(told) >= times:
            where = f"（{told[0]['link']}）" if told[0].get("link") else ""
            yield Fault(f"最近 {len(notes)} 次采集有 {len(told)} 次这样：{told[0].get('text', '')}{where}", advice)


_LOOKS: tuple[Callable[[Visits, Visits], Iterable[Fault]], ...] = (
    _same_everywhere,
    _shrunk,
    _nothing_left,
    _garbled,
    _not_filled,
    _rejected,
    _no_overlap,
    _repeated_notes,
)
