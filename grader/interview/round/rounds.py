"""Rounds in TOML: found by name, and read with errors that an author can act on."""

from __future__ import annotations

import difflib
import math
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grader.interview.round.plan import Round, Stage
from grader.judge.experiments.experiment import asked_of, experiment
from grader.kata.kata import all_katas
from grader.kata.kata import find as find_kata
from grader.kata.keys import LEVELS
from grader.kata.paths import data_root
from grader.kata.refused import Refused
from grader.report.words import printable

MAX_BYTES = 256 * 1024
LONGEST, MANY = 1440, 50
"""Minutes of a round, and questions of a stage."""
COMMON = ("kind", "title", "minutes", "prompt", "look_for", "answer", "overrun")
KINDS: Mapping[str, tuple[str, ...]] = {
    "talk": (),
    "code": ("kata",),
    "prove": ("kata",),
    "twist": ("kata", "experiments"),
    "questions": ("count", "katas"),
    "close": (),
}
"""The kinds of stage, and what each may say beyond what all may."""

REQUIRED: Mapping[str, tuple[str, ...]] = {
    "talk": ("prompt",),
    "code": ("kata",),
    "prove": ("kata", "prompt"),
    "twist": ("kata", "experiments"),
    "questions": ("count",),
    "close": (),
}


def ready_made(root: Path | None = None) -> list[Path]:
    """The files of the rounds that come with the program."""
    return sorted(((root or data_root()) / "rounds").glob("*.toml"))


def ready_rounds() -> list[Round]:
    """The rounds that come with the program, by level and length."""
    rounds = [load(file) for file in ready_made()]
    return sorted(rounds, key=lambda r: (LEVELS.index(r.level), r.minutes, r.name))


def find(name: str) -> Round:
    """The ready-made round called `name`; Refused guesses which was meant."""
    files = {file.stem: file for file in ready_made()}
    if name in files:
        return load(files[name])
    guesses = difflib.get_close_matches(name.lower(), files, n=1, cutoff=0.5)
    hint = f"did you mean `{guesses[0]}`?" if guesses else "`kata interview --list` shows them all"
    raise Refused(f"there is no round `{name}`: {hint}")


def prose(text: str) -> str:
    """Paragraphs without the line ends of the file they stand in: the screen breaks them anew."""
    return "\n\n".join(" ".join(part.split()) for part in re.split(r"\n\s*\n", text.strip()))


def load(path: Path) -> Round:
    """Read a round; Refused names file, stage, fault and remedy."""
    table = _table(path)
    complain = _Complaint(f"{path}: the round")
    complain.unknown(table, ("title", "level", "minutes", "stage"))
    level = complain.one_of(table, "level", LEVELS)
    minutes = complain.minutes(table)
    written = table.get("stage")
    if not isinstance(written, list) or not written:
        raise complain.fault("has no stages", "give each of them a [[stage]] table")
    stages = tuple(_stage(path, n, s) for n, s in enumerate(written, 1))
    total = sum(stage.minutes for stage in stages)
    if not math.isclose(total, minutes, abs_tol=0.01):
        raise complain.fault(
            f"takes {minutes:g} minutes, but its stages sum to {total:g}", "make them agree"
        )
    closes = [n for n, stage in enumerate(stages, 1) if stage.kind == "close"]
    if closes != [len(stages)]:
        raise complain.fault('does not end with its "close"', "put one such stage, and put it last")
    _check_questions(complain, stages)
    return Round(printable(path.stem), complain.words(table, "title"), level, minutes, stages)


def _check_questions(complain: _Complaint, stages: tuple[Stage, ...]) -> None:
    coded = [stage.kata for stage in stages if stage.kind == "code"]
    if not coded and any(s.kind == "questions" and not s.katas for s in stages):
        raise complain.fault(
            "asks questions, but has no code to draw them from", 'say from which `katas = ["…"]`'
        )


