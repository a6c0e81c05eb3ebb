"""The command line. Nothing here imports torch: commands that do not grade answer at once."""

from __future__ import annotations

import os
import shutil
import signal
import sys
from typing import Any, NoReturn

import click

from grader import __version__
from grader.commands import (
    author,
    doctor,
    grade,
    help,
    interview,
    katas,
    record,
    report,
    try_,
    watch,
)
from grader.commands.common import ACCEPTED, INTERRUPTED, OUR_FAULT, USAGE, Commands, complain, say
from grader.kata.kata import KataError

LEAST_HELP = 52
"""Columns that click takes for help, however few there are."""


@click.group(
    cls=Commands,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__, prog_name="kata")
@click.pass_context
def cli(context: click.Context) -> None:
    """Practise writing attention by hand, and be told which mistake you made."""
    if context.invoked_subcommand is None:
        say(f"{cli.help}\nall commands: kata --help\n")
        record.show_status()


for command in (
    katas.list_,
    katas.start,
    katas.show,
    grade.grade,
    watch.watch,
    try_.try_,
    help.hint,
    help.explain,
    help.solution,
    record.status,
    record.restore,
    record.next_,
    interview.interview,
    report.report,
    doctor.doctor,
    author.verify,
    author.new,
):
    cli.add_command(command)


def main(arguments: list[str] | None = None) -> NoReturn:
    """The `kata` command."""
    from grader.commands.isolation import leave_local_modules_out

    try:
        leave_local_modules_out()
    except FileNotFoundError:
        say("Error: this folder was removed: `cd` to one that is there", err=True)
        sys.exit(USAGE)
    _open_closed_streams()
    # Being told to end is like Ctrl-C: workers and folders are cleared away first.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        result: Any = cli.main(arguments, standalone_mode=False, terminal_width=_narrow())
        sys.exit(result if isinstance(result, int) else ACCEPTED)
    except click.ClickException as error:
        complain(error)
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        say("stopped", err=True)
        sys.exit(INTERRUPTED)
    except KataError as error:
        say(f"Error: {error}", err=True)
        sys.exit(OUR_FAULT)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # whoever read our output has left
        sys.exit(ACCEPTED)
    except Exception as error:
        if os.environ.get("KATA_DEBUG"):
            raise
        say(f"Error: {type(error).__name__}: {error} (ours; KATA_DEBUG=1 shows more)", err=True)
        sys.exit(OUR_FAULT)


def _narrow() -> int | None:
    """The terminal's columns where help has to be narrower than it would be by itself."""
    columns = shutil.get_terminal_size().columns
    return columns if columns < LEAST_HELP else None


def _open_closed_streams() -> None:
    """Put nothing in the place of a closed standard stream, before a file of ours gets there."""
    for fd, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        try:
            os.fstat(fd)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest free number, which is this one
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(fd, mode, encoding="utf-8"))
