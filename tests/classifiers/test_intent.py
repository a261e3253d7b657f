"""What the writer is after, on our own sentences."""

import pytest

from monitor.classifiers.reading import Reader
from monitor.domain.verdicts import Intent

AFTER: dict[Intent, list[str]] = {
    Intent.COMPLAINT: [
        "我要投诉这家店，收了钱不干活",
        "要求厂家给个说法",
        "强烈要求退车退款",
        "已经向12315反映，等结果",
        "请尽快处理，给我一个答复",
        "必须赔偿我的损失",
        "希望4S店尽快解决漏油的问题",
        "维权到底，不退一赔三不罢休",
        "我要举报他们偷换配件",
        "把多扣的话费退给我",
        "再不处理就去消协",
        "麻烦客服联系我，车还在你们店里趴着",
        "我要一個說法，請退還訂金",
        "停电三天没人管，请供电公司马上抢修",
    ],
    Intent.QUESTION: [
        "请问这车多久保养一次",
        "有没有人知道胎压灯亮了怎么复位",
        "这款值得买吗？",
        "求推荐一款好用的行车记录仪",
        "首付最低多少钱",
        "想问一下套餐怎么改",
        "快递几天能到北京？",
        "哪个颜色更耐脏",
        "油耗高是什么原因",
        "大家觉得白色好看还是灰色好看",
        "車機要怎麼升級",
        "异响正常不正常，各位帮忙看看",
        "保养一次大概要多少钱",
    ],
    Intent.SUGGESTION: [
        "建议厂家增加后排出风口",
        "希望以后能有夜间充电优惠",
        "隔音再好一点就完美了",
        "服务流程有待改进",
        "如果座椅能再软些就更好了",
        "期待官方早日推送新系统",
        "屏幕亮度应该加强一下",
        "多听听用户的声音吧",
        "建议酒店增加充电桩",
        "要是早餐能多几样就更好了",
        "还有很大的提升空间",
        "希望下一代車款改進懸吊",
    ],
    Intent.WARNING: [
        "想买的朋友慎重",
        "千万别买这个牌子",
        "大家避雷这家店",
        "劝退，谁买谁后悔",
        "提醒各位看清合同再签",
        "奉劝大家绕道走",
        "不推荐大家来这家",
        "别上当，都是套路",
        "慎入，坑多",
        "各位擦亮眼睛，别步我后尘",
        "千萬不要來這間保養廠",
        "后来者引以为戒",
    ],
    Intent.LEAVING: [
        "下次换别家",
        "再也不来了",
        "准备把车卖了",
        "考虑携号转网",
        "这是最后一次在这家买",
        "已经卸载了，拜拜",
        "打算换车，不伺候了",
        "以后不会再光顾",
        "取关了，不会有下次",
        "會員不續了，改去別家",
        "合同到期就销户",
        "再见了，江湖不见",
    ],
    Intent.NONE: [
        "今天提车，开心",
        "空间大，省油，推荐",
        "刚跑完长途，油耗六个",
        "周末去郊外露营",
        "师傅手艺好，修得快",
        "外观漂亮，很满意",
        "等了两小时",
        "这车动力一般",
        "早上下雨，路上堵车",
        "快递收到了，包装完好",
        "新車開了一千公里，感覺不錯",
        "店里装修得挺好，咖啡免费",
        "换了新轮胎，安静多了",
    ],
}


def _flat() -> list[tuple[Intent, str]]:
    return [(intent, text) for intent, texts in AFTER.items() for text in texts]


def test_every_intent_has_its_examples() -> None:
    assert set(AFTER) == set(Intent)
    assert all(len(texts) >= 12 for texts in AFTER.values())


@pytest.mark.parametrize(("intent", "text"), _flat())
def test_an_intent_is_read_from_the_words(reader: Reader, intent: Intent, text: str) -> None:
    assert reader.read(text).intent is intent


@pytest.mark.parametrize(
    "text",
    [
        "开了三年，没投诉过一次，省心",
        "不用维权，店里主动给换了",
        "从没想过投诉，服务一直很好",
        "没有要求赔偿，就是说说",
    ],
)
def test_a_complaint_that_is_denied_is_none(reader: Reader, text: str) -> None:
    assert reader.read(text).intent is not Intent.COMPLAINT


def test_a_demand_weighs_more_than_a_warning_or_a_question(reader: Reader) -> None:
    assert reader.read("大家避雷！我要求退款，凭什么不退？").intent is Intent.COMPLAINT
