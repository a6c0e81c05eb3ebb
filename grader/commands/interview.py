"""`kata interview`: hold a round, go on with one, or follow one as its interviewer."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from grader.commands.common import ACCEPTED, complete_round, memory, sandbox_option, say
from grader.kata.refused import Refused

if TYPE_CHECKING:
    from grader.interview.record import log
    from grader.interview.round.plan import Round
    from grader.interview.screens.screen import Part
    from grader.practice.store import Store

LEVELS = ("junior", "mid", "senior")
MOST_DIGITS = 18


@click.command()
@click.argument("name", required=False, metavar="[ROUND]", shell_complete=complete_round)
@click.option("--list", "listing", is_flag=True, help="Show the rounds.")
@click.option("--level", type=click.Choice(LEVELS), help="Choose a round by its level.")
@click.option("--minutes", type=int, help="Choose a round by its length.")
@click.option(
    "--file", type=click.Path(path_type=Path), metavar="ROUND.toml", help="A round of your own."
)
@click.option(
    "--dir", "folder", type=click.Path(path_type=Path), default=Path(), help="Where you write."
)
@click.option("--resume", is_flag=False, flag_value="", metavar="[N]", help="Go on with a round.")
@click.option("--host", is_flag=True, help="Follow a round in another terminal, and score it.")
@sandbox_option
@click.option("--plain", is_flag=True, help="Plain lines: for scripts, and simple terminals.")
@click.option("--seed", type=click.IntRange(0, 2**63 - 1), help="Draw the same questions again.")
def interview(
    *, name: str | None, level: str | None, minutes: int | None, file: Path | None, folder: Path,
    resume: str | None, seed: int | None, listing: bool, host: bool, plain: bool,
) -> None:  # fmt: skip
    """Hold a mock interview: staged, timed, and scored at the end.

    ROUND is the name of a round, or with --host the number of one that runs.
    """
    signal.signal(signal.SIGHUP, signal.default_int_handler)
    with memory() as store:
        if host:
            sys.exit(_host(store, name, plain=plain))
        if resume is not None:
            sys.exit(_go_on(store, _resumed(store, resume or name), plain=plain))
        rules = None if listing else _rules(name, level, minutes, file)
        if rules is None:
            _overview(store)
        else:
            sys.exit(_begin(store, rules, folder, seed, plain=plain))


# --- which round ------------------------------------------------------------------------------


def _rules(
    name: str | None, level: str | None, minutes: int | None, file: Path | None
) -> Round | None:
    from grader.interview.round import rounds

    given = [name is not None, file is not None, level is not None or minutes is not None]
    if sum(given) > 1:
        raise Refused("name one round: by its name, by --level and --minutes, or with --file")
    if file is not None:
        return rounds.load(file)
    if name is not None:
        return rounds.find(name)
    return None if not any(given) else _matching(rounds.ready_rounds(), level, minutes)


def _matching(known: list[Round], level: str | None, minutes: int | None) -> Round:
    found = [r for r in known if level in (None, r.level) and minutes in (None, r.minutes)]
    if len(found) == 1:
        return found[0]
    names = ", ".join(r.name for r in found or known)
    if found:
        raise Refused(f"several rounds are like that: choose one of {names}")
    raise Refused(f"there is no such round: there are {names}")


def _overview(store: Store) -> None:
    from grader.interview.record import log
    from grader.interview.round import rounds
    from grader.report.words import minutes

    known = rounds.ready_rounds()
    width = max((len(r.name) for r in known), default=0)
    for r in known:
        katas = ", ".join(r.katas)
        say(f"{r.name:<{width}}  {r.level:<6}  {r.minutes:>2g} min  {katas}")
    if known:
        say(f"\nbegin with:   kata interview {known[0].name}")
    for entry in log.unfinished(store):
        where = f"{minutes(entry.elapsed)} of {minutes(entry.plan.seconds)}"
        how = f"kata interview --resume {entry.id}"
        if entry.running and entry.owner is not None:
            how = f"runs in process {entry.owner.pid}; follow it with: kata interview --host"
        say(f"unfinished:   {entry.name}, {where}: {how}")


def _resumed(store: Store, number: str | None) -> log.Entry:
    from grader.interview.record import log

    if number is None:
        waiting = [entry for entry in log.unfinished(store) if not entry.running]
        if len(waiting) == 1:
            return waiting[0]
        if waiting:
            which = ", ".join(f"{e.id} ({e.name})" for e in waiting)
            raise Refused(f"several rounds are unfinished: {which}; name one: --resume NUMBER")
        for entry in log.unfinished(store):
            return entry  # it runs elsewhere, and going on says so
        raise Refused("no round is unfinished: `kata interview` shows how to begin one")
    found = log.entry(store, int(number)) if _is_number(number) else None
    if found is None:
        raise Refused(f"there is no round {number}: `kata interview` shows what is unfinished")
    if found.ended is not None:
        raise Refused(f"round {found.id} has ended: `kata report --round {found.id}` shows it")
    return found


def _is_number(word: str) -> bool:
    """Whether it may be the number of a round: digits, and not more of them than are kept."""
    return word.isascii() and word.isdigit() and len(word) <= MOST_DIGITS


# --- hold it ----------------------------------------------------------------------------------


def _begin(store: Store, rules: Round, folder: Path, seed: int | None, *, plain: bool) -> int:
    from grader.interview.record import log
    from grader.interview.round.questions import draw
    from grader.judge.experiments.experiment import experiment

    _check_folder(folder)
    seed = int.from_bytes(os.urandom(4), "big") if seed is None else seed
    known = {name: experiment(name) for s in rules.stages for name in s.experiments}
    asks = {name: one.ask for name, one in known.items() if one is not None}
    data = {
        "seed": seed, "folder": str(folder.resolve()), "questions": draw(rules, seed), "asks": asks,
    }  # fmt: skip
    number = log.begin(store, rules, data)
    entry = log.entry(store, number)
    assert entry is not None
    return _go_on(store, entry, plain=plain)


def _check_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Refused(f"{folder} cannot be written to: {error.strerror}; try --dir") from None
    if not os.access(folder, os.W_OK | os.X_OK):
        raise Refused(f"{folder} cannot be written to: no right to; try --dir") from None


def _go_on(store: Store, entry: log.Entry, *, plain: bool) -> int:
    from grader.interview.candidate_side import Driver
    from grader.interview.record import log
    from grader.judge.remote import RemoteJudge

    log.claim(store, entry.id)
    driver = Driver(store, entry, RemoteJudge)
    try:
        status = _play(driver, plain=plain)
        if status == ACCEPTED and not driver.flow.state.host:
            _show_card(store, driver.flow.number)
        return status
    finally:
        driver.close()


def _host(store: Store, name: str | None, *, plain: bool) -> int:
    from grader.interview.host_side import Host

    if name is not None and not _is_number(name):
        raise Refused(f"`{name}` is not the number of a round: `kata interview` shows which run")
    host = Host(store, None if name is None else int(name))
    try:
        status = _play(host, plain=plain)
    finally:
        host.close()
    if status == ACCEPTED and host.number is not None:
        _show_card(store, host.number)
    return status


def _play(part: Part, *, plain: bool) -> int:
    run: Callable[[Part], int]
    dumb = "NO_COLOR" in os.environ or os.environ.get("TERM", "dumb") == "dumb"
    if plain or dumb or not (sys.stdin.isatty() and sys.stdout.isatty()):
        from grader.interview.screens.plain import run
    else:
        from grader.interview.screens.terminal import run
    return run(part)


def _show_card(store: Store, number: int) -> None:
    from grader.interview.record import log
    from grader.render.terminal.scorecard import to_text
    from grader.render.terminal.text import make_console

    card = log.card(store, number)
    if card is not None:
        console = make_console()
        console.print()
        console.print(to_text(card))
        console.print(f"\nto see it again: kata report --round {number}", style="dim")
