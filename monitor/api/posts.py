"""POST /posts: a batch of posts, through the same intake as everything else."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from monitor import edge
from monitor.api.document import TOKEN
from monitor.api.errors import TooLarge, api_blueprint
from monitor.api.shapes import MAX_POSTS, BatchIn, BatchOut, ErrorShape
from monitor.api.tokens import needs
from monitor.domain.errors import Invalid
from monitor.services.intake import accept_posts, why_refused
from monitor.services.setup import built_in_source
from monitor.storage.models import Source
from scrapers.base import RawPost

blueprint = api_blueprint("api_posts", __name__, "推送帖子")


@blueprint.route("/posts", methods=["POST"])
@needs("may_push")
@blueprint.arguments(BatchIn, description=f"最多 {MAX_POSTS} 条帖子")
@blueprint.response(200, BatchOut, description="每一条的去向；四个数加起来等于推来的条数")
@blueprint.alt_response(401, schema=ErrorShape, description="没有令牌，或令牌无效")
@blueprint.alt_response(403, schema=ErrorShape, description="令牌没有推送的权限")
@blueprint.alt_response(413, schema=ErrorShape, description=f"超过 {MAX_POSTS} 条，或请求太大")
@blueprint.doc(security=[{TOKEN: []}], summary="推送一批帖子；重复推送同一条不会变成两条")
def push(batch: dict[str, Any]) -> dict[str, Any]:
    """Takes a batch in; pushing the same again changes nothing, other words for the same id become a revision."""
    if len(batch["posts"]) > MAX_POSTS:
        raise TooLarge(f"一次最多 {MAX_POSTS} 条，这次有 {len(batch['posts'])} 条；请分几次推送。")
    raws = [RawPost(**post) for post in batch["posts"]]
    refusals = [why_refused(raw) for raw in raws]
    source = _source(edge.session(), batch["source"], complaint=batch["complaint"])
    good = [raw for raw, refusal in zip(raws, refusals, strict=True) if not refusal]
    key = edge.tools().pseudonym_key
    accepted = accept_posts(edge.session(), source, good, pseudonym_key=key, now=edge.now())
    edge.commit()  # before it is answered that they were taken in
    return {
        "new": accepted.new,
        "edited": accepted.edited,
        "unchanged": accepted.unchanged,
        "rejected": _rejected(raws, refusals),
    }


def _source(session: Session, name: str, *, complaint: bool) -> Source:
    """The source of this name; complaints have one of their own, since each of them becomes a ticket."""
    kind = "api-complaints" if complaint else "api"
    source = built_in_source(session, kind, name=f"{name}（均为投诉）" if name and complaint else name)
    if source.kind != kind:  # or a caller could rewrite what another source brought
        raise Invalid(f"名称“{name}”属于别的来源，请换一个。", fields={"source": "属于别的来源"})
    return source


def _rejected(raws: Sequence[RawPost], refusals: Sequence[str]) -> list[dict[str, Any]]:
    return [
        {"index": index, "external_id": raw.external_id, "reason": refusal}
        for index, (raw, refusal) in enumerate(zip(raws, refusals, strict=True))
        if refusal
    ]
