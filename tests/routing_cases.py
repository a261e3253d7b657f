"""Cases of an invented appliance shop for the router to learn from."""

import csv
from collections.abc import Sequence
from pathlib import Path

_THINGS = ("空调", "冰箱", "洗衣机", "热水器", "电视")
_SHAPES = {
    "安装队": ("安装师傅迟到，{}还没装", "约好上门安装{}，师傅没来", "{}安装得歪歪扭扭", "师傅装{}把墙打坏了"),
    "财务": ("{}的发票抬头写错了", "退了{}，退款一直没到账", "{}多扣了我的钱，要求退款", "买{}的发票还没开"),
    "维修": ("{}修了两次又坏", "{}不通电，要求维修", "{}有异响，修不好", "{}漏水，报修没人管"),
}
CASES = [(shape.format(thing), name) for name, shapes in _SHAPES.items() for shape in shapes for thing in _THINGS]


def write_cases(path: Path, cases: Sequence[tuple[str, str]], columns: tuple[str, str] = ("text", "label")) -> Path:
    """A CSV file of cases."""
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([columns, *cases])
    return path
