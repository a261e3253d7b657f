"""The shipped severity rules on our own sentences: each grave one names the rule that was met."""

import pytest

from monitor.classifiers.reading import Reader
from monitor.classifiers.trained import TrainedModel
from monitor.domain.verdicts import Severity

CRITICAL = {
    "制动失灵": [
        "昨天下坡刹车失灵，差点撞上护栏",
        "踩刹车没反应",
        "煞車失靈，氣囊也沒爆開",
        "刹车踏板一脚踩到底，车根本停不下来",
        "高速下匝道的时候制动突然失效",
        "刹车偶发失灵，4S店说一切正常",
    ],
    "起火自燃": [
        "停在小区里自己就自燃了",
        "充电的时候电池起火了",
        "发动机舱冒浓烟",
        "充电宝在包里炸了，还好人没事",
        "手机充电时突然着火，枕头都烧了个洞",
        "驻车时电池包冒烟，消防来了才扑灭",
    ],
    "转向失灵": ["方向盘锁死打不动", "转弯时转向助力突然消失", "开着开着方向失控"],
    "断轴脱轮": ["前轴开着开着断轴了", "过减速带后下摆臂断裂", "前轮在高速上飞出去了"],
    "气囊安全带": ["撞成这样气囊一个都没弹", "追尾后安全气囊未弹出", "安全带锁不住，急刹时人飞了出去"],
    "失速失控": [
        "高速上突然熄火，后面的车差点追尾",
        "车辆突然加速撞到墙上",
        "在高架上突然失去动力，后面一排喇叭",
        "停在坡上自己溜车撞了护栏",
        "智驾开着突然自己往左打，差点撞隔离带",
    ],
    "有人受伤": [
        "孩子被烫伤住院了",
        "电梯突然下坠，两个人摔骨折",
        "吃完上吐下泻，去医院挂水",
        "一家三口食物中毒进了急诊",
        "快递车把老人撞倒，送医了",
        "货架倒下来砸伤了顾客",
        "美容院打针打到毁容",
    ],
    "触电漏电": [
        "热水器漏电电到人了",
        "变压器旁边的电线掉在地上，小孩碰到触电了",
        "充电桩外壳带电，手一摸就麻",
        "煤气泄漏报修半天没人来",
    ],
    "电力设施危险": [
        "门口的电线杆倒了，线还带着电",
        "高压线垂到地面，行人都绕着走",
        "变压器爆炸，整条街都听见了",
        "电杆被撞歪，随时要倒，报修两天没人管",
    ],
    "危险品": [
        "快递里寄来的化学品漏出来，呛得人喘不上气",
        "物流车上的液化气罐泄漏",
        "包裹里的锂电池冒烟烧了半车货",
    ],
    "媒体与群体": ["一百多位车主集体维权，记者已经到现场", "车主们联合维权，央视都报道了"],
    "主管部门立案": ["市场监管总局已经立案调查", "我已正式起诉，下周开庭"],
}
RAISED = {
    "主管部门与法律": [
        "再不解决我就打12315",
        "已经咨询了律师",
        "你们等着，法院见",
        "报警处理了",
        "消协的同志让我先找你们协商",
        "三天之内没有答复，我就向工信部申诉",
        "电费的事已经反映到12398",
    ],
    "要曝光": ["准备找记者曝光", "我会把视频发到抖音上让大家评评理", "再拖我就上黑猫投诉"],
    "多次未解决": [
        "第三次维修还是老样子",
        "多次协商无果",
        "为这点异响跑了五趟店",
        "反映了七八次，一次都没修好",
        "打了十几遍客服，次次说加急",
        "断网报修四次了，师傅来了又走",
    ],
    "群体": ["车主们集体维权", "几十位业主联名投诉停电", "群里上百个用户都断网了"],
    "安全隐患": [
        "存在严重安全隐患",
        "刹车发软，开起来提心吊胆",
        "电池鼓包了还说没事",
        "消防通道被快递堆满了，这是安全隐患",
        "差点追尾，刹车距离太长",
    ],
    "金额大": ["損失了三萬塊", "被骗了五万多", "维修费要12000元", "卖的假表坑了我两万八"],
    "扬言": ["这事没完，奉陪到底", "再不退钱我就去堵门"],
    "食品安全": [
        "牛奶变质了，喝了一口全是酸的",
        "面包发霉了还在卖",
        "饭里吃出一只蟑螂",
        "买到过期的奶粉，宝宝已经喝了半罐",
        "外卖里有碎玻璃",
    ],
}
NORMAL = [
    # Nothing grave
    "今天去提车了，很开心",
    "座椅有点硬",
    "空调不太凉",
    "物流太慢，等了一周",
    "菜咸了点",
    "话费怎么又多了两块",
    # Denied, or did not happen
    "开了三年从没出现过刹车失灵",
    "没有受伤，只是虚惊",
    "刹车不会失灵，放心开",
    "十年老车，从来没自燃过",
    "没人受伤，车也没事",
    "气囊没有误弹过，质量不错",
    "不存在漏电问题，用着放心",
    "一次都没熄火过",
    "我没打算起诉，只想问问",
    "不想投诉，也不想曝光谁",
    "食材新鲜，没有变质",
    "电池没有鼓包，也没发热",
    # What if, how likely, how to
    "请问电动车会不会自燃",
    "怎么避免电池起火",
    "如果刹车失灵怎么办",
    "万一高速上爆胎应该怎么处理",
    "刹车失灵了怎么自救，涨知识",
    "热水器漏电怎么检查",
    "假如车辆失控，第一步该做什么",
    "燃气泄漏的处理方法有哪些",
    "这款车容易断轴吗",
    "牛奶变质了怎么看",
    "电动车自燃的概率大吗",
    "要是气囊没弹出来，保险赔不赔",
    # Marketing, tests, design, news of measures
    "防自燃的灭火器推荐一个",
    "碰撞测试气囊全部弹出，安全性很好",
    "电池针刺试验不起火不冒烟",
    "这车有防溜车功能，坡道起步很稳",
    "三重防漏电保护，洗澡更放心",
    "全系标配爆胎应急系统",
    "刹车很灵敏",
    "电池包热失控防护做得好",
    "阻燃材料，遇火不燃",
    "厂家宣传片里演示了气囊弹出的过程",
    "安全带有预紧功能，气囊也多",
    "医院旁边的这家店服务不错",
    # Words that only look like it
    "新车谍照曝光，内饰很漂亮",
    "这款车最近很火爆",
    "晚上一起去吃火锅",
    "我朋友是一名律师，他也买了这款车",
    "冬天冒白汽是正常的",
    "早上冷车排气管冒白烟，热了就没了，正常吗",
    "这个颜色太受伤了，怎么会这么好看",
    "价格伤不起，钱包受伤",
    "笑死我了，这广告太有意思",
    "点火顺畅，一打就着",
    "记者节快乐",
    "媒体评测说这车底盘不错",
    "媒体试驾的文章我看了，写得挺细",
    "发到朋友圈，好多人点赞",
    "发到微博分享一下提车的喜悦",
    "法律专业的学生买车有优惠吗",
    "工商银行分期买的车",
    "去派出所办身份证路过这家店，喝了杯咖啡",
    "第三次来这家店保养了，服务一直很好",
    "跑了五趟店才选定颜色，纠结死我了",
    "来这家店吃过十几次了，味道一直稳定",
    "优惠了三万块，开心",
    "省了两万多，太值了",
    "保险赔了我一万二，理赔很快",
    "以前那辆车自燃过，所以这次换了这款，很满意",
    "电线杆旁边那家早餐店好吃",
    "手机电量掉得快",
    "法院附近的网点态度很好",
    "救了我一命的是安全气囊，感谢",
    "小说里男主出车祸住院了",
]


