"""Models of one's own: candidates in a folder, and the file that says which of them is in force.

models/
  active.json           the chain of adoptions, the last one in force; an empty chain means the shipped model
  <version>/            card.json, model.safetensors, and comparison.json once it was compared
"""

import csv
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import Any

from monitor.classifiers.model_file import CARD, load_card, load_model, refuse_research_only
from monitor.domain.candidates import Adoption, Candidate, Comparison, Figure
from monitor.domain.errors import ConfigError
from monitor.domain.learning import Lesson

POINTER = "active.json"
REPORT = "comparison.json"
OWN_SET = "own_corrections"
_STAGED = ".training-"


def write_lessons(path: Path, lessons: Iterable[Lesson]) -> None:
    """Writes what people said as a labelled set of the usual shape."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, [each.name for each in fields(Lesson)], lineterminator="\n")
        writer.writeheader()
        writer.writerows(asdict(lesson) for lesson in lessons)


@contextmanager
def staging_folder(models: Path) -> Iterator[Path]:
    """A folder to train in, on the same disk as the candidates; gone at the end, with the words of customers in it."""
    models.mkdir(parents=True, exist_ok=True)
    folder = Path(mkdtemp(prefix=_STAGED, dir=models))
    try:
        yield folder
    finally:
        rmtree(folder, ignore_errors=True)


def keep_candidate(models: Path, trained: Path) -> Path:
    """Moves a trained model to its place among the candidates; the same version trained again takes the old place."""
    version = load_card(trained).version
    place = models / version
    if place.exists():
        rmtree(place)
    return trained.replace(place)


def find_candidate(models: Path, name: str) -> Path:
    """The folder of a candidate, by version or as a path. Raises `ConfigError` naming what there is."""
    for folder in (models / name, Path(name)):
        if (folder / CARD).is_file():
            return folder.resolve()
    there = "、".join(candidate.version for candidate in list_candidates(models)) or "还没有"
    raise ConfigError(f"没有版本或文件夹 {name}；候选模型：{there}")


def list_candidates(models: Path) -> list[Candidate]:
    """Every candidate, in order of version."""
    chain = read_chain(models)
    active = _folder(models, chain[-1]) if chain else None
    folders = sorted(path.parent for path in models.glob(f"*/{CARD}") if not path.parent.name.startswith(_STAGED))
    return [replace(_candidate(folder), active=folder.resolve() == active) for folder in folders]


def _candidate(folder: Path) -> Candidate:
    try:
        version = load_card(folder).version
    except ConfigError as error:
        return Candidate(folder.name, folder, trouble=str(error))
    return Candidate(version, folder, read_comparison(folder))


def write_comparison(folder: Path, comparison: Comparison) -> None:
    """Keeps what was found beside the model."""
    _write(folder / REPORT, asdict(comparison))


def read_comparison(folder: Path) -> Comparison | None:
    """What was found about a model, or None when it was never compared or the file is not one of ours."""
    try:
        values = json.loads((folder / REPORT).read_text(encoding="utf-8"))
        figures = tuple(Figure(**figure) for figure in values.pop("figures"))
        return Comparison(**{**values, "figures": figures, "reasons": tuple(values["reasons"])})
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


def read_chain(models: Path) -> tuple[Adoption, ...]:
    """The adoptions so far, the last one in force. Raises `ConfigError` for a file that cannot be read."""
    path = models / POINTER
    try:
        return tuple(Adoption(**each) for each in json.loads(path.read_text(encoding="utf-8"))["adoptions"])
    except FileNotFoundError:
        return ()
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise ConfigError(f"{path}: 读不了：{error}。删掉这个文件就回到自带模型，也可以从备份恢复它") from error


def active_folder(models: Path) -> Path | None:
    """The model in force, None for the shipped one. Raises `ConfigError` that says how to mend a missing one."""
    chain = read_chain(models)
    if not chain:
        return None
    folder = _folder(models, chain[-1])
    try:
        load_card(folder)
    except ConfigError as error:
        raise ConfigError(broken_model(models, chain[-1].version, error)) from error
    return folder


def _folder(models: Path, adoption: Adoption) -> Path:
    """Where an adopted model lies; those among the candidates move with the data folder."""
    return (models / adoption.folder).resolve()


def broken_model(models: Path, version: str, error: Exception) -> str:
    """What to tell when the model in force does not load."""
    return (
        f"现用模型 {version} 用不了：{error}。"
        f"请恢复它的文件夹，或运行 monitor classifier rollback 退回上一个模型（记录在 {models / POINTER}）"
    )


def adopt(models: Path, folder: Path, *, by: str, at: str, comparison: Comparison | None, forced: bool) -> Adoption:
    """Brings a model into force. Raises `ConfigError` when it does not load whole, or is for research only."""
    refuse_research_only(folder)
    card, _ = load_model(folder)
    figures = {figure.measure: round(figure.candidate, 4) for figure in comparison.figures} if comparison else {}
    count = {"n": comparison.n} if comparison else {}
    inside = folder.resolve().parent == models.resolve()
    place = folder.name if inside else str(folder.resolve())
    adoption = Adoption(card.version, place, at, by, {**count, **figures}, forced)
    _write_chain(models, [*read_chain(models), adoption])
    return adoption


def roll_back(models: Path) -> tuple[Adoption, Adoption | None]:
    """Takes the last adoption back; gives it, and what is in force now (None: the shipped model).

    Works however broken the models are, so that it is always a way out. Raises `ConfigError` when there is none.
    """
    chain = list(read_chain(models))
    if not chain:
        raise ConfigError("现在用的就是自带模型，没有可以退回的")
    taken = chain.pop()
    _write_chain(models, chain)
    return taken, chain[-1] if chain else None


@dataclass(frozen=True, slots=True)
class ModelShelf:
    """The candidates of one folder and the chain of adoptions, as edges are handed them."""

    folder: Path

    def candidates(self) -> list[Candidate]:
        """Every model in the folder."""
        return list_candidates(self.folder)

    def adoptions(self) -> tuple[Adoption, ...]:
        """Which models came into force, the last one in force; none where it is the shipped one."""
        return read_chain(self.folder)

    def find(self, name: str) -> Path:
        """The folder of a candidate by version, or of any model by path. Raises `ConfigError`."""
        return find_candidate(self.folder, name)

    def adopt(self, model: Path, *, by: str, at: datetime, comparison: Comparison, forced: bool) -> Adoption:
        """Brings a model into force for every process that starts from now on. Raises `ConfigError`."""
        when = at.isoformat(timespec="seconds")
        return adopt(self.folder, model, by=by, at=when, comparison=comparison, forced=forced)

    def roll_back(self) -> tuple[Adoption, Adoption | None]:
        """Takes the last adoption back; gives it, and what is in force now, None for the shipped model."""
        return roll_back(self.folder)


def _write_chain(models: Path, chain: Sequence[Adoption]) -> None:
    models.mkdir(parents=True, exist_ok=True)
    _write(models / POINTER, {"adoptions": [asdict(adoption) for adoption in chain]})


def _write(path: Path, values: Mapping[str, Any]) -> None:
    """Writes JSON so that a reader sees the old file or the new one, never half of it."""
    half = path.with_suffix(".half")
    half.write_text(json.dumps(values, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    half.replace(path)
