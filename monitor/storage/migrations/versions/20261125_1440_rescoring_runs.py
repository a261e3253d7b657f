"""runs that judge stored posts again, and the router's version beside every verdict"""

import sqlalchemy as sa
from alembic import op

revision = "20261125_1440"
down_revision = "20261123_0200"
branch_labels = None
depends_on = None

_RUNNING = sa.text("state = 'running'")


def upgrade() -> None:
    op.create_table(
        "rescore_runs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version", sa.String(length=80), nullable=False),
        sa.Column("router_version", sa.String(length=80), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_by", sa.String(length=80), nullable=False),
        sa.Column("heartbeat_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        *(
            sa.Column(name, sa.Integer(), nullable=False)
            for name in ("total", "after_id", "done", "failed", "newly_flagged", "no_longer_flagged", "same")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rescore_runs")),
    )
    op.create_index(
        "uq_rescore_runs_running",
        "rescore_runs",
        ["state"],
        unique=True,
        sqlite_where=_RUNNING,
        postgresql_where=_RUNNING,
    )
    op.create_table(
        "rescore_changes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("post_id", sa.Integer(), nullable=False),
        sa.Column("what", sa.String(length=32), nullable=False),
        sa.Column("dissatisfied_before", sa.Double(), nullable=False),
        sa.Column("dissatisfied_after", sa.Double(), nullable=False),
        sa.Column("expression_before", sa.String(length=32), nullable=False),
        sa.Column("expression_after", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["post_id"], ["posts.id"], name=op.f("fk_rescore_changes_post_id_posts")),
        sa.ForeignKeyConstraint(["run_id"], ["rescore_runs.id"], name=op.f("fk_rescore_changes_run_id_rescore_runs")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rescore_changes")),
    )
    op.create_index("ix_rescore_changes_run", "rescore_changes", ["run_id", "what", "id"])
    with op.batch_alter_table("assessments") as table:
        table.add_column(sa.Column("router_version", sa.String(length=80), nullable=True))
        table.add_column(sa.Column("run_id", sa.Integer(), nullable=True))
        table.create_foreign_key(op.f("fk_assessments_run_id_rescore_runs"), "rescore_runs", ["run_id"], ["id"])
        table.create_index("ix_assessments_run_id", ["run_id"])
    op.execute("UPDATE assessments SET router_version = ''")
    with op.batch_alter_table("assessments") as table:
        table.alter_column("router_version", existing_type=sa.String(length=80), nullable=False)


def downgrade() -> None:
    with op.batch_alter_table("assessments") as table:
        table.drop_index("ix_assessments_run_id")
        table.drop_constraint(op.f("fk_assessments_run_id_rescore_runs"), type_="foreignkey")
        table.drop_column("run_id")
        table.drop_column("router_version")
    op.drop_table("rescore_changes")
    op.drop_table("rescore_runs")
