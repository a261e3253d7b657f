"""GET /departments."""

from typing import Any

from monitor import edge
from monitor.api.document import TOKEN
from monitor.api.errors import api_blueprint
from monitor.api.shapes import DepartmentsOut, ErrorShape
from monitor.api.tokens import needs
from monitor.storage.queries.exports import departments

blueprint = api_blueprint("api_departments", __name__, "部门")


@blueprint.route("/departments", methods=["GET"])
@needs("may_read")
@blueprint.response(200, DepartmentsOut)
@blueprint.alt_response(401, schema=ErrorShape, description="没有令牌，或令牌无效")
@blueprint.alt_response(403, schema=ErrorShape, description="令牌没有读取的权限")
@blueprint.doc(security=[{TOKEN: []}], summary="全部部门，含已停用的")
def list_departments() -> dict[str, Any]:
    """All departments."""
    return {"departments": departments(edge.session())}
