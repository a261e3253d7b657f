"""Models for research only may be measured, and whoever measures with one is told."""

from pathlib import Path

from monitor.cli.output import remark
from monitor.wiring import research_sets


def tell_if_for_research(*models: Path | None) -> None:
    """Says on standard error, once, which of the models may not be put to work; None is the shipped one."""
    learned = {str(model): names for model in models if (names := research_sets(model))}
    if learned:
        said = "；".join(f"{model} 用了 {'、'.join(names)}" for model, names in learned.items())
        remark(f"注意：{said}，这些数据集只许研究，模型只能用来评测，不能在产品里用。")