def _flat(sentences: dict[str, list[str]]) -> list[tuple[str, str]]:
    return [(rule, text) for rule, texts in sentences.items() for text in texts]


@pytest.mark.parametrize(("rule", "text"), _flat(CRITICAL))
def test_danger_is_critical(reader: Reader, rule: str, text: str) -> None:
    reading = reader.read(text)
    assert reading.severity is Severity.CRITICAL, (rule, reading.severity_reason)
    assert "：" in reading.severity_reason


@pytest.mark.parametrize(("rule", "text"), _flat(RAISED))
def test_threats_repeats_and_spoiled_food_are_raised(reader: Reader, rule: str, text: str) -> None:
    reading = reader.read(text)
    assert reading.severity is Severity.RAISED, (rule, reading.severity_reason)


@pytest.mark.parametrize("text", NORMAL)
def test_the_rest_is_normal(reader: Reader, text: str) -> None:
    reading = reader.read(text)
    assert reading.severity is Severity.NORMAL, reading.severity_reason


def test_most_reasons_name_the_rule_that_a_reader_would_name(reader: Reader) -> None:
    expected = _flat(CRITICAL) + _flat(RAISED)
    other = [(rule, reason) for rule, text in expected if rule not in (reason := reader.read(text).severity_reason)]
    assert len(other) <= len(expected) * 0.1, other


def test_safety_comes_before_a_threat(reader: Reader) -> None:
    reading = reader.read("刹车失灵，再不处理我就打12315，已经找了律师")
    assert reading.severity is Severity.CRITICAL
    assert reading.severity_reason.startswith("制动失灵")


@pytest.mark.parametrize(("_", "text"), _flat(CRITICAL))
def test_a_model_that_hears_only_praise_does_not_lower_it(model: TrainedModel, _: str, text: str) -> None:
    praised = f"外观漂亮，空间大，非常满意，推荐大家买！{text}。服务热情周到，五星好评！"
    verdict = model.judge([praised])[0].verdict
    assert verdict.severity is Severity.CRITICAL


def test_an_advertisement_is_never_grave(reader: Reader) -> None:
    reading = reader.read("刹车失灵怎么破？专业改装刹车，限时特惠五折，加微信brake88，电话13812345678")
    assert reading.severity is Severity.NORMAL
