"""Regions and dealers in texts, by the lists as shipped: what is one, and what only looks like one."""

import shutil
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from monitor.configuration import Configuration, load_configuration
from monitor.domain.errors import ConfigError
from monitor.domain.places import PlaceFinder
from monitor.domain.routing import Case
from monitor.settings import resource_folder

ZONE = ZoneInfo("Asia/Shanghai")
NAMED = {
    "我在广州提的车": "广东 广州",
    "人在成都，周末去店里": "四川 成都",
    "深圳的店说没有件": "广东 深圳",
    "坐标沈阳，零下二十度打不着": "辽宁 沈阳",
    "从合肥开到武汉，一路亮灯": "安徽 合肥 湖北 武汉",
    "湖南车主，补贴没下来": "湖南",
    "河南郑州交的定金": "河南 郑州",
    "魔都上牌花了两个月": "上海",
    "蓉城的店态度不好": "四川 成都",
    "呼市没有服务站": "内蒙古 呼和浩特",
    "内蒙这边冬天续航腰斩": "内蒙古",
    "西安这家店拖了三周": "陕西 西安",
    "西安长安区的店不认账": "陕西 西安",
    "车停在北京朝阳区": "北京",
    "辽宁朝阳市没有网点": "辽宁 朝阳",
    "大同这边没人会修": "山西 大同",
    "我在开封提车": "河南 开封",
    "三明市只有一家店": "福建 三明",
    "坐标中山，等件一个月": "广东 中山",
    "吉林省内都没货": "吉林",
    "苏州到无锡的高速上熄火": "江苏 苏州 无锡",
    "乌鲁木齐冬天冻住": "新疆 乌鲁木齐",
    "哈尔滨的销售答应送脚垫": "黑龙江 哈尔滨",
    "义乌提车，多收上牌费": "浙江 义乌",
    "佛山顺德的店关门了": "广东 佛山 顺德",
    "台中市的店": "台湾 台中",
    "海口交车拖延": "海南 海口",
    "青岛保养时掉漆": "山东 青岛",
    "日照市的4s店不接电话": "山东 日照",
    "帝都限行，电池又趴窝": "北京",
    "上海路上堵了两小时": "上海",
    "福田区的店说等通知": "广东 深圳",
}
TRAPS = [
    "长安cs75发动机异响",
    "长安的车不便宜",
    "吉利的店推来推去",
    "北京现代的变速箱顿挫",
    "上海大众的客服没回电",
    "宁德时代的电池",
    "电池在南京西路的店换的",
    "店在中山东路上",
    "包装已经开封了",
    "买了个三明治等了半天",
    "大同小异，都是推脱",
    "一路平安顺利就好",
    "这东西安全吗",
    "祝您健康安康",
    "来宾都看到车趴窝",
    "白银色的车漆掉了",
    "日照太强，屏幕看不清",
    "大理石纹的内饰",
    "哈密瓜味的香薰",
    "四平八稳的车也能抖",
    "停车位才四平方",
    "拖延安装了三次",
    "西南充电桩太少",
    "这台中控屏黑屏",
    "滨江门店没人接待",
    "跟新乡村的路有关",
    "朝南阳台上看得到车位",
    "桃园结义一样的销售团队",
    "红河谷色很难看",
    "比亚迪汉中控黑屏",
    "德州扑克一样靠运气",
    "北海道之旅也没这么颠",
    "北京时间九点还没人上班",
    "兰州拉面店门口趴窝",
]


@pytest.fixture(scope="module")
def finder() -> PlaceFinder:
    return load_configuration(resource_folder("config"), ZONE).places


@pytest.mark.parametrize(("text", "regions"), NAMED.items())
def test_a_place_is_found_with_its_province(finder: PlaceFinder, text: str, regions: str) -> None:
    assert finder.find(text).regions == tuple(regions.split())


@pytest.mark.parametrize("text", TRAPS)
def test_what_only_looks_like_a_place_is_none(finder: PlaceFinder, text: str) -> None:
    assert finder.find(text).regions == ()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the configuration as shipped."""
    for path in resource_folder("config").glob("*.toml"):
        shutil.copy(path, tmp_path)
    return tmp_path


def _load(folder: Path, **files: str) -> Configuration:
    for name, content in files.items():
        (folder / f"{name}.toml").write_text(content, encoding="utf-8")
    return load_configuration(folder, ZONE)


DEALER = '[[dealer]]\nname = "城东店"\naliases = ["Ａ店"]\nunless = ["新城东店"]\nregion = "杭州"\n'


def test_a_dealer_is_found_by_any_of_its_names_and_says_where_it_is(folder: Path) -> None:
    finder = _load(folder, dealers=DEALER).places
    found = finder.find("a店和城东店都不管")
    assert (found.dealers, found.regions) == (("城东店",), ("浙江", "杭州"))
    assert finder.find("新城东店很好").dealers == ()
    assert finder.names("城东店") == ["浙江", "杭州", "城东店"]


def test_a_dealer_with_a_department_is_a_rule_after_all_others(folder: Path) -> None:
    rules = _load(folder, dealers=DEALER + 'department = "经销商管理"\n').routing_rules
    assert (rules[-1].name, rules[-1].department) == ("经销商：城东店", "经销商管理")
    assert rules[-1].matches(Case("", dealers=("城东店",)))


def test_a_rule_may_name_the_department_of_a_division(folder: Path) -> None:
    departments = '[[department]]\nname = "乘用车"\nfallback = true\n[[department]]\nname = "售后"\nparent = "乘用车"\n'
    rule = '[[rule]]\nname = "x"\ndepartment = "乘用车/售后"\nregions = ["广东"]\n'
    configuration = _load(folder, departments=departments, routing=rule, dealers="")
    assert configuration.routing_rules[0].department == "售后"
    assert (configuration.division("售后"), configuration.division("乘用车")) == ("乘用车", "")


ONE = '[[department]]\nname = "甲"\nfallback = true\n'
RULE = '[[rule]]\nname = "x"\ndepartment = "质量技术"\n'


@pytest.mark.parametrize(
    ("file", "content", "said"),
    [
        ("departments", ONE + 'parent = "丙"\n', ("甲", "parent", "丙")),
        ("departments", ONE + 'parent = "甲"\n', ("甲", "parent", "圈")),
        (
            "departments",
            ONE + 'parent = "乙"\n[[department]]\nname = "乙"\nparent = "甲"\n',
            ("parent", "圈", "甲 → 乙"),
        ),
        ("routing", RULE + 'regions = ["火星"]\n', ("regions", "火星")),
        ("routing", RULE + 'dealers = ["月球店"]\n', ("dealers", "月球店")),
        ("dealers", '[[dealer]]\nname = "店"\n', ("两个字", "店")),
        ("dealers", DEALER + DEALER, ("城东店", "两次")),
        ("dealers", DEALER.replace("杭州", "火星"), ("region", "火星")),
        ("dealers", DEALER + 'department = "没有"\n', ("department", "没有")),
        ("regions", '[[guarded]]\nname = "火星"\n', ("region", "火星")),
        ("regions", '[also]\n"魔都" = "上海"\n', ("魔都", "上海")),
    ],
)
def test_each_mistake_names_file_key_and_what_was_expected(
    folder: Path, file: str, content: str, said: tuple[str, ...]
) -> None:
    with pytest.raises(ConfigError) as refused:
        _load(folder, **{file: content})
    assert all(word in str(refused.value) for word in (f"{file}.toml", *said))
