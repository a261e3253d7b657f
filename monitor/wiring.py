"""The only place that chooses implementations: classifier, channels, collectors, renderer."""

import hashlib
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from monitor.channels.registry import transport_class
from monitor.classifiers.evaluation import EvaluationRow, evaluate
from monitor.classifiers.model_file import Card, load_card
from monitor.classifiers.registry import build_classifier, build_judge, load_router_trainer, load_trainer
from monitor.classifiers.routing_evaluation import RouterEvaluation
from monitor.classifiers.routing_model import OwnSuggester, RouterCard, evaluate_router, load_router
from monitor.classifiers.tokens import fold
from monitor.classifiers.trained import SHIPPED
from monitor.configuration import Configuration, load_configuration
from monitor.domain.alerts import Channel, Event
from monitor.domain.errors import ConfigError
from monitor.domain.triage import TriagePolicy
from monitor.domain.verdicts import Judge, TwoPassJudge
from monitor.rendering import MailRenderer
from monitor.services.tools import Tools
from monitor.settings import Settings, config_folder, load_settings, resource_folder
from monitor.storage.db import Database, open_database
from scrapers.base import Batch, Builder, Collector, Fetch, RawPost, Rejection
from scrapers.client import PoliteClient
from scrapers.errors import CollectError
from scrapers.files import read_file
from scrapers.registry import KINDS, builder_for
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
    settings.data.mkdir(parents=True, exist_ok=True)
    return Installation(settings, load_configuration(folder, settings.zone), open_database(settings.url))


DISPATCH_AT = 0.75
"""The confidence from which on the shipped router dispatches, where the settings name none."""


def build_tools(settings: Settings, configuration: Configuration) -> Tools:
    """Everything the use cases need. Loads the classifier, which takes most of a second."""
    router = load_router(Path(settings.router)) if settings.router else None
    return Tools(
        judge=_judge(settings, configuration.folder / "lexicon", router),
        fold=_fold,
        render=build_renderer(),
        channels={"mail": build_mail(settings)},
        routing_rules=configuration.routing_rules,
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
    return model_card(Path(settings.model) if settings.model else None).threshold


def _router_version(settings: Settings, router: OwnSuggester | None) -> str:
    """What a verdict's own version leaves open: which router suggested the departments."""
    if router is not None:
        return router.version
    model = Path(settings.model) if settings.model else None
    return "" if settings.classifier == "trained" else model_card(model).version


def _judge(settings: Settings, lexicon: Path, router: OwnSuggester | None) -> Judge:
    """The classifier's verdicts beside the departments of the company's own router, when it has one."""
    model = Path(settings.model) if settings.model else None
    if router is None:
        return build_judge(settings.classifier, lexicon, model)
    return TwoPassJudge(build_classifier(settings.classifier, lexicon, model), router)


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


def build_collectors(settings: Settings) -> Callable[[str, Mapping[str, Any]], Collector]:
    """A maker of collectors that all share one polite client."""
    client: Fetch = PoliteClient(user_agent=settings.user_agent, delay=settings.host_delay_seconds)

    def build(kind: str, options: Mapping[str, Any]) -> Collector:
        return build_kind(kind, options, client)

    return build


def check_sources(configuration: Configuration, settings: Settings) -> None:
    """Raises `ConfigError` for a configured source whose kind or options are wrong; nothing is fetched."""
    build = build_collectors(settings)
    for entry in configuration.sources:
        try:
            build(entry.kind, entry.options)
        except CollectError as error:
            raise ConfigError(f"{configuration.folder / 'sources.toml'}：来源“{entry.name}”：{error}") from error


def source_kinds() -> Mapping[str, Builder]:
    """Every kind of source that can be visited: code → what builds it."""
    return {kind: builder_for(kind) for kind in KINDS}


def preview_source(settings: Settings, kind: str, options: Mapping[str, Any]) -> Batch:
    """What one visit to such a source gives now; nothing is stored. Raises `CollectError`."""
    return build_collectors(settings)(kind, options).collect({})


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
) -> Card:
    """Trains a model from a folder of labelled sets and writes it to `output`. Raises `ConfigError`."""
    train = load_trainer()
    return train(data, output, only=only, without=without, seed=seed, progress=progress, lexicon=lexicon)


def evaluate_classifiers(
    lexicon: Path, model: Path | None, data: Path, *, limit: int | None, progress: Callable[[str], None]
) -> list[EvaluationRow]:
    """Ours, SnowNLP and the majority guess on every labelled set of a folder."""
    classifiers = {
        "ours": build_classifier("trained", lexicon, model),
        "snownlp": build_classifier("snownlp", lexicon, model),
    }
    return evaluate(data, classifiers, limit=limit, progress=progress)


def compare_models(
    lexicon: Path, models: Mapping[str, Path], data: Path, *, limit: int | None, progress: Callable[[str], None]
) -> list[EvaluationRow]:
    """Several models of one's own on every labelled set of a folder."""
    classifiers = {name: build_classifier("trained", lexicon, folder) for name, folder in models.items()}
    return evaluate(data, classifiers, limit=limit, progress=progress)


def model_card(model: Path | None) -> Card:
    """What the model in force was made of. Raises `ConfigError`."""
    return load_card(model or SHIPPED)


def train_own_router(
    file: Path, output: Path, *, text: str, label: str, precision: float, seed: int, progress: Callable[[str], None]
) -> RouterCard:
    """Trains a router on a company's own cases and writes it to `output`. Raises `ConfigError`."""
    train = load_router_trainer()
    return train(file, output, text=text, label=label, precision=precision, seed=seed, progress=progress)


def evaluate_own_router(file: Path, folder: Path, *, text: str, label: str) -> RouterEvaluation:
    """How good a company's own router is on a file of cases. Raises `ConfigError`."""
    return evaluate_router(file, folder, text=text, label=label)
