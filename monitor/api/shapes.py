"""The shapes of what goes in and out, which are also what the OpenAPI document says."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields, validate

from monitor.domain.text import clean_text
from monitor.domain.tickets import STATUS_NAMES, Status
from monitor.domain.verdicts import Expression, Polarity, Severity
from monitor.domain.wording import label

MAX_POSTS = 500
MAX_TEXT = 1_000_000
_LAST_ID = 2**31 - 1  # what a row's number can be on every database


def _told(text: str, **more: Any) -> dict[str, Any]:
    return {"description": text, **more}


class Text(fields.String):
    """Text, rid of control characters."""

    default_error_messages = {"invalid": "应为文字", "required": "必填", "null": "不能是 null"}

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        return clean_text(super()._deserialize(value, attr, data, **kwargs))


class Moment(fields.AwareDateTime):
    """A moment with its zone, kept in UTC."""

    default_error_messages = {
        "invalid": "应为 ISO 8601 时间，如 2026-11-22T14:05:00+08:00（在网址里加号要写成 %2B）",
        "invalid_awareness": "要带时区，如 2026-11-22T14:05:00+08:00",
        "null": "不能是 null",
    }

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> datetime:
        given = super()._deserialize(value, attr, data, **kwargs)
        if not 1970 <= given.year <= 2100:
            raise ValidationError("年份应在 1970 和 2100 之间")
        return given.astimezone(UTC)


class Number(fields.Float):
    """A finite number."""

    default_error_messages = {"invalid": "应为数字", "special": "应为有限的数字", "null": "不能是 null"}


class YesNo(fields.Boolean):
    """true or false, and nothing that looks like it."""

    default_error_messages = {"invalid": "应为 true 或 false", "null": "不能是 null"}
    truthy = {True}
    falsy = {False}


def _choice(names: Mapping[Any, str], text: str) -> fields.String:
    said = "、".join(f"{value}（{name}）" for value, name in names.items())
    check = validate.OneOf([str(value.value) for value in names], error="应为 {choices} 之一")
    return fields.String(validate=check, metadata=_told(f"{text}：{said}"))


SEVERITY_NAMES = {severity: label(severity) for severity in Severity}


class ErrorShape(Schema):
    """What went wrong."""

    code = fields.String(required=True, metadata=_told("不变的代号，供程序判断"))
    message = fields.String(required=True, metadata=_told("给人看的说明"))
    fields_ = fields.Dict(
        keys=fields.String(), values=fields.String(), data_key="fields", metadata=_told("哪个字段、为什么")
    )


class PostIn(Schema):
    """One post."""

    class Meta:
        unknown = RAISE

    error_messages = {"unknown": "没有这个字段", "type": "应为一个对象"}

    external_id = Text(
        required=True,
        validate=validate.Length(max=500, error="最多 {max} 个字"),
        metadata=_told("来源里的编号；(来源, 编号) 相同就是同一条，内容变了记为修订"),
    )
    text = Text(
        load_default="",
        validate=validate.Length(max=MAX_TEXT, error="最多 {max} 个字"),
        metadata=_told("正文，纯文字；正文和标题至少有一个"),
    )
    title = Text(load_default="", validate=validate.Length(max=2000, error="最多 {max} 个字"))
    url = Text(load_default="", validate=validate.Length(max=2000, error="最多 {max} 个字"))
    author = Text(
        load_default="",
        validate=validate.Length(max=500, error="最多 {max} 个字"),
        metadata=_told("作者在来源里的编号；只存成不可还原的代号"),
    )
    created_at = Moment(load_default=None, allow_none=True, metadata=_told("发布时间，带时区"))
    rating = Number(load_default=None, allow_none=True)
    rating_scale = Number(load_default=None, allow_none=True, metadata=_told("评分的满分"))
    thread_id = Text(load_default="", validate=validate.Length(max=500, error="最多 {max} 个字"))
    parent_id = Text(load_default="", validate=validate.Length(max=500, error="最多 {max} 个字"))


class BatchIn(Schema):
    """Posts pushed at once."""

    class Meta:
        unknown = RAISE

    error_messages = {"unknown": "没有这个字段", "type": "应为一个对象"}

    source = Text(
        load_default="",
        validate=validate.Length(max=100, error="最多 {max} 个字"),
        metadata=_told("来源名称，默认“接口推送”"),
    )
    complaint = YesNo(load_default=False, metadata=_told("这些是不是直接向我们提出的投诉；是的话每一条都建工单"))
    posts = fields.List(
        fields.Nested(PostIn),
        required=True,
        error_messages={"invalid": "应为一个列表", "required": "必填", "null": "不能是 null"},
        metadata=_told(f"最多 {MAX_POSTS} 条", maxItems=MAX_POSTS),
    )


class RejectedOut(Schema):
    """A post that was not taken in."""

    index = fields.Integer(required=True, metadata=_told("在 posts 里的位置，从 0 起"))
    external_id = fields.String(required=True)
    reason = fields.String(required=True)


class BatchOut(Schema):
    """What became of a batch; the four together are what was pushed."""

    new = fields.Integer(required=True)
    edited = fields.Integer(required=True)
    unchanged = fields.Integer(required=True)
    rejected = fields.List(fields.Nested(RejectedOut), required=True)


class RefusedRowOut(Schema):
    """A row of a delivery that was not taken."""

    place = fields.String(required=True)
    reason = fields.String(required=True)


class DeliveryOut(Schema):
    """What became of a signed delivery; the counts together are what was pushed, unless it was a repetition."""

    new = fields.Integer(required=True)
    edited = fields.Integer(required=True)
    unchanged = fields.Integer(required=True)
    filtered = fields.Integer(required=True, metadata=_told("不合来源的关键词，没有收"))
    repeated = fields.Boolean(required=True, metadata=_told("这一次以前收过了，什么也没有变"))
    rejected = fields.List(fields.Nested(RefusedRowOut), required=True)


class TicketsQuery(Schema):
    """Which tickets."""

    status = _choice(STATUS_NAMES, "状态")
    department = Text(validate=validate.Length(max=80, error="最多 {max} 个字"), metadata=_told("主办部门的名称"))
    severity = _choice(SEVERITY_NAMES, "严重程度")
    updated_since = Moment(metadata=_told("这个时间以来有变化的"))
    after = fields.Integer(
        load_default=0,
        validate=validate.Range(min=0, max=_LAST_ID, error="应在 {min} 和 {max} 之间"),
        error_messages={"invalid": "应为整数"},
        metadata=_told("上一页的 next_after"),
    )
    limit = fields.Integer(
        load_default=50,
        validate=validate.Range(min=1, max=200, error="应在 {min} 和 {max} 之间"),
        error_messages={"invalid": "应为整数"},
    )


def _moment_out(text: str = "", *, nullable: bool = True) -> fields.AwareDateTime:
    metadata = _told(text) if text else {}
    return fields.AwareDateTime("iso", required=True, allow_none=nullable, metadata=metadata)


class TicketOut(Schema):
    """A ticket, without anybody's contact data."""

    number = fields.String(required=True)
    status = fields.Enum(Status, by_value=True, required=True)
    severity = fields.Enum(Severity, by_value=True, required=True)
    topic = fields.String(required=True)
    summary = fields.String(required=True)
    department = fields.String(required=True, metadata=_told("主办部门，任何时候恰好一个"))
    decided_by = fields.String(
        required=True,
        validate=validate.OneOf(["rule", "thread", "model", "fallback", "person"]),
        metadata=_told("谁定的部门：规则、同一主题、模型、兜底、人"),
    )
    rule = fields.String(required=True, metadata=_told("由规则定的话，规则的名称"))
    confidence = fields.Float(required=True)
    source = fields.String(required=True)
    created_at = _moment_out(nullable=False)
    updated_at = _moment_out(nullable=False)
    accepted_at = _moment_out()
    responded_at = _moment_out()
    closed_at = _moment_out()
    next_action_at = _moment_out("最近一个期限")


