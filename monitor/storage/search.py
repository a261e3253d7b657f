"""Chinese full-text search of our own: overlapping pairs of characters, asked for as a phrase.

The stock indexes of SQLite (trigram, unicode61) and PostgreSQL silently find nothing for ordinary two-character words.
Each run of Chinese becomes its overlapping pairs plus its last character alone; a run of Latin letters or digits is one
word. Text and query are folded alike: width (NFKC), case, traditional to simplified.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import cache

import opencc
from sqlalchemy import ColumnElement, Connection, Integer, cast, column, select, table, text
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.orm import Session

from monitor.storage.models import Ticket

_RUNS = re.compile(r"[a-z0-9]+|[^\W_a-z0-9]+")
_INDEXED = 16_000  # characters of a text that can be found: far beyond any real post, and all PostgreSQL can number
_LONGEST_WORD = 64
_LONGEST_QUERY = 200

# Both databases take our terms as they are: `ascii` splits at blanks and at nothing else we write, and PostgreSQL is
# given finished vectors and queries. Their own ideas of what a letter is would lose rare characters.
SQLITE_DDL = "CREATE VIRTUAL TABLE ticket_search USING fts5(terms, tokenize = 'ascii')"
POSTGRES_DDL = (
    "CREATE TABLE ticket_search (ticket_id integer PRIMARY KEY, terms tsvector NOT NULL)",
    "CREATE INDEX ix_ticket_search_terms ON ticket_search USING gin (terms)",
)


@cache
def _converter() -> opencc.OpenCC:
    return opencc.OpenCC("t2s")


class _Simplified(dict[int, str]):
    """Each character's simplified form, looked up once.

    Character by character on purpose: a whole text is converted by its words (乾坤 stays, 乾 becomes 干), and then a
    part of it, asked for alone, would not be found.
    """

    def __missing__(self, code: int) -> str:
        character = chr(code)
        lone_surrogate = 0xD800 <= code <= 0xDFFF
        self[code] = " " if lone_surrogate else str(_converter().convert(character))
        return self[code]


_SIMPLIFIED = _Simplified()


def fold(value: str) -> str:
    """Width, case and script folded."""
    return unicodedata.normalize("NFKC", value).lower().translate(_SIMPLIFIED)


def terms_of(value: str) -> list[str]:
    """The terms a text is found by, in order."""
    return [term for run in _RUNS.findall(fold(value[:_INDEXED])) for term in _terms_of_run(run)][:_INDEXED]


def _terms_of_run(run: str) -> list[str]:
    if run[0].isascii() or len(run) == 1:
        return [run[:_LONGEST_WORD]]
    return [run[i : i + 2] for i in range(len(run) - 1)] + [run[-1]]


def _query_runs(query: str) -> list[list[str]]:
    """For each run of the query its terms: pairs for Chinese; a single character or a word is looked for by prefix."""
    runs = [_terms_of_run(run) for run in _RUNS.findall(fold(query[:_LONGEST_QUERY]))]
    return [terms if len(terms) == 1 else terms[:-1] for terms in runs]


def index_tickets(session: Session, texts: Sequence[tuple[int, str]]) -> None:
    """Makes tickets findable by these texts, replacing what was indexed for them."""
    if not texts:
        return
    connection = session.connection()
    if connection.dialect.name == "sqlite":
        rows = [{"id": ticket_id, "terms": " ".join(terms_of(value))} for ticket_id, value in texts]
        connection.execute(text("DELETE FROM ticket_search WHERE rowid = :id"), [{"id": row["id"]} for row in rows])
        connection.execute(text("INSERT INTO ticket_search (rowid, terms) VALUES (:id, :terms)"), rows)
    else:
        rows = [{"id": ticket_id, "terms": _vector(terms_of(value))} for ticket_id, value in texts]
        connection.execute(_POSTGRES_UPSERT, rows)


def _vector(terms: Iterable[str]) -> str:
    """Terms with their places, as PostgreSQL writes a tsvector. They are letters and digits, so quoting is enough."""
    return " ".join(f"'{term}':{place}" for place, term in enumerate(terms, 1))


_POSTGRES_UPSERT = text(
    "INSERT INTO ticket_search (ticket_id, terms) VALUES (:id, CAST(:terms AS tsvector))"
    " ON CONFLICT (ticket_id) DO UPDATE SET terms = excluded.terms"
)


def found_by(session: Session, query: str) -> ColumnElement[bool] | None:
    """A condition on tickets that contain the query; None when it has nothing to look for."""
    runs = _query_runs(query)
    if not runs:
        return None
    if session.get_bind().dialect.name == "sqlite":
        expression = " AND ".join(_sqlite_phrase(terms) for terms in runs)
        matching = select(column("rowid", Integer)).select_from(table("ticket_search"))
        return Ticket.id.in_(matching.where(text("ticket_search MATCH :search").bindparams(search=expression)))
    vector = " & ".join(_postgres_phrase(terms) for terms in runs)
    index = select(column("ticket_id", Integer)).select_from(table("ticket_search"))
    return Ticket.id.in_(index.where(column("terms").op("@@")(cast(vector, TSQUERY))))


def _sqlite_phrase(terms: Iterable[str]) -> str:
    listed = list(terms)
    return f'"{listed[0]}"*' if len(listed) == 1 else '"' + " ".join(listed) + '"'


def _postgres_phrase(terms: Iterable[str]) -> str:
    listed = list(terms)
    if len(listed) == 1:
        return f"'{listed[0]}':*"
    return "(" + " <-> ".join(f"'{term}'" for term in listed) + ")"


def create_index(connection: Connection) -> None:
    """Makes the search table; used by the migration and by tests."""
    statements = (SQLITE_DDL,) if connection.dialect.name == "sqlite" else POSTGRES_DDL
    for statement in statements:
        connection.execute(text(statement))


def is_search_table(name: str | None) -> bool:
    """Whether a table belongs to the search index, which no model describes."""
    return name is not None and name.startswith("ticket_search")


def drop_index(connection: Connection) -> None:
    """Takes the search table away."""
    connection.execute(text("DROP TABLE ticket_search"))
