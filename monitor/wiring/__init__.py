"""The only place that chooses implementations: classifier, channels, collectors, renderer."""

import hashlib
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from monitor.channels.registry import transport_class
from monitor.classifiers.candidates import (
    OWN_SET,
    ModelShelf,
    active_folder,
    broken_model,
    keep_candidate,
    staging_folder,
    write_comparison,
    write_lessons,
)
from monitor.classifiers.comparing import compare_cards, compare_verdicts
from monitor.classifiers.evaluation import evaluate
from monitor.classifiers.lexicon import Lexicon, load_lexicon
from monitor.classifiers.lexicon_comparing import LexiconComparison
from monitor.classifiers.lexicon_measuring import MeasuredFamily, measure_lexicon
from monitor.classifiers.model_file import Card, load_card, refuse_research_only, research_sets_of
from monitor.classifiers.pairing import compare
from monitor.classifiers.reading import Reader
from monitor.classifiers.registry import (
    backend_of,
    build_classifier,
    build_judge,
    load_router_trainer,
    load_trainer,
    load_wording_trainer,
)
from monitor.classifiers.routing_evaluation import RouterEvaluation
from monitor.classifiers.routing_model import OwnSuggester, RouterCard, evaluate_router, load_router
from monitor.classifiers.tokens import fold
from monitor.classifiers.trained import SHIPPED
from monitor.classifiers.wording import LearnedWording, as_toml
from monitor.configuration import Configuration, load_configuration
from monitor.domain.alerts import Channel, Event
from monitor.domain.candidates import CardFigure, Comparison
from monitor.domain.deletions import DeletedPosts
from monitor.domain.errors import ConfigError, Invalid
from monitor.domain.learning import AuditRow, Lesson
from monitor.domain.queries import parse_query
from monitor.domain.triage import TriagePolicy
from monitor.domain.verdicts import Judge, TwoPassJudge
from monitor.rendering import MailRenderer
from monitor.services.tools import Tools
from monitor.settings import Settings, config_folder, load_settings, resource_folder
from monitor.storage.db import Database, open_database
from monitor.storage.host_turns import HostTurns
from scrapers.base import Collector, RawPost, Rejection
from scrapers.errors import CollectError
from scrapers.fetching.client import PoliteClient
from scrapers.fetching.pacing import HostBook, HostState
from scrapers.reading.files import read_file
from scrapers.recording import Recorder, recorded
from scrapers.registry import build as build_kind


@dataclass(frozen=True)
class Installation:
    """Settings, configuration and database of one installation."""

    settings: Settings
    configuration: Configuration
    database: Database


def open_installation(**overrides: Any) -> Installation:
    """The installation that settings and environment point to. Raises `ConfigError`; touches no network."""
    folder = config_folder()
    settings = load_settings(folder, **overrides)
    if settings.model:
        refuse_research_only(Path(settings.model))
    settings.data.mkdir(parents=True, exist_ok=True)
    return Installation(settings, load_configuration(folder, settings.zone), open_database(settings.url))


DISPATCH_AT = 0.75
"""The confidence from which on the shipped router dispatches, where the settings name none."""


def build_tools(settings: Settings, configuration: Configuration) -> Tools:
    """Everything the use cases need. Loads the classifier, which takes most of a second."""
    router = load_router(Path(settings.router), configuration.places.names) if settings.router else None
    return Tools(
        judge=_judge(settings, configuration.folder / "lexicon", router),
        fold=_fold,
        render=build_renderer(),
        channels={"mail": build_mail(settings)},
        routing_rules=configuration.routing_rules,
        places=configuration.places,
        fallback=configuration.fallback,
        dispatch_at=settings.dispatch_at or (router.card.dispatch_at if router else DISPATCH_AT),
        triage=TriagePolicy(open_at=settings.open_at),
        terms=configuration.terms,
        hours=configuration.hours,
        alert_rules=configuration.alert_rules,
        zone=settings.zone,
        base_url=settings.base_url,
        company=settings.company,
        pseudonym_key=hashlib.sha256(f"pseudonym:{settings.secret()}".encode()).digest(),
        flag_at=flag_line(settings),
        deleted_posts=DeletedPosts(settings.deleted_posts),
        payload_days=settings.payload_days,
        spot_checks_per_day=settings.spot_checks_per_day,
        topics=_topics(configuration),
        router_version=_router_version(settings, router),
    )


def _topics(configuration: Configuration) -> tuple[str, ...]:
    """The names of the topics, in the order of their file; that it is well formed the classifier has seen already."""
    return tuple(tomllib.loads((configuration.folder / "lexicon" / "topics.toml").read_text(encoding="utf-8")))


def flag_line(settings: Settings) -> float:
    """The probability from which on the classifier in force flags; SnowNLP's is one half."""
    if settings.classifier != "trained":
        return 0.5
    return model_card(model_in_force(settings)).threshold