class TicketsOut(Schema):
    """One page of tickets, in order of their opening."""

    tickets = fields.List(fields.Nested(TicketOut), required=True)
    next_after = fields.Integer(required=True, allow_none=True, metadata=_told("下一页从这里起；null 表示没有了"))


class CueOut(Schema):
    """Words that let dissatisfaction through."""

    family = fields.String(required=True)
    start = fields.Integer(required=True)
    end = fields.Integer(required=True)
    text = fields.String(required=True)
    reason = fields.String(required=True, metadata=_told("线索家族的名称，和它为什么算"))


class TopicOut(Schema):
    """What a post is about."""

    topic = fields.String(required=True)
    score = fields.Float(required=True)
    polarity = fields.Enum(
        Polarity,
        by_value=True,
        required=True,
        allow_none=True,
        metadata=_told("对这个话题的态度；null 表示那时的版本没有判断"),
    )


_PLACES = "从 0 数起、不含末尾；标题不为空且不是正文的开头时，数的是“标题、换行、正文”"


class VerdictOut(Schema):
    """What the classifier heard in a post."""

    polarity = fields.Enum(Polarity, by_value=True, required=True)
    dissatisfied = fields.Float(required=True, metadata=_told("不满的概率"))
    flagged = fields.Boolean(required=True)
    expression = fields.Enum(Expression, by_value=True, required=True)
    cues = fields.List(fields.Nested(CueOut), required=True, metadata=_told(f"线索词；start 和 end {_PLACES}"))
    topics = fields.List(fields.Nested(TopicOut), required=True, metadata=_told("主要的在最前"))
    worst = fields.List(
        fields.Integer(),
        required=True,
        allow_none=True,
        metadata=_told(f"长帖里最不满的一句在哪里，[start, end]；{_PLACES}；null 表示没有"),
    )
    version = fields.String(required=True)


class PostOut(Schema):
    """A post that belongs to a ticket."""

    external_id = fields.String(required=True)
    url = fields.String(required=True)
    title = fields.String(required=True)
    text = fields.String(required=True)
    rating = fields.Float(required=True, allow_none=True)
    rating_scale = fields.Float(required=True, allow_none=True)
    created_at = _moment_out("作者发表的时间；null 表示来源没有给")
    zone_assumed = fields.Boolean(required=True, metadata=_told("来源没写时区，发表时间按来源的时区理解"))
    edited_at = _moment_out("作者最近一次改它的时间")
    first_seen_at = _moment_out("第一次收到的时间", nullable=False)
    gone_at = _moment_out("发现来源把它删掉的时间；这时正文可能是空的，见设置 deleted_posts")
    verdict = fields.Nested(
        VerdictOut, required=True, allow_none=True, metadata=_told("分类器最近一次的判断；null 表示没有判断过")
    )


class TicketWithPosts(TicketOut):
    """A ticket with the words it stands on."""

    posts = fields.List(fields.Nested(PostOut), required=True)


class DepartmentOut(Schema):
    """A department."""

    name = fields.String(required=True)
    fallback = fields.Boolean(required=True, attribute="is_fallback", metadata=_told("兜底部门，恰好一个"))
    active = fields.Boolean(required=True)


class DepartmentsOut(Schema):
    """All departments."""

    departments = fields.List(fields.Nested(DepartmentOut), required=True)
