"""Errors as pages: what happened, what was kept, what to do."""

from dataclasses import dataclass

from flask import Flask, jsonify, render_template, request
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from monitor.domain.errors import Forbidden, Invalid, InvalidAction, MonitorError, NotFound, StaleWrite


@dataclass(frozen=True, slots=True)
class Trouble:
    """What a person is told."""

    title: str
    happened: str
    todo: str
    kept: str = ""


TROUBLES = {
    400: Trouble("请求不完整", "这次提交缺了一些内容，或者页面打开得太久。", "请返回上一页，刷新后再试一次。"),
    403: Trouble("没有这项权限", "您的账号不能打开这一页。", "需要的话，请联系管理员调整角色。"),
    404: Trouble("没有找到", "这个地址没有内容，或者它不归您的部门。", "请检查地址，或从收件箱里找。"),
    405: Trouble("不能这样打开", "这个地址只接受表单提交。", "请从页面上的按钮进入。"),
    409: Trouble("没有办成", "情况刚刚变了。", "请返回工单看看最新状态。", "原来的内容都没有改动。"),
    413: Trouble("内容太大", "提交的内容超过了上限。", "请分几次提交，或把附件改小。", "没有保存任何内容。"),
    422: Trouble("有几处要补充", "有些内容还不完整。", "请返回上一页补上。", "没有保存任何内容。"),
    429: Trouble("太频繁了", "短时间内请求太多。", "请过几分钟再试。", "之前的内容都还在。"),
    500: Trouble(
        "我们这边出了问题",
        "这一页没能完成，原因已经记录。",
        "请稍后再试；一直这样请联系管理员。",
        "刚才的修改没有保存，原有内容不受影响。",
    ),
}

_STATUS = {NotFound: 404, Forbidden: 403, Invalid: 422, InvalidAction: 409, StaleWrite: 409}


def register(app: Flask) -> None:
    """Shows these pages for everything that a page refuses or that fails."""
    app.register_error_handler(MonitorError, _refused)
    app.register_error_handler(CSRFError, _no_token)
    for status in TROUBLES:
        app.register_error_handler(status, _failed)


def _refused(error: MonitorError) -> ResponseReturnValue:
    status = next((code for kind, code in _STATUS.items() if isinstance(error, kind)), 400)
    return _answer(status, str(error), error.code)


def _no_token(error: CSRFError) -> ResponseReturnValue:
    return _answer(error.code or 400, "页面的登录状态变了（例如重新登录过），为了安全没有提交。", "bad_request")


def _failed(error: Exception) -> ResponseReturnValue:
    status = (error.code or 500) if isinstance(error, HTTPException) else 500
    return _answer(status, "", "error")


def _answer(status: int, happened: str, code: str) -> ResponseReturnValue:
    trouble = TROUBLES.get(status, TROUBLES[500])
    if request.path.startswith("/api/"):  # an address of the API that no route of it answers
        return jsonify(error={"code": code, "message": happened or trouble.happened}), status
    return render_template("errors/trouble.html", status=status, trouble=trouble, happened=happened), status
