"""Import templates on the command line: which there are, what one expects, and an empty table to fill in."""

from pathlib import Path

import click

from monitor.cli.output import emit, format_option, remark
from monitor.configuration.import_tables import csv_table, xlsx_table
from monitor.configuration.import_templates import ImportTemplate, template_named
from monitor.domain.errors import Invalid
from monitor.settings import config_folder
from monitor.wiring.imports import templates_in_force

_WRITERS = {".csv": csv_table, ".xlsx": xlsx_table}


@click.command("templates")
@click.argument("name", default="")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="把空表写到这个 .csv 或 .xlsx 文件")
@format_option
def templates(name: str, output: Path | None, form: str) -> None:
    """各平台后台导出表的导入模板：列出有哪些；写了 NAME 就说明这一份认得哪些列，加 --output 写出一张空表。"""
    known = templates_in_force(config_folder())
    if not name:
        if output is not None:
            raise click.UsageError("--output 前面要写模板的名字，例如 monitor posts templates weibo --output 空表.xlsx")
        rows = [{"name": each.name, "title": each.title, "where": each.where} for each in known.values()]
        emit(rows, {"name": "名字", "title": "平台", "where": "在哪里下载"}, form)
        return
    template = template_named(known, name)
    if output is None:
        _explain(template, form)
    else:
        _write(template, output)


def _explain(template: ImportTemplate, form: str) -> None:
    for words in (f"在哪里下载：{template.where}", f"为什么没有采集器：{template.no_scraper}", *template.notes):
        remark(words)
    if template.dropped:
        remark(f"不读入的个人信息：{'、'.join(template.dropped)}")
    rows = [
        {"field": key, "meaning": template.called(key), "columns": "、".join(names), "example": template.example[key]}
        for key, names in template.headings.items()
    ]
    emit(rows, {"field": "字段", "meaning": "含义", "columns": "认得的列名", "example": "示例"}, form)


def _write(template: ImportTemplate, output: Path) -> None:
    writer = _WRITERS.get(output.suffix.lower())
    if writer is None:
        raise click.BadParameter(f"文件名要以 .csv 或 .xlsx 结尾，给的是 {output.name}", param_hint="--output")
    try:
        with output.open("xb") as file:
            file.write(writer(template))
    except FileExistsError as error:
        raise Invalid(f"{output} 已经有了，没有覆盖；请换一个名字。") from error
    except OSError as error:
        raise Invalid(f"{output}：写不进去：{error.strerror}") from error
    remark(f"已写到 {output}。填好后运行 monitor posts import {output} --template {template.name}")
