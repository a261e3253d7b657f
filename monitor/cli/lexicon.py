"""The care team's word lists: are they right, what would a change find, how good are they."""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from monitor.cli.opening import existing
from monitor.cli.output import emit, format_option, remark
from monitor.domain.errors import ConfigError
from monitor.services.assessing import judged_text
from monitor.settings import config_folder, resource_folder
from monitor.storage.models import Post
from monitor.storage.queries.posts import count_posts, newest_posts
from monitor.wiring import Installation, compare_lexicons, learn_adverts, measure_word_lists, read_lexicon

_BATCH = 500
_CHANGES = {"part": "词表", "name": "名称", "gained": "新命中的帖子", "lost": "不再命中的帖子"}
_MEASURES = {
    "part": "词表",
    "name": "名称",
    "set": "数据集",
    "rows": "条数",
    "hits": "命中",
    "hit_share": "命中率",
    "precision": "其中不满",
    "interval": "95% 区间",
    "base": "随机时",
    "lift": "提升",
    "coverage": "盖住不满",
    "implicit_coverage": "盖住隐性不满",
}


@click.group()
def lexicon() -> None:
    """词表：检查、试用、测量。"""


_folder = click.argument("folder", required=False, type=click.Path(exists=True, file_okay=False, path_type=Path))


def _lists_of(folder: Path | None) -> Path:
    """The folder with the lists: a configuration folder may be given as well as its lexicon/."""
    if folder is None:
        return config_folder() / "lexicon"
    return folder / "lexicon" if (folder / "lexicon").is_dir() else folder


@lexicon.command()
@_folder
def check(folder: Path | None) -> None:
    """检查 FOLDER 里的词表（不写就是现用的）；有错就指出哪个文件、哪一节、应写什么。"""
    place = _lists_of(folder)
    lists = read_lexicon(place)
    click.echo(
        f"{place}：{len(lists.cues)} 个线索家族，{len(lists.topics)} 个话题，{len(lists.severity.rules)} 条严重规则，"
        f"{len(lists.spam)} 种广告迹象，没有问题。版本 {lists.version}"
    )


@lexicon.command()
@_folder
@click.option("--limit", type=click.IntRange(min=1), help="只看最新的多少条帖子；不写则全看")
@format_option
def test(folder: Path | None, limit: int | None, form: str) -> None:
    """在存下的帖子上试一试：FOLDER 里改过的词表会多找到什么、不再找到什么。

    与现用的词表比；不写 FOLDER，就拿现用的与自带的比。什么都不改，只看。
    """
    before, after = _both_sides(folder)
    comparison = compare_lexicons(before, after)
    remark(f"原来：{before}\n改后：{after}")
    for texts in _stored_texts(existing(), limit):
        comparison.add(texts)
    rows = [asdict(change) for change in comparison.rows()]
    remark(f"看了 {comparison.posts} 条帖子，{len(rows)} 处不同")
    emit(rows, _CHANGES, form)
    if form == "table":
        _show_examples(rows)


def _both_sides(folder: Path | None) -> tuple[Path, Path]:
    in_force, shipped = _lists_of(None), resource_folder("config") / "lexicon"
    if folder is not None:
        return in_force, _lists_of(folder)
    if in_force.resolve() == shipped.resolve():
        raise ConfigError("现用的就是自带的词表，没有可比的；请写出改过的词表所在的文件夹")
    return shipped, in_force


def _stored_texts(place: Installation, limit: int | None) -> Iterator[Sequence[str]]:
    """The texts of stored posts, the newest first, a batch at a time."""
    with place.database.reading() as session:
        left = min(count_posts(session), limit or sys.maxsize)
        last: int | None = None
        with click.progressbar(length=left, label="读帖子", file=sys.stderr) as bar:
            while left > 0:
                posts: Sequence[Post] = newest_posts(session, before=last, size=min(_BATCH, left))
                if not posts:
                    return
                yield [judged_text(post) for post in posts]
                last = posts[-1].id
                left -= len(posts)
                bar.update(len(posts))
                session.expunge_all()


def _show_examples(rows: Sequence[dict[str, Any]]) -> None:
    for row in rows:
        for key, what in (("gained_examples", "新命中"), ("lost_examples", "不再命中")):
            if row[key]:
                click.echo(f"\n{row['part']} · {row['name']}：{what}")
                click.echo("\n".join(f"  {example}" for example in row[key]))


_data = click.option(
    "--data",
    envvar="MONITOR_DATASETS",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    required=True,
    help="放有标注数据集的文件夹；也可以用环境变量 MONITOR_DATASETS",
)


@lexicon.command()
@_folder
@_data
@click.option("--seed", default=7, show_default=True, help="随机种子；同样的例句、数据和种子得到同样的结果")
def learn(folder: Path | None, data: Path, seed: int) -> None:
    """从 FOLDER 里 adverts.toml 的例句重新学“广告腔”，写到同一文件夹的 wording.toml。"""
    learned = learn_adverts(_lists_of(folder), data, seed=seed, progress=remark)
    click.echo(
        f"广告例句 {learned.adverts} 条，顾客例句 {learned.customers} 条，公开数据集 {learned.rows} 条。"
        f"五折交叉验证，只凭腔调：广告找到 {learned.recall:.0%}，顾客例句误认 {learned.customers_taken:.1%}，"
        f"公开数据集误认 {learned.rows_taken:.2%}。"
    )


@lexicon.command()
@_data
@click.option("--by-set", is_flag=True, help="再逐个数据集列出")
@click.option("--limit", type=click.IntRange(min=1), help="每个数据集最多用多少条")
@format_option
def measure(data: Path, by_set: bool, limit: int | None, form: str) -> None:
    """在标注数据集上量一量现用的词表：每个线索家族命中多少、其中多少真是不满、盖住了多少不满。

    “随机时”是同样的命中随机落在同样的数据集里会有多少不满，“提升”是两者之比。广告迹象和严重程度规则只数命中：
    这些数据集里几乎都是真实的顾客，命中率就是误报率的上限。
    """
    rows = measure_word_lists(_lists_of(None), data, by_set=by_set, limit=limit, progress=remark)
    emit([_row(asdict(row), form) for row in rows], _MEASURES, form)


def _row(row: dict[str, Any], form: str) -> dict[str, Any]:
    low, high = row["precision_low"], row["precision_high"]
    row["interval"] = "" if low is None else f"{low:.3f}–{high:.3f}"
    return {key: _rounded(key, value, form) for key, value in row.items()}


def _rounded(key: str, value: Any, form: str) -> Any:
    if not isinstance(value, float):
        return value
    if form == "json":
        return round(value, 5)
    return f"{value:.2%}" if key == "hit_share" else f"{value:.3f}"