def _router_version(settings: Settings, router: OwnSuggester | None) -> str:
    """What a verdict's own version leaves open: which router suggested the departments."""
    if router is not None:
        return router.version
    if settings.classifier == "trained":
        return ""
    return model_card(None if settings.classifier == "onnx" else model_in_force(settings)).version


def _judge(settings: Settings, lexicon: Path, router: OwnSuggester | None) -> Judge:
    """The classifier's verdicts beside the departments of the company's own router, when it has one."""
    model = model_in_force(settings)
    try:
        if router is None:
            return build_judge(settings.classifier, lexicon, model)
        return TwoPassJudge(build_classifier(settings.classifier, lexicon, model), router)
    except ConfigError as error:
        if model is None or settings.model or str(model) not in str(error):
            raise
        raise ConfigError(broken_model(models_folder(settings), model.name, error)) from error


def models_folder(settings: Settings) -> Path:
    """Where models of one's own lie, and the file that says which is in force."""
    return settings.data / "models"


def model_in_force(settings: Settings) -> Path | None:
    """The folder of the model in force, None for the shipped one; the setting `model` wins over an adopted one.

    Raises `ConfigError` for a folder that is not there: judging on with another model would not be noticed.
    """
    if not settings.model:
        return active_folder(models_folder(settings))
    if not Path(settings.model).is_dir():
        raise ConfigError(f"设置 model 指向的文件夹不存在：{settings.model}")
    return Path(settings.model)


def build_renderer() -> MailRenderer:
    """The renderer of mails. Raises `ConfigError` when a template is missing or broken."""
    renderer = MailRenderer(resource_folder("templates"))
    renderer.check(event.value for event in Event)
    return renderer


def _fold(text: str) -> str:
    return fold(text).text


def build_mail(settings: Settings) -> Channel:
    """The mail channel: over SMTP, or staying on the outbox page."""
    chosen = transport_class(settings.mail_transport)
    if settings.mail_transport == "outbox":
        outbox: Channel = chosen()
        return outbox
    smtp: Channel = chosen(
        host=settings.smtp_host,
        port=settings.smtp_port,
        sender=settings.mail_from,
        company=settings.company,
        user=settings.smtp_user,
        password=settings.smtp_password,
        security=settings.smtp_security,
        timeout=settings.smtp_timeout_seconds,
    )
    return smtp


def build_client(settings: Settings, book: HostBook | None = None) -> PoliteClient:
    """The polite client; with a `book` it shares its pauses with everybody who writes into the same one."""
    return PoliteClient(
        user_agent=settings.user_agent, contact=settings.contact, delay=settings.host_delay_seconds, book=book
    )


def build_collectors(settings: Settings, database: Database) -> Callable[[str, Mapping[str, Any]], Collector]:
    """A maker of collectors that all share one polite client; with all processes of the database, its pauses too."""
    client = build_client(settings, HostTurns(database, HostState))

    def build(kind: str, options: Mapping[str, Any]) -> Collector:
        recorder = Recorder(client)
        return recorded(build_kind(kind, options, recorder), recorder)

    return build


def check_sources(configuration: Configuration, settings: Settings) -> None:
    """Raises `ConfigError` for a configured source whose kind, options or query are wrong; fetches nothing."""
    client = PoliteClient(user_agent=settings.user_agent)
    for entry in configuration.sources:
        try:
            build_kind(entry.kind, entry.options, client)
            if entry.query:
                parse_query(entry.query)
        except (CollectError, Invalid) as error:
            raise ConfigError(f"{configuration.folder / 'sources.toml'}：来源“{entry.name}”：{error}") from error


def read_posts(path: Path, mapping: Mapping[str, str]) -> Iterator[RawPost | Rejection]:
    """The posts of a file, in order, and what was wrong with its rows. Raises `CollectError`."""
    return read_file(path, mapping)


def train_model(
    lexicon: Path,
    data: Path,
    output: Path,
    *,
    only: Sequence[str],
    without: Sequence[str],
    seed: int,
    progress: Callable[[str], None],
    extra: Path | None = None,
) -> Card:
    """Trains a model from a folder of labelled sets, and those of `extra`, and writes it. Raises `ConfigError`."""
    train = load_trainer()
    more = {} if extra is None else {"extra": extra}
    return train(data, output, only=only, without=without, seed=seed, progress=progress, lexicon=lexicon, **more)


def export_lessons(path: Path, lessons: Sequence[Lesson]) -> None:
    """Writes what people said as a labelled set that `train_model` reads. Raises `ConfigError`."""
    try:
        write_lessons(path, lessons)
    except OSError as error:
        raise ConfigError(f"{path}: 写不进去：{error.strerror}") from error


