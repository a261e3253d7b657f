"""Made-up posts of about 60 characters for measuring: one in five complains, the rest chat, ask and praise."""

import random

from scrapers.base import RawPost

_OPENINGS = ("上周末", "前天下午", "提车三个月", "昨天去店里", "跑了一万公里", "今天早上", "这次长途")
_CALM = (
    "带着一家人去郊外转了一圈，路上不堵，后排坐着也不累，油耗看着还行",
    "有没有人知道冬天胎压打多少合适，门框上写的和店里说的不太一样",
    "换了一套座垫，颜色和内饰挺配，孩子说坐着软和多了，推荐给大家看看",
    "导航带我走了条新修的路，两边的银杏都黄了，停下来拍了不少照片",
    "准备下个月置换，想听听各位对两款配置的看法，主要是城市里通勤用",
    "加了满箱油，表显能跑六百多公里，这个天气开窗比开空调舒服不少",
    "保养做完了，师傅讲得很仔细，还顺手把雨刮给调好了，服务挺周到",
    "群里有人组织自驾去看海，周五晚上出发，有一起的可以私信我报名",
)
_COMPLAINTS = (
    "配件说要等两个月，打了五通电话都说在路上，至今没人给个准信，算了",
    "变速箱低速顿挫得厉害，去了三次都说正常，修了坏坏了修，要求给说法",
    "销售当初答应送的保养一次都没兑现，现在电话也不接，我要投诉你们店",
    "车机黑屏重启了四回，升级以后更卡，客服只会说已反馈，呵呵真行",
    "贷款多收了三千块手续费，发票也不给开，问就是都这样，太坑人了退钱",
)
_ENDINGS = ("。", "，先这样。", "，有空再更新。", "，大家怎么看？", "～", "，记录一下。")


def made_up_posts(count: int, *, seed: int = 7, complaints: float = 0.2) -> list[RawPost]:
    """`count` posts, the same for the same seed; every author writes two of them."""
    choose = random.Random(seed)
    return [_post(number, choose, complaints) for number in range(count)]


def _post(number: int, choose: random.Random, complaints: float) -> RawPost:
    body = choose.choice(_COMPLAINTS if choose.random() < complaints else _CALM)
    text = f"{choose.choice(_OPENINGS)}，第{number}条：{body}{choose.choice(_ENDINGS)}{body[: choose.randrange(30)]}"
    return RawPost(external_id=f"bench-{number}", text=text, author=f"车友{number // 2}", thread_id=f"t{number}")
