"""Licensed data providers: the interface of one with whom there is a contract, read as the contract says."""

from collections.abc import Mapping
from typing import Any

from scrapers.base import Fetch, Option
from scrapers.errors import CollectorNotConfigured
from scrapers.kinds.json_api import JsonApi

_SHORTEST = 4


class Provider:
    """Reads what a provider delivers under a contract; how it is read is the JSON interface's business."""

    title = "授权数据服务商（凭合同读取其数据接口）"
    options = (
        Option(
            "contract",
            "合同或授权编号。只用于依法取得授权的数据：平台自有的、需要他人账号或破解签名的接口不能用它读取",
            required=True,
            placeholder="HT-2026-018",
        ),
        Option("provider", "服务商名称", required=True, placeholder="某某数据有限公司"),
        *JsonApi.options,
    )

    @classmethod
    def build(cls, options: Mapping[str, Any], fetch: Fetch) -> JsonApi:
        """A collector of the provider's interface. Raises `CollectorNotConfigured`."""
        if len(str(options["contract"])) < _SHORTEST or not any(sign.isdigit() for sign in str(options["contract"])):
            raise CollectorNotConfigured(
                f"选项 contract 的值“{options['contract']}”不像合同或授权编号；没有合同的数据不能采集。",
                option="contract",
            )
        return JsonApi.build(options, fetch)
