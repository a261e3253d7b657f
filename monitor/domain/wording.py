"""How values are said to people: names of codes, moments, time left."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from enum import StrEnum
from typing import Any

from monitor.domain.alerts import Event
from monitor.domain.health import Health
from monitor.domain.learning import CorrectionOrigin, Stratum
from monitor.domain.likeness import Spread
from monitor.domain.people import Role
from monitor.domain.rescoring import RunState, Shift
from monitor.domain.routing import DecidedBy
from monitor.domain.sla import FollowUpKind
from monitor.domain.tickets import ACTION_NAMES, STATUS_NAMES, Action, Status
from monitor.domain.triage import Outcome
from monitor.domain.verdicts import Expression, Intent, Polarity, Severity

_WEEKDAYS = "一二三四五六日"

LABELS: dict[type[StrEnum], Mapping[Any, str]] = {
    Status: STATUS_NAMES,
    Action: ACTION_NAMES,
    Severity: {
        Severity.NORMAL: "一般",
        Severity.RAISED: "升级",
        Severity.CRITICAL: "重大",
    },
    Polarity: {
        Polarity.NEGATIVE: "负面",
        Polarity.NEUTRAL: "中性",
        Polarity.POSITIVE: "正面",
    },
    Expression: {
        Expression.EXPLICIT: "明说",
        Expression.IMPLICIT: "隐性",
        Expression.NONE: "没有不满",
    },
    Role: {
        Role.AGENT: "坐席",
        Role.HANDLER: "主办人",
        Role.HEAD: "部门负责人",
        Role.SUPERVISOR: "班长",
        Role.ADMINISTRATOR: "管理员",
    },
    DecidedBy: {
        DecidedBy.RULE: "规则",
        DecidedBy.THREAD: "同一主题",
        DecidedBy.MODEL: "模型",
        DecidedBy.FALLBACK: "兜底",
        DecidedBy.PERSON: "人工",
    },
    FollowUpKind: {
        FollowUpKind.ACCEPT: "受理",
        FollowUpKind.TAKE_ON: "签收",
        FollowUpKind.FIRST_CONTACT: "首次联系",
        FollowUpKind.RESOLVE: "办结",
        FollowUpKind.STATUTORY: "法定告知",
        FollowUpKind.CALL_BACK: "回访",
        FollowUpKind.TURN_TO_CALL_BACK: "转回访",
        FollowUpKind.CUSTOMER_ANSWER: "等客户补充",
        FollowUpKind.REVIEW: "挂起复核",
        FollowUpKind.MANUAL: "跟进",
    },
    Outcome: {
        Outcome.IGNORE: "无需处理",
        Outcome.SIGNAL: "待判断",
        Outcome.JOIN: "并入已有工单",
        Outcome.OPEN: "已建工单",
        Outcome.DISMISSED: "已忽略",
    },
    RunState: {
        RunState.RUNNING: "进行中",
        RunState.PAUSED: "已暂停",
        RunState.DONE: "已完成",
        RunState.STOPPED: "没做完就停了",
        RunState.UNDONE: "已收回",
    },
    Shift: {
        Shift.NEWLY_FLAGGED: "新听出不满",
        Shift.NO_LONGER_FLAGGED: "不再认为不满",
        Shift.SAME: "判断不变",
    },
    Health: {
        Health.NEW: "新",
        Health.HEALTHY: "正常",
        Health.LATE: "晚点",
        Health.SILENT: "异常安静",
        Health.DEGRADED: "内容残缺",
        Health.BLOCKED: "被拒绝",
        Health.BROKEN: "出错",
        Health.PAUSED: "停用",
    },
    Event: {
        Event.TICKET_OPENED: "新工单",
        Event.TICKET_DISPATCHED: "派单",
        Event.TICKET_REASSIGNED: "改派",
        Event.SEVERITY_RAISED: "加重",
        Event.FOLLOW_UP_OVERDUE: "超时",
        Event.CUSTOMER_MESSAGE: "客户来信",
        Event.APPROVAL_WANTED: "请审批",
        Event.SOURCE_HEALTH: "来源情况",
        Event.RECEIPT: "回执",
        Event.QUESTION: "请客户补充",
        Event.ANSWER: "答复客户",
    },
    Intent: {
        Intent.COMPLAINT: "投诉",
        Intent.QUESTION: "提问",
        Intent.SUGGESTION: "建议",
        Intent.WARNING: "劝诫他人",
        Intent.LEAVING: "要离开",
        Intent.NONE: "",
    },
    Spread: {
        Spread.SINGLE: "独此一条",
        Spread.DUPLICATE: "同一作者重复发",
        Spread.REPOST: "像是转发",
        Spread.CAMPAIGN: "疑似统一发布",
        Spread.TEMPLATE: "像是通用文案",
    },
    CorrectionOrigin: {
        CorrectionOrigin.WORK: "工作中",
        CorrectionOrigin.SPOT_CHECK: "抽查",
    },
    Stratum: {
        Stratum.UNFLAGGED: "没标的",
        Stratum.FLAGGED: "标出来的",
        Stratum.UNCERTAIN: "拿不准的",
    },
}
"""By type, because members of different enums can have the same text and would then be the same key."""

SPREAD_ADVICE: Mapping[Spread, str] = {
    Spread.CAMPAIGN: "多位作者在几小时内发了几乎一样的话。说的事照样要核实，只是不能直接当成这么多位客户。",
    Spread.TEMPLATE: "这段话长期有人套用，说的不一定是同一件事。",
}

STANCES: Mapping[Polarity, str] = {
    Polarity.NEGATIVE: "不满",
    Polarity.NEUTRAL: "中性",
    Polarity.POSITIVE: "满意",
}
"""How somebody stands to a topic, where `LABELS` says how a whole post reads."""

TRIAGE_REASONS = {
    "direct": "直接向我们提出的投诉",
    "severity": "内容严重，不等人判断",
    "outspoken": "不满说得明白",
    "hinted": "只是流露，请人判断",
    "safety-words": "出现安全字眼，请人看一眼",
    "rescored": "新版分类器听出来的",
    "corrected": "有人听出了不满",
    "open-ticket": "同一个人在同一话题下已有工单",
    "not-dissatisfied": "看不出不满",
    "cannot-tell": "文字太少，无法判断",
    "spam": "像广告或水军",
}

OUTCOMES = {
    "upheld": "属实，我们的问题",
    "partly": "部分属实",
    "not_upheld": "不属实",
    "no_reply": "客户未补充，按现有情况答复",
    "withdrawn": "客户撤诉",
}
REMEDIES = {
    "repair": "维修",
    "replace": "更换",
    "refund": "退款",
    "compensation": "补偿",
    "apology": "道歉",
    "explanation": "解释说明",
    "improvement": "改进流程",
    "none": "无",
}
SOLVED = {"yes": "已解决", "partly": "部分解决", "no": "未解决"}
SATISFACTION = {5: "非常满意", 4: "满意", 3: "基本满意", 2: "不满意", 1: "非常不满意"}
REMEDIES_WISHED = ("退款", "更换", "维修", "道歉", "解释", "其他")


def label(value: StrEnum | None) -> str:
    """The Chinese name of a code; "" for None."""
    return "" if value is None else LABELS[type(value)][value]


def say_moment(moment: datetime | None, zone: tzinfo, *, now: datetime | None = None) -> str:
    """11月22日 周日 14:05; the year is said when it is not the present one."""
    if moment is None:
        return ""
    return f"{say_day(moment, zone, now=now)} {moment.astimezone(zone):%H:%M}"


def say_day(moment: datetime, zone: tzinfo, *, now: datetime | None = None) -> str:
    """11月22日 周日; the year is said when it is not the present one."""
    local = moment.astimezone(zone)
    this_year = (now or datetime.now(UTC)).astimezone(zone).year
    year = "" if local.year == this_year else f"{local.year}年"
    return f"{year}{local.month}月{local.day}日 周{_WEEKDAYS[local.weekday()]}"


def say_span(span: timedelta) -> str:
    """2天3时, 1时20分, 5分."""
    minutes = int(span.total_seconds() // 60)
    days, minutes = divmod(minutes, 24 * 60)
    hours, minutes = divmod(minutes, 60)
    if days:
        return f"{days}天{hours}时" if hours else f"{days}天"
    if hours:
        return f"{hours}时{minutes}分" if minutes else f"{hours}时"
    return f"{minutes}分"


def say_time_left(due: datetime | None, now: datetime) -> str:
    """剩 1时20分, or 超 2天 when it is past."""
    if due is None:
        return ""
    return f"剩 {say_span(due - now)}" if due >= now else f"超 {say_span(now - due)}"
