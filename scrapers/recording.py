"""Keeps what came over the line during a visit, so that it can be sealed as evidence beside the posts read from it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from scrapers.base import Batch, Collector, Cursor, Historian, OwnableFetch, Payload, Response


@dataclass(slots=True)
class Recorder:
    """A fetch that passes everything on and remembers the bodies it gave."""

    fetch: OwnableFetch
    payloads: list[Payload] = field(default_factory=list)

    def __call__(self, url: str, *, headers: Mapping[str, str] | None = None, data: bytes | None = None) -> Response:
        """The response as the inner fetch gives it. Raises `CollectError`."""
        response = self.fetch(url, headers=headers, data=data)
        # What we sent (a token exchange) is no evidence of what customers said, and its answer holds secrets.
        if data is None and response.body:
            self.payloads.append(Payload(response.url, response.body, response.headers.get("content-type", "")))
        return response

    def take(self) -> tuple[Payload, ...]:
        """What was remembered since the last call."""
        taken = tuple(self.payloads)
        self.payloads.clear()
        return taken

    def owning(self, host: str) -> "Recorder":
        """The same recorder, taking `host` for one's own."""
        return Recorder(self.fetch.owning(host), self.payloads)


@dataclass(frozen=True, slots=True)
class Recorded:
    """A collector whose batches carry the payloads they were read from."""

    inner: Collector
    recorder: Recorder

    def collect(self, cursor: Cursor) -> Batch:
        """Everything new since `cursor`. Raises `CollectError`."""
        self.recorder.take()
        return self._with_payloads(self.inner.collect(cursor))

    def _with_payloads(self, batch: Batch) -> Batch:
        return replace(batch, payloads=(*self.recorder.take(), *batch.payloads))


@dataclass(frozen=True, slots=True)
class RecordedHistorian(Recorded):
    """The same for a collector that can read the past."""

    def history(self, cursor: Cursor) -> Batch:
        """The next piece further back. Raises `CollectError`."""
        self.recorder.take()
        assert isinstance(self.inner, Historian)
        return self._with_payloads(self.inner.history(cursor))


def recorded(collector: Collector, recorder: Recorder) -> Collector:
    """The collector with payloads in its batches; it can read the past if the inner one can."""
    return (RecordedHistorian if isinstance(collector, Historian) else Recorded)(collector, recorder)
