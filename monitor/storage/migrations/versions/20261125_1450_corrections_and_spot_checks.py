"""corrections and spot checks"""

import sqlalchemy as sa
from alembic import op

revision = "20261125_1450"
down_revision = "20261125_1440"
branch_labels = None
depends_on = None


def _choice(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, length=32)


def upgrade() -> None:
    op.create_table(
        "corrections",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("post_id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.String(length=80), nullable=False),
        sa.Column("origin", _choice("correctionorigin", "work", "spot_check"), nullable=False),
        sa.Column("polarity", _choice("polarity", "negative", "neutral", "positive"), nullable=True),
        sa.Column("expression", _choice("expression", "explicit", "implicit", "none"), nullable=True),
        sa.Column("topic", sa.String(length=40), nullable=True),
        sa.Column("department", sa.String(length=80), nullable=True),
        sa.Column("note", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["post_id"], ["posts.id"], name=op.f("fk_corrections_post_id_posts"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_corrections_member_id_members")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_corrections")),
    )
    with op.batch_alter_table("corrections", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_corrections_post_id"), ["post_id"], unique=False)

    op.create_table(
        "spot_checks",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("post_id", sa.Integer(), nullable=False),
        sa.Column("drawn_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("stratum", _choice("stratum", "unflagged", "flagged", "uncertain"), nullable=False),
        sa.Column("weight", sa.Double(), nullable=False),
        sa.Column("frozen", sa.Boolean(), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("member_id", sa.Integer(), nullable=True),
        sa.Column("skipped", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["post_id"], ["posts.id"], name=op.f("fk_spot_checks_post_id_posts"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_spot_checks_member_id_members")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_spot_checks")),
        sa.UniqueConstraint("post_id", name=op.f("uq_spot_checks_post_id")),
    )
    with op.batch_alter_table("spot_checks", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_spot_checks_checked_at"), ["checked_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_spot_checks_drawn_at"), ["drawn_at"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("spot_checks", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_spot_checks_drawn_at"))
        batch_op.drop_index(batch_op.f("ix_spot_checks_checked_at"))

    op.drop_table("spot_checks")
    with op.batch_alter_table("corrections", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_corrections_post_id"))

    op.drop_table("corrections")
