"""Two hundred sentences of our own with room for a name: whose car, whose shop, who did it decides nothing."""

BRANDS = ["大众", "丰田", "本田", "比亚迪", "吉利", "特斯拉", "宝马", "五菱", "小鹏", "红旗", "奇瑞", "别克", "蔚来"]
MODELS = ["朗逸", "卡罗拉", "思域", "宋PLUS", "帝豪", "Model Y", "英朗", "宏光", "轩逸", "瑞虎", "途观", "哈弗H6"]
DEALERS = ["永达", "中升", "广汇", "鸿翔", "利泰", "金阳光", "瑞丰", "百得利", "东昌", "华翔", "亚夏", "众诚"]
PERSONS = ["王", "李", "张", "刘", "陈建国", "杨", "赵丽娜", "周", "吴", "徐", "孙", "郑", "郭敏"]
NICKNAMES = ["小王", "小李", "小张", "老刘", "小陈", "老杨", "小赵", "小周", "老吴", "小徐", "小孙"]

_CAR_FACTS = [
    "的空调不制冷，修了两次没修好",
    "外观漂亮，开着很舒服",
    "保养一次多少钱，有人知道吗",
    "提车三天就漏油",
    "后排有点挤，其他还行",
    "的座椅挺舒服，就是隔音一般",
    "开了两年没出过毛病",
    "下个月要降价",
    "车机老是黑屏",
    "的配件等了俩月还没到",
    "又进厂了",
    "省油，上下班代步够用",
    "刹车软，踩到底才停住",
    "做工粗糙，门板有缝",
    "方向盘轻，倒车也方便",
    "低速顿挫，一窜一窜的",
    "跑高速很稳，就是胎噪大",
    "的天窗怎么初始化",
    "加速有力，超车不费劲",
    "冬天续航掉一半",
    "后备箱能放下婴儿车",
    "漆薄，洗车都能洗出印子",
    "的灯光挺亮，夜里看得清",
    "买了半年就生锈",
    "导航总带错路",
    "的优惠到月底结束",
]
_CAR_FRAMES = ["{name}{fact}", "朋友的{name}{fact}", "说一下，我这台{name}{fact}。"]
_SHOP_FACTS = [
    "4S店的师傅挺细心，讲得明白",
    "4S店说三天修好，拖了两周",
    "4S店收了钱不给开发票",
    "4S店做保养，等了一上午",
    "4S店几点关门",
    "4S店把漆修得看不出来，满意",
    "4S店洗车免费，还有水果",
    "汽贸订的车，说好的脚垫没给",
    "汽贸提的车，手续办得快",
    "4S店换机油，回来就漏",
    "4S店试驾，人不多",
    "4S店的电话没人接",
    "4S店保养完，玻璃水都没加",
]
_SHOP_FRAMES = ["在{name}{fact}", "昨天去{name}{fact}", "上周末到{name}{fact}。", "我是在{name}{fact}的"]
_PERSON_FACTS = [
    "经理说没问题，回来又响",
    "经理很客气，事情当场就办了",
    "师傅手艺好，一次修好",
    "师傅修了三回，还是抖",
    "顾问答应的礼包没了下文",
    "顾问讲得清楚，不催着下单",
    "女士打来电话问用得怎么样",
    "主管出来道了歉，算了",
    "先生也在排队",
    "店长说下周给答复，等到现在",
]
_PERSON_FRAMES = ["{name}{fact}", "找{name}{fact}", "店里的{name}{fact}。", "听说{name}{fact}"]
_NICKNAME_FACTS = [
    "接待的，态度挺好，就是等了三小时",
    "办事利索，推荐",
    "说不归他管，让我打客服",
    "帮我把旧车也卖了，省心",
    "电话不接微信不回",
    "明天休息吗",
    "介绍得很仔细",
    "一直推脱，没法沟通",
]
_NICKNAME_FRAMES = ["销售{name}{fact}", "{name}{fact}", "这次是{name}{fact}。", "前台{name}{fact}"]


def _filled(frames: list[str], facts: list[str]) -> list[str]:
    return [frame.replace("{fact}", fact) for frame in frames for fact in facts]


SENTENCES: list[tuple[str, list[str]]] = [
    *((sentence, BRANDS) for sentence in _filled(_CAR_FRAMES[:2], _CAR_FACTS)),
    *((sentence, MODELS) for sentence in _filled(_CAR_FRAMES[2:], _CAR_FACTS)),
    *((sentence, DEALERS) for sentence in _filled(_SHOP_FRAMES, _SHOP_FACTS)),
    *((sentence, PERSONS) for sentence in _filled(_PERSON_FRAMES, _PERSON_FACTS)),
    *((sentence, NICKNAMES) for sentence in _filled(_NICKNAME_FRAMES, _NICKNAME_FACTS)),
]
