"""Advertisements and paid posts are told from customers, on our own sentences; an angry customer is never one."""

from pathlib import Path

import pytest

from monitor.classifiers.lexicon import load_lexicon
from monitor.classifiers.reading import SPAM_FROM, Reader
from monitor.classifiers.wording import as_toml
from monitor.classifiers.wording_training import learn_wording, read_adverts
from monitor.domain.errors import ConfigError
from tests.classifiers.conftest import LEXICON

SPAM, HONEST = read_adverts(LEXICON / "adverts.toml")
"""What the wording was learned from, and the words were chosen on."""

NEW_SPAM = [
    "轮胎买三送一，途虎同款，安装费全免，到店报暗号再送洗车",
    "承接企业班车、旅游包车，车况好司机稳，随时来电15012349999",
    "想学车的看过来，报名立减四百，练车不排队，离地铁口五百米",
    "新车置换顾问小李，手里有内部指标，价格绝对让您满意，加微聊",
    "旧电瓶回收，一块旧的抵一百，上门免费安装新的",
    "汽车音响改装，德国进口喇叭，本月下单送隔音棉",
    "千兆宽带免费体验一个月，满意再付费，装机电话13012349999",
    "老年机专用卡，月租五元，接听免费，需要的街坊到店办理",
    "手机贴膜十元一张，钢化防窥都有，支持上门",
    "代充各类视频会员，价格只要官方一半，自动发货",
    "太阳能路灯厂家，十年质保，支持定制，图片参数可发",
    "商铺用电增容代办，手续快，熟悉流程，联系陈工",
    "今晚八点，直播间三折抢大牌护肤，前一千单加赠旅行装",
    "秋冬新款男鞋，真皮头层，亏本冲量，拍一双送袜子",
    "孩子写作业坐不住？试试这款专注力训练课，首节免费听",
    "自家果园的橙子熟了，包甜包邮，十斤只要三十九块九",
    "高档小区精装房出租，拎包入住，押一付一，看房随时",
    "婚纱照套餐特惠，三服三造，底片全送，定档就减五百",
    "去迪士尼不用排队，尊享卡代购，当天可用",
    "青岛海鲜一日游，含午餐船票，每位一百二十八，导游全程陪同",
    "长白山滑雪两日，雪具全包，周末发团，报名找阿杰",
    "酒店钟点房五十九元四小时，免押入住，高铁站旁边",
    "公司直招普工，六千到八千，包住，体检免费，来了就上班",
    "招直播运营助理，有无经验都行，底薪加提成，简历私我",
    "帮您撤销网贷记录，专业团队操作，先服务后收费",
    "想多一份收入吗，转发文章就能赚，一单结算一次",
    "用了三年这个牌子的净水器，朋友都说水甜，厂家搞活动才九百八，想要的我发你",
    "我妈的膝盖就是喝这个羊奶粉好的，停产前最后一批，留言发资料",
    "装修踩坑无数，最后找了匠心家装，报价透明零增项，免费量房通道留给大家",
    "买房认准这位小姐姐，不赚差价，楼盘内部折扣，电话我放置顶了",
    "新店开业酬宾，全场七折，关注公众号再减十元",
    "长期收购二手空调冰箱，上门看货，价格好商量",
]
"""Written after everything was learned and chosen."""

NEW_HONEST = [
    "轮胎买三送一，装的时候又收了两百动平衡费",
    "包车去机场，司机迟到四十分钟，差点误机",
    "驾校离地铁口近，教练耐心，一次就过了",
    "置换估价压得太低，顾问天天打电话催我",
    "电瓶用了不到一年就没电了，回收只给五十",
    "音响改装完有电流声，回去调了两次还是有",
    "宽带免费体验到期没提醒，直接扣了我九十九",
    "老人卡被开通了一堆增值业务，月月扣费",
    "手机膜贴歪了，老板让我再买一张",
    "视频会员代充的，第二天就失效了，联系不上卖家",
    "路灯坏了半个月，打电话报修没人来",
    "商铺增容申请交了两个月，窗口一直说在审核",
    "直播间买的护肤品没有防伪码，客服说不影响使用",
    "鞋子穿一周就断底，说好的真皮呢",
    "课听了一节，孩子不喜欢，退费还要扣手续费",
    "橙子不甜，烂了三个，客服赔了五块钱",
    "租的房子漏水，中介说不归他管",
    "婚纱照选片加钱加到八千，再也不来了",
    "迪士尼排队三小时，玩两分钟，孩子倒是高兴",
    "一日游午餐难吃，海鲜都是冷冻的，导游倒挺幽默",
    "滑雪场雪具太旧，头盔还有味道",
    "钟点房到点就敲门催，不过离高铁站确实近",
    "厂里说包住，结果十二个人一间，体检费还要自己出",
    "面试直播助理，去了才知道是拉人头",
    "撤销网贷记录是骗局，我交了三千定金人就没了",
    "转发赚钱的软件提现要满一百，永远差一块",
    "净水器滤芯比机器还贵，一年换四次，算下来肉疼",
    "给我妈买的羊奶粉，她说味道淡，喝着还行",
    "装修公司说零增项，拆墙的时候就开始加钱了",
    "中介小姐姐人很好，跑前跑后，最后没买成也没甩脸",
    "关注公众号减十元，结账的时候收银员说不知道",
    "空调卖给上门收旧货的，给了八十块",
]


