"""The configuration folder."""

import shutil
from pathlib import Path

import click

from monitor.configuration import load_configuration
from monitor.settings import config_folder, load_settings, resource_folder
from monitor.wiring import check_sources
from monitor.wiring.imports import templates_in_force


@click.group()
def config() -> None:
    """配置文件夹。"""


@config.command()
@click.argument("folder", type=click.Path(path_type=Path))
def copy(folder: Path) -> None:
    """把自带的配置复制到 FOLDER，改好后用环境变量 MONITOR_CONFIG 指向它。"""
    if folder.exists() and any(folder.iterdir()):
        raise click.ClickException(f"{folder} 不是空的，没有覆盖")
    shutil.copytree(resource_folder("config"), folder, dirs_exist_ok=True)
    click.echo(f"已复制到 {folder}。启动前设置 MONITOR_CONFIG={folder.resolve()}")


@config.command()
def check() -> None:
    """检查配置；有错就指出文件、键和应写什么。"""
    folder = config_folder()
    settings = load_settings(folder)
    configuration = load_configuration(folder, settings.zone)
    check_sources(configuration, settings)
    templates = templates_in_force(folder)
    click.echo(
        f"{folder}：{len(configuration.departments)} 个部门，{len(configuration.routing_rules)} 条派单规则，"
        f"{len(configuration.sources)} 个来源，{len(configuration.alert_rules)} 条通知规则，"
        f"{len(templates)} 份导入模板，没有问题。"
    )