def train_candidate(
    settings: Settings,
    lexicon: Path,
    data: Path,
    lessons: Sequence[Lesson],
    *,
    only: Sequence[str],
    without: Sequence[str],
    seed: int,
    progress: Callable[[str], None],
) -> Path:
    """Trains a model from labelled sets and what people said; gives its folder among the candidates.

    What people said is on disk only while the training lasts. Raises `ConfigError`.
    """
    models = models_folder(settings)
    with staging_folder(models) as staged:
        write_lessons(staged / "extra" / f"{OWN_SET}.csv", lessons)
        train_model(
            lexicon,
            data,
            staged / "model",
            only=only,
            without=without,
            seed=seed,
            progress=progress,
            extra=staged / "extra",
        )
        return keep_candidate(models, staged / "model")


def compare_with_present(settings: Settings, lexicon: Path, folder: Path, rows: Sequence[AuditRow]) -> Comparison:
    """How a model does beside the one in force on the audit set; kept beside the model when it is a candidate."""
    texts = [row.text for row in rows]
    verdicts = [
        build_classifier("trained", lexicon, model).classify(texts) for model in (model_in_force(settings), folder)
    ]
    comparison = compare_verdicts(rows, *verdicts)
    if folder.parent == models_folder(settings).resolve():
        write_comparison(folder, comparison)
    return comparison


def compare_cards_with_present(settings: Settings, folder: Path) -> list[CardFigure]:
    """What the cards of a model and of the one in force say of the open sets."""
    return compare_cards(model_card(model_in_force(settings)), load_card(folder))


def model_shelf(settings: Settings) -> ModelShelf:
    """The models of one's own, and which of them are in force."""
    return ModelShelf(models_folder(settings))


def evaluate_classifiers(
    lexicon: Path, model: Path | None, data: Path, *, limit: int | None, progress: Callable[[str], None]
) -> list[dict[str, Any]]:
    """Ours, SnowNLP and the majority guess on every labelled set of a folder, one flat row each."""
    classifiers = {
        "ours": build_classifier(backend_of(model), lexicon, model),
        "snownlp": build_classifier("snownlp", lexicon),
    }
    return [row.flat() for row in evaluate(data, classifiers, limit=limit, progress=progress)]


def compare_models(
    lexicon: Path, models: Mapping[str, Path], data: Path, *, limit: int | None, progress: Callable[[str], None]
) -> list[dict[str, Any]]:
    """Two models of one's own on every labelled set of a folder, with their difference, one flat row each."""
    pair = {name: build_classifier(backend_of(folder), lexicon, folder) for name, folder in models.items()}
    return [row.flat() for row in compare(data, pair, limit=limit, progress=progress)]


def model_card(model: Path | None) -> Card:
    """What the model in force was made of. Raises `ConfigError`."""
    return load_card(model or SHIPPED)


def research_sets(model: Path | None) -> tuple[str, ...]:
    """The sets a model learned from that are for research only, so that it may measure and not work."""
    return research_sets_of(model or SHIPPED)


def train_own_router(
    configuration: Configuration, file: Path, output: Path, *, progress: Callable[[str], None], **options: Any
) -> RouterCard:
    """Trains a router on a company's own cases and writes it to `output`. Raises `ConfigError`."""
    train = load_router_trainer()
    return train(file, output, places=configuration.places.names, progress=progress, **options)


def evaluate_own_router(
    configuration: Configuration, file: Path, folder: Path, *, text: str, label: str, several: bool
) -> RouterEvaluation:
    """How good a company's own router is on a file of cases. Raises `ConfigError`."""
    return evaluate_router(file, folder, text=text, label=label, several=several, places=configuration.places.names)


def read_lexicon(folder: Path) -> Lexicon:
    """The word lists of a folder. Raises `ConfigError` that names file and key in this folder."""
    try:
        return load_lexicon(folder)
    except ConfigError as error:
        raise ConfigError(str(error).replace("config/lexicon/", f"{folder}/")) from error


def compare_lexicons(before: Path, after: Path) -> LexiconComparison:
    """What reads posts with the word lists of two folders. Raises `ConfigError`."""
    return LexiconComparison(Reader(read_lexicon(before)), Reader(read_lexicon(after)))


def learn_adverts(lexicon: Path, data: Path, *, seed: int, progress: Callable[[str], None]) -> LearnedWording:
    """Learns the wording of advertisements and writes it to the lexicon folder. Raises `ConfigError`."""
    learned = load_wording_trainer()(lexicon, data, seed=seed, progress=progress)
    (lexicon / "wording.toml").write_text(as_toml(learned.weights, learned.bias), encoding="utf-8")
    return learned


def measure_word_lists(
    lexicon: Path, data: Path, *, by_set: bool, limit: int | None, progress: Callable[[str], None]
) -> list[MeasuredFamily]:
    """Precision and coverage of the word lists on every labelled set of a folder. Raises `ConfigError`."""
    return measure_lexicon(Reader(read_lexicon(lexicon)), data, by_set=by_set, limit=limit, progress=progress)
