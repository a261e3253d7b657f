"""sources that are watched: health, backfills, deletions, seals, near-copies, captures"""

import sqlalchemy as sa
from alembic import op

revision = "20261125_1810"
down_revision = "20261125_1450"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)
_HEALTH = ("new", "healthy", "late", "silent", "degraded", "blocked", "broken", "paused")


def _choice(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, length=32)


def _needed(name: str, kind: sa.types.TypeEngine[object]) -> sa.Column[object]:
    return sa.Column(name, kind, nullable=False)


def _maybe(name: str, kind: sa.types.TypeEngine[object]) -> sa.Column[object]:
    return sa.Column(name, kind, nullable=True)


_NEW_COLUMNS: dict[str, list[tuple[str, sa.types.TypeEngine[object], str | None]]] = {
    "collect_runs": [
        ("occasion", sa.String(20), "visit"),
        ("filtered", sa.Integer(), "0"),
        ("gone", sa.Integer(), "0"),
        ("notes", sa.JSON(), "[]"),
        ("filled", sa.JSON(), "{}"),
        ("pages", sa.Integer(), "0"),
        ("size", sa.Integer(), "0"),
        ("repeated", sa.Integer(), "0"),
        ("garbled", sa.Double(), "0"),
    ],
    "post_revisions": [("hidden", sa.Boolean(), "false")],
    "posts": [
        ("missing_since", _MOMENT, None),
        ("gone_at", _MOMENT, None),
        ("gone_how", sa.String(), ""),
        ("length", sa.Integer(), "0"),
        ("cluster_id", sa.Integer(), None),
    ],
    "sources": [
        ("query", sa.String(), ""),
        ("host", sa.String(255), ""),
        ("leased_until", _MOMENT, None),
        ("health", _choice("health", *_HEALTH), "new"),
        ("health_reason", sa.String(), ""),
        ("health_advice", sa.String(), ""),
        ("health_since", _MOMENT, None),
        ("health_told_at", _MOMENT, None),
    ],
}
"""Table → name, kind, and what the rows that are there get; None where nothing is an answer."""


def upgrade() -> None:
    _create_independent()
    _create_for_sources()
    _create_for_posts()
    for table, columns in _NEW_COLUMNS.items():
        with op.batch_alter_table(table) as batch:
            for name, kind, default in columns:
                batch.add_column(sa.Column(name, kind, nullable=default is None, server_default=default))
    for table, columns in _NEW_COLUMNS.items():
        with op.batch_alter_table(table) as batch:
            for name, kind, default in columns:
                if default is not None:
                    batch.alter_column(name, existing_type=kind, server_default=None)
    op.execute("UPDATE posts SET length = length(text)")
    op.execute("UPDATE notifications SET event = 'source_health' WHERE event = 'source_failed'")
    with op.batch_alter_table("posts") as batch:
        batch.create_index("ix_posts_cluster", ["cluster_id", "id"])
        batch.create_index("ix_posts_moments", ["source_id", "created_at", "first_seen_at"])
        batch.create_foreign_key(op.f("fk_posts_cluster_id_clusters"), "clusters", ["cluster_id"], ["id"])
    with op.batch_alter_table("sources") as batch:
        batch.create_index(op.f("ix_sources_host"), ["host"])


def _create_independent() -> None:
    op.create_table(
        "clusters",
        _needed("id", sa.Integer()),
        _needed("spread", _choice("spread", "single", "duplicate", "repost", "campaign", "template")),
        _needed("size", sa.Integer()),
        _needed("authors", sa.Integer()),
        _needed("first_at", _MOMENT),
        _needed("last_at", _MOMENT),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clusters")),
    )
    op.create_table(
        "host_turns",
        _needed("host", sa.String(255)),
        _needed("free_at", sa.Double()),
        _needed("failures", sa.Integer()),
        _needed("open_until", sa.Double()),
        sa.PrimaryKeyConstraint("host", name=op.f("pk_host_turns")),
    )


def _of_source(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["source_id"], ["sources.id"], name=op.f(f"fk_{table}_source_id_sources"))