def _spam(reader: Reader, text: str) -> bool:
    return reader.read(text).spam >= SPAM_FROM


def test_there_are_enough_examples_of_both() -> None:
    assert len(SPAM) >= 60
    assert len(HONEST) >= 60


@pytest.mark.parametrize("text", [*HONEST, *NEW_HONEST])
def test_a_customer_is_not_taken_for_an_advertisement(reader: Reader, text: str) -> None:
    assert not _spam(reader, text), reader.read(text).spam_signs


def test_known_advertisements_are_found(reader: Reader) -> None:
    missed = [text for text in SPAM if not _spam(reader, text)]
    assert len(missed) <= len(SPAM) * 0.05, missed


def test_most_advertisements_never_seen_before_are_found(reader: Reader) -> None:
    missed = [text for text in NEW_SPAM if not _spam(reader, text)]
    assert len(missed) <= len(NEW_SPAM) * 0.35, missed


@pytest.mark.parametrize(
    "advert",
    ["加微信领优惠券，限时抢购，名额有限，扫码进群，下单立减一百", "电话13812345678，专业贷款，当天放款，无抵押"],
)
@pytest.mark.parametrize("anger", ["天天给我发这种，烦死了，垃圾：", "又是骗人的广告，太恶心，", "你们这群骗子，写着"])
def test_an_angry_customer_who_quotes_an_advertisement_is_not_one(reader: Reader, anger: str, advert: str) -> None:
    assert _spam(reader, advert)
    assert not _spam(reader, f"{anger}{advert}")


def test_the_signs_are_named(reader: Reader) -> None:
    signs = reader.read("全场五折限时抢购，加微信abc12345，电话13812345678").spam_signs
    assert {"请人联系", "留电话号码", "促销与报价"} <= set(signs)


def test_pictures_links_and_repeats_count_only_beside_words(reader: Reader) -> None:
    assert reader.read("🎉🎉🎉🎉🎉🎉好开心").spam == 0
    assert reader.read("看这里 https://example.com/a").spam < SPAM_FROM
    assert "表情和叹号太多" in reader.read("🎉🎉🎉新店开业，全场半价🎉🎉🎉").spam_signs


def test_wording_is_learned_the_same_twice_and_can_be_loaded(tmp_path: Path, lexicon_folder: Path) -> None:
    folder = tmp_path / "lexicon"
    folder.mkdir()
    for path in lexicon_folder.glob("*.toml"):
        (folder / path.name).write_bytes(path.read_bytes())
    sets = tmp_path / "sets"
    sets.mkdir()
    rows = [f"{text}{number},negative" for number in range(6) for text in ("异响没人管", "车开着挺好", "等了三天")]
    (sets / "own.csv").write_text("\n".join(["text,label", *rows]), encoding="utf-8")
    first, second = (learn_wording(folder, sets, seed=7, progress=lambda _: None) for _ in range(2))
    assert first == second
    assert (first.adverts, first.customers, first.rows) == (len(SPAM), len(HONEST), 18)
    assert first.recall > 0.5
    (folder / "wording.toml").write_text(as_toml(first.weights, first.bias), encoding="utf-8")
    assert load_lexicon(folder).wording.margin(SPAM[0]) > load_lexicon(folder).wording.margin("异响没人管")


def test_too_few_examples_are_refused(tmp_path: Path) -> None:
    (tmp_path / "adverts.toml").write_text('adverts = ["加微信"]\ncustomers = []\n', encoding="utf-8")
    with pytest.raises(ConfigError, match="adverts"):
        read_adverts(tmp_path / "adverts.toml")
