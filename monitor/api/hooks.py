"""POST /hooks/<number>: signed deliveries of other systems (Standard Webhooks)."""

from typing import Any

from flask import request

from monitor import edge
from monitor.api.document import SIGNATURE
from monitor.api.errors import Unauthorized, api_blueprint
from monitor.api.shapes import DeliveryOut, ErrorShape
from monitor.domain.errors import Invalid
from monitor.domain.webhooks import SignatureRefused, check
from monitor.services.pushing import pushed_source, take_delivery
from monitor.wiring.sources import hook_key, read_delivery
from scrapers.errors import CollectError

blueprint = api_blueprint("api_hooks", __name__, "签名推送")


@blueprint.route("/hooks/<int:source_id>", methods=["POST"])
@blueprint.response(200, DeliveryOut, description="每一条的去向；各数加起来等于推来的条数")
@blueprint.alt_response(401, schema=ErrorShape, description="没有签名，签名不对，或时间差得太多")
@blueprint.alt_response(404, schema=ErrorShape, description="没有这个推送地址")
@blueprint.alt_response(409, schema=ErrorShape, description="来源已停用")
@blueprint.alt_response(413, schema=ErrorShape, description="请求太大")
@blueprint.alt_response(422, schema=ErrorShape, description="内容读不出来")
@blueprint.doc(
    security=[{SIGNATURE: []}],
    summary="推送一次，用 Standard Webhooks 的三个头签名；重发同一次（同一个 webhook-id）不会变成两次",
    requestBody={"required": True, "content": {"application/json": {"schema": {"type": "object"}}}},
)
def deliver(source_id: int) -> dict[str, Any]:
    """Takes a delivery in; the signature is over the very bytes that came."""
    source, body = pushed_source(edge.session(), source_id), request.get_data(cache=False)
    settings = edge.installation().settings
    headers = {name.lower(): value for name, value in request.headers.items()}
    try:
        delivery = check(hook_key(settings, source), headers, body, edge.now())
    except SignatureRefused as error:
        raise Unauthorized(str(error)) from error
    try:
        batch = read_delivery(source, body, edge.now())
    except CollectError as error:
        raise Invalid(str(error), fields={"body": str(error)}) from error
    accepted = take_delivery(edge.session(), source, delivery, batch, edge.tools(), edge.now())
    edge.commit()  # before it is answered that they were taken in
    if accepted is None:
        return {"new": 0, "edited": 0, "unchanged": 0, "filtered": 0, "repeated": True, "rejected": []}
    return {
        "new": accepted.new,
        "edited": accepted.edited,
        "unchanged": accepted.unchanged,
        "filtered": accepted.filtered,
        "repeated": False,
        "rejected": [{"place": r.place, "reason": r.reason} for r in accepted.rejections],
    }