def _create_for_sources() -> None:
    op.create_table(
        "health_changes",
        _needed("id", sa.Integer()),
        _needed("source_id", sa.Integer()),
        _needed("changed_at", _MOMENT),
        _needed("before", _choice("health", *_HEALTH)),
        _needed("after", _choice("health", *_HEALTH)),
        _needed("reason", sa.String()),
        _of_source("health_changes"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_health_changes")),
    )
    op.create_index(op.f("ix_health_changes_source_id"), "health_changes", ["source_id"])
    op.create_table(
        "hook_deliveries",
        _needed("id", sa.Integer()),
        _needed("source_id", sa.Integer()),
        _needed("delivery", sa.String(200)),
        _needed("received_at", _MOMENT),
        _of_source("hook_deliveries"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hook_deliveries")),
        sa.UniqueConstraint("source_id", "delivery", name=op.f("uq_hook_deliveries_source_id_delivery")),
    )
    op.create_index(op.f("ix_hook_deliveries_received_at"), "hook_deliveries", ["received_at"])
    op.create_table(
        "backfills",
        _needed("id", sa.Integer()),
        _needed("source_id", sa.Integer()),
        _maybe("member_id", sa.Integer()),
        _needed("state", _choice("backfillstate", "running", "paused", "done", "failed")),
        _needed("cursor", sa.JSON()),
        _maybe("until", _MOMENT),
        _needed("started_at", _MOMENT),
        _needed("changed_at", _MOMENT),
        _maybe("next_run_at", _MOMENT),
        _maybe("reached_at", _MOMENT),
        *(_needed(name, sa.Integer()) for name in ("steps", "failures", "fetched", "new")),
        _needed("error", sa.String()),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_backfills_member_id_members")),
        _of_source("backfills"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_backfills")),
    )
    op.create_index(op.f("ix_backfills_next_run_at"), "backfills", ["next_run_at"])
    op.create_index(op.f("ix_backfills_source_id"), "backfills", ["source_id"])
    _create_seals()


def _create_seals() -> None:
    op.create_table(
        "seals",
        _needed("id", sa.Integer()),
        _needed("source_id", sa.Integer()),
        _needed("number", sa.Integer()),
        _needed("sealed_at", _MOMENT),
        _needed("facts", sa.JSON()),
        _needed("previous", sa.String(64)),
        _needed("seal", sa.String(64)),
        _of_source("seals"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_seals")),
        sa.UniqueConstraint("source_id", "number", name=op.f("uq_seals_source_id_number")),
    )
    op.create_table(
        "sealed_payloads",
        _needed("id", sa.Integer()),
        _needed("seal_id", sa.Integer()),
        _needed("sha256", sa.String(64)),
        _needed("kept_at", _MOMENT),
        _needed("body", sa.LargeBinary()),
        sa.ForeignKeyConstraint(
            ["seal_id"], ["seals.id"], name=op.f("fk_sealed_payloads_seal_id_seals"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sealed_payloads")),
    )
    op.create_index(op.f("ix_sealed_payloads_kept_at"), "sealed_payloads", ["kept_at"])
    op.create_index(op.f("ix_sealed_payloads_seal_id"), "sealed_payloads", ["seal_id"])


def _create_for_posts() -> None:
    op.create_table(
        "captures",
        _needed("id", sa.Integer()),
        _needed("post_id", sa.Integer()),
        _needed("member_id", sa.Integer()),
        _needed("captured_at", _MOMENT),
        _needed("url", sa.String()),
        _needed("sha256", sa.String(64)),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_captures_member_id_members")),
        sa.ForeignKeyConstraint(["post_id"], ["posts.id"], name=op.f("fk_captures_post_id_posts"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_captures")),
    )
    op.create_index(op.f("ix_captures_post_id"), "captures", ["post_id"])
    op.create_table(
        "post_bands",
        sa.Column("band", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("post_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sketch", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("band", "post_id", name=op.f("pk_post_bands")),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.execute("UPDATE notifications SET event = 'source_failed' WHERE event = 'source_health'")
    with op.batch_alter_table("sources") as batch:
        batch.drop_index(op.f("ix_sources_host"))
    with op.batch_alter_table("posts") as batch:
        batch.drop_constraint(op.f("fk_posts_cluster_id_clusters"), type_="foreignkey")
        batch.drop_index("ix_posts_cluster")
        batch.drop_index("ix_posts_moments")
    for table, columns in _NEW_COLUMNS.items():
        with op.batch_alter_table(table) as batch:
            for name, _, _ in columns:
                batch.drop_column(name)
    for table in ("post_bands", "captures", "sealed_payloads", "seals", "backfills", "hook_deliveries",
                  "health_changes", "host_turns", "clusters"):  # fmt: skip
        op.drop_table(table)
