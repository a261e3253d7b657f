"""Commands: one file a noun. Lists are data on standard output; progress and remarks go to standard error."""

import sys
from importlib import import_module

import click

from monitor import __version__
from monitor.domain.errors import ConfigError, MonitorError

COMMANDS = {
    "classifier": "monitor.cli.classifier:classifier",
    "classify": "monitor.cli.classify:classify",
    "config": "monitor.cli.config:config",
    "db": "monitor.cli.db:db",
    "doctor": "monitor.cli.doctor:doctor",
    "evidence": "monitor.cli.evidence:evidence",
    "jobs": "monitor.cli.serving:jobs",
    "lexicon": "monitor.cli.lexicon:lexicon",
    "members": "monitor.cli.members:members",
    "posts": "monitor.cli.posts:posts",
    "routing": "monitor.cli.routing:routing",
    "serve": "monitor.cli.serving:serve",
    "sources": "monitor.cli.sources:sources",
    "tickets": "monitor.cli.tickets:tickets",
    "tokens": "monitor.cli.tokens:tokens",
    "web": "monitor.cli.serving:web",
}
"""Imported when they are called, so that `monitor classify` starts without the web and `monitor --help` at once."""


class _Lazy(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="xianwai")
def cli() -> None:
    """弦外：听出没说出口的不满，交给唯一的主办部门，跟到办结。"""


def main(arguments: list[str] | None = None) -> None:
    """Runs a command; our own errors become one line on standard error, and exit status 2 for configuration, else 1."""
    try:
        # Outside its standalone mode click gives the status of `Exit` back instead of exiting with it.
        sys.exit(cli.main(args=arguments, standalone_mode=False))
    except click.Abort:
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except MonitorError as error:
        click.echo(f"错误：{error}", err=True)
        sys.exit(2 if isinstance(error, ConfigError) else 1)
    except BrokenPipeError:
        # `monitor tickets list | head` ends like this; the reader has what it wanted.
        sys.stderr.close()
        sys.exit(0)
