"""The shipped severity rules on our own sentences."""

import pytest

from monitor.classifiers.reading import Reader
from monitor.domain.verdicts import Severity

CRITICAL = [
    "昨天下坡刹车失灵，差点撞上护栏",
    "停在小区里自己就自燃了",
    "高速上突然熄火，后面的车差点追尾",
    "撞成这样气囊一个都没弹",
    "前轴开着开着断轴了",
    "方向盘锁死打不动",
    "充电的时候电池起火了",
    "孩子被烫伤住院了",
    "踩刹车没反应",
    "煞車失靈，氣囊也沒爆開",
    "车辆突然加速撞到墙上",
    "热水器漏电电到人了",
    "一百多位车主集体维权，记者已经到现场",
    "发动机舱冒浓烟",
]
RAISED = [
    "再不解决我就打12315",
    "已经咨询了律师",
    "准备找记者曝光",
    "第三次维修还是老样子",
    "车主们集体维权",
    "多次协商无果",
    "存在严重安全隐患",
    "損失了三萬塊",
    "你们等着，法院见",
    "报警处理了",
]
NORMAL = [
    "今天去提车了，很开心",
    "座椅有点硬",
    "开了三年从没出现过刹车失灵",
    "请问电动车会不会自燃",
    "新车谍照曝光，内饰很漂亮",
    "这款车最近很火爆",
    "晚上一起去吃火锅",
    "刹车很灵敏",
    "我朋友是一名律师，他也买了这款车",
    "没有受伤，只是虚惊",
    "怎么避免电池起火",
    "防自燃的灭火器推荐一个",
    "空调不太凉",
]


@pytest.mark.parametrize("text", CRITICAL)
def test_danger_is_critical(reader: Reader, text: str) -> None:
    reading = reader.read(text)
    assert reading.severity is Severity.CRITICAL, reading.severity_reason
    assert "：" in reading.severity_reason


@pytest.mark.parametrize("text", RAISED)
def test_threats_and_repeats_are_raised(reader: Reader, text: str) -> None:
    assert reader.read(text).severity is Severity.RAISED


@pytest.mark.parametrize("text", NORMAL)
def test_the_rest_is_normal(reader: Reader, text: str) -> None:
    reading = reader.read(text)
    assert reading.severity is Severity.NORMAL, reading.severity_reason
