"""Eight invented complaints, what becomes of them when people pass them on, and others of the same form."""

from collections.abc import Callable, Mapping

COMPLAINTS = (
    "上个月提的新车，开了不到两千公里变速箱就一直顿挫，去店里查了三回都说正常，最后让我自己再观察观察，没人给说法。",
    "交定金时销售说送三次保养和行车记录仪，等提车那天改口说活动早结束了，合同里又没写，找经理也是推来推去不见面。",
    "空调一到下雨天就有股发霉的味道，孩子坐后排总咳嗽，换了两次滤芯还是一样，客服回电话只会念稿子，这钱花得真冤。",
    "导航升级之后天天黑屏重启，高速上突然没有画面，倒车影像也跟着卡住，预约检测排到下下周，这期间谁来负责安全呢。",
    "订单页面写着七天内发货，等了二十六天还在仓库，催一次道一次歉，想退款又要扣手续费，平台和商家谁也不肯拍板。",
    "酒店照片里的海景房，到了才知道窗外是停车场，隔壁装修从早上八点钻到晚上，前台说满房换不了，押金也拖着没退。",
    "办贷款时多收了四千块服务费，发票一直开不出来，问就说财务休假，过了三个月再打过去，号码居然已经是空号了。",
    "小区电梯这个月坏了五次，老人被困过两回，物业只在群里发句抱歉，维修基金的账目谁都没见过，大家只好爬楼梯。",
)

_SWAPS = {
    "就一直顿挫": "就老是抖动", "去店里": "到店里", "最后让我": "然后叫我",
    "改口说": "却跟我讲", "推来推去": "互相踢皮球",
    "总咳嗽": "老是咳嗽", "这钱花得真冤": "这钱白花了",
    "突然没有画面": "一下子没了画面", "谁来负责安全呢": "出了事谁负责",
    "还在仓库": "还没出库", "谁也不肯拍板": "都不愿意做主",
    "到了才知道": "到店才发现", "前台说": "服务员讲",
    "一直开不出来": "怎么都开不出来", "居然已经是": "竟然变成了",
    "只在群里发句抱歉": "只会在群里说抱歉", "只好爬楼梯": "只能走楼梯",
}  # fmt: skip
_SCRIPTS = ("变异响车发话没后总这个还说为什么转评", "變異響車發話沒後總這個還說為什麼轉評")


def simplify(text: str) -> str:
    """The text with those traditional characters simplified that stand in these tests."""
    return text.translate(str.maketrans(*reversed(_SCRIPTS)))


def _swap_words(text: str) -> str:
    for written, instead in _SWAPS.items():
        text = text.replace(written, instead)
    return text


def _without_a_clause(text: str) -> str:
    clauses = text.split("，")
    return "，".join(clauses[:2] + clauses[3:])


EDITS: Mapping[str, Callable[[str], str]] = {
    "punctuation": lambda text: text.replace("，", "  ").replace("。", "！！！"),
    "passed on": lambda text: f"转发微博//@路人甲:#曝光台# {text} http://t.cn/A6abc12 @某某客服",
    "faces": lambda text: text.replace("，", "😤，[怒]", 2) + "[doge]🙏",
    "traditional": lambda text: text.translate(str.maketrans(*_SCRIPTS)),
    "words swapped": _swap_words,
    "a clause removed": _without_a_clause,
    "cut to 70 %": lambda text: text[: len(text) * 7 // 10],
}
"""What people do to a text, by name."""

OTHER_ORDER = (
    (
        "尊敬的客服您好，我的订单尾号二三八一，商品收到时屏幕有划痕，麻烦尽快给我换货或者退款，谢谢，等您回复。",
        "尊敬的客服您好，我的订单尾号九零四七，耳机左边没有声音充不进电，希望尽快给我处理退款，谢谢，等您回复。",
    ),
    (
        "本人于三月在贵店购买一台轿车，现发现车门异响，多次沟通没有结果，要求贵公司给出书面答复并承担相应责任。",
        "本人于九月在贵店订了一台越野车，至今没有交付，电话无人接听，要求贵公司给出书面答复并退还全部定金和利息。",
    ),
)
"""Pairs of posts that follow one form and speak of different things."""