def _table(path: Path) -> dict[str, Any]:
    if not path.is_file():
        what = "is not a file" if path.exists() else "does not exist"
        raise Refused(f"{path} {what}: name the TOML file of a round")
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            raise Refused(f"{path} is larger than 256 KiB: name the TOML file of a round")
        return tomllib.loads(data.decode("utf-8-sig"))
    except OSError as error:
        raise Refused(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError:
        raise Refused(f"{path} is not UTF-8 text: save it with that encoding") from None
    except tomllib.TOMLDecodeError as error:
        raise Refused(f"{path} is not TOML: {error}; mend it there") from None
    except ValueError:  # a number of thousands of digits
        raise Refused(f"{path} holds a number that nobody can mean: mend it there") from None
    except RecursionError:
        raise Refused(f"{path} is nested too deeply: no round needs that, simplify it") from None


def _stage(path: Path, number: int, table: object) -> Stage:
    complain = _Complaint(f"{path}: stage {number}")
    if not isinstance(table, dict):
        raise complain.fault("is not a table", "write it as [[stage]]")
    title = complain.words(table, "title")
    complain = _Complaint(f'{path}: stage {number} "{title}"')
    kind = complain.one_of(table, "kind", tuple(KINDS))
    complain.unknown(table, (*COMMON, *KINDS[kind]))
    for name in REQUIRED[kind]:
        if name not in table:
            raise complain.fault(f"has no `{name}`", f'a stage of kind "{kind}" needs one')
    stage = Stage(
        kind,
        title,
        complain.minutes(table),
        prompt=prose(complain.words(table, "prompt", "")),
        look_for=complain.listed(table, "look_for"),
        answer=prose(complain.words(table, "answer", "")),
        overrun=complain.flag(table, "overrun"),
        kata=complain.kata(table.get("kata")),
        experiments=complain.listed(table, "experiments"),
        count=complain.count(table),
        katas=tuple(complain.kata(slug) for slug in complain.listed(table, "katas")),
    )
    complain.experiments(stage)
    return stage


@dataclass(frozen=True)
class _Complaint:
    """Reads values out of a table, and says of which stage in which file one is wrong."""

    where: str

    def fault(self, what: str, remedy: str) -> Refused:
        return Refused(f"{self.where} {what}: {remedy}")

    def unknown(self, table: Mapping[str, Any], known: tuple[str, ...]) -> None:
        for name in table:
            if name not in known:
                near = difflib.get_close_matches(name, known, n=1)
                hint = f"did you mean `{near[0]}`?" if near else f"it may say {', '.join(known)}"
                raise self.fault(f"says `{name}`, which is not known there", hint)

    def _typed(
        self, table: Mapping[str, Any], name: str, default: Any, fits: Callable[[Any], bool], a: str
    ) -> Any:
        if name not in table and default is not None:
            return default
        if name not in table:
            raise self.fault(f"has no `{name}`", f"it has to be {a}")
        if not fits(table[name]):
            raise self.fault(f"has a `{name}` that is not {a}", f"`{name}` has to be {a}")
        return table[name]

    def words(self, table: Mapping[str, Any], name: str, default: str | None = None) -> str:
        def fits(value: Any) -> bool:
            return isinstance(value, str) and bool(value.strip())

        return str(self._typed(table, name, default, fits, "a text")).strip()

    def one_of(self, table: Mapping[str, Any], name: str, known: tuple[str, ...]) -> str:
        value = self.words(table, name)
        if value not in known:
            near = difflib.get_close_matches(value.lower(), known, n=1)
            hint = f"did you mean `{near[0]}`?" if near else f"it is one of {', '.join(known)}"
            raise self.fault(f"is of the unknown {name} `{value}`", hint)
        return value

    def minutes(self, table: Mapping[str, Any]) -> float:
        def fits(value: Any) -> bool:
            number = isinstance(value, int | float) and not isinstance(value, bool)
            return number and 0 < value <= LONGEST

        a = f"a number of minutes above 0, and at most {LONGEST}"
        return float(self._typed(table, "minutes", None, fits, a))

    def listed(self, table: Mapping[str, Any], name: str) -> tuple[str, ...]:
        def fits(value: Any) -> bool:
            return isinstance(value, list) and all(isinstance(v, str) and v for v in value)

        return tuple(self._typed(table, name, [], fits, "a list of texts"))

    def flag(self, table: Mapping[str, Any], name: str) -> bool:
        return bool(self._typed(table, name, False, lambda v: isinstance(v, bool), "true or false"))

    def count(self, table: Mapping[str, Any]) -> int:
        def fits(value: Any) -> bool:
            return isinstance(value, int) and not isinstance(value, bool) and 0 < value <= MANY

        return int(self._typed(table, "count", 0, fits, f"a whole number from 1 to {MANY}"))

    def kata(self, slug: object) -> str:
        if slug is None:
            return ""
        known = [kata.slug for kata in all_katas()]
        if slug not in known:
            near = difflib.get_close_matches(str(slug), known, n=1, cutoff=0.5)
            hint = f"did you mean `{near[0]}`?" if near else "`kata list` shows them all"
            raise self.fault(f"names the unknown kata `{slug}`", hint)
        return str(slug)

    def experiments(self, stage: Stage) -> None:
        if not stage.experiments:
            if stage.kind == "twist":
                raise self.fault("has no experiment", 'list them: `experiments = ["…"]`')
            return
        for name in stage.experiments:
            known, kata = experiment(name), find_kata(stage.kata)
            if known is None:
                hint = f"there are {', '.join(asked_of(kata))}"
                raise self.fault(f"names the unknown experiment `{name}`", hint)
            if not known.applies(kata):
                raise self.fault(
                    f"asks for `{name}`, which cannot be asked of `{stage.kata}`", "leave it out"
                )
