"""What a grade costs, as multiples of `import torch` measured side by side in one run.

python tests/benchmark.py            the whole table
python tests/benchmark.py --soak N [--right FOLDER]
                                     every solution and right submission at N seeds
python tests/benchmark.py --seeds N [--log FILE]
                                     every catalogued mistake at N seeds: is the verdict the same?
                                     With a log, what it has already is not run again.
python tests/benchmark.py --corpus   every catalogued mistake: refused, and named?
python tests/benchmark.py --naming [FOLDER] [--first SEED]
                                     which mistakes are named, of files that say what is in them
python tests/benchmark.py --own N    every mistake of the katas at N seeds: by its own name?
"""

from __future__ import annotations

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from grader.kata.kata import Kata

T = TypeVar("T")
ROOT = Path(__file__).resolve().parent.parent
IMPORT = [sys.executable, "-c", "import torch"]
GRADE = [sys.executable, "-m", "grader", "grade", "sdpa", str(ROOT / "solutions" / "sdpa.py")]
WRONG = ROOT / "tests" / "submissions" / "wrong" / "sdpa"
FAILING = ("named_two_no_scale_inverted", "named_scale_of_64", "named_two_queries_and_weak")
"""Whose diagnosis is timed: two everyday mistakes, a measured number, two that are rare."""
LIST = [sys.executable, "-m", "grader", "list"]
ROUNDS = 7


def wall(command: list[str]) -> float:
    """Seconds of a whole process."""
    begun = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    return time.perf_counter() - begun


def paired(command: list[str], rounds: int = ROUNDS) -> tuple[float, float, float]:
    """Median seconds of `import torch`, of the command, and of their ratio pair by pair."""
    pairs = [(wall(IMPORT), wall(command)) for _ in range(rounds + 1)][1:]
    ratios = [mine / base for base, mine in pairs]
    base, mine = zip(*pairs, strict=True)
    return statistics.median(base), statistics.median(mine), statistics.median(ratios)


def tree_memory(command: list[str]) -> float:
    """Peak proportional set size, in MiB, of a process and all its descendants."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    peak = 0.0
    while process.poll() is None:
        peak = max(peak, sum(map(_proportional, _descendants(process.pid))))
        time.sleep(0.01)
    return peak / 1024


def _descendants(root: int) -> list[int]:
    parents: dict[int, int] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        parents[int(stat.parent.name)] = int(fields[1])
    found = [root]
    for pid in found:
        found += [child for child, parent in parents.items() if parent == pid]
    return found


def _proportional(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)


SECOND = """
import sys, time
from pathlib import Path
from grader.kata.kata import find
from grader.judge.session import Session
from grader.judge.source import parse, read
kata = find("sdpa")
source = parse(kata.solution, read(kata.solution))
other = [parse(Path(f), read(Path(f))) for f in sys.argv[1:]] or [source]
with Session() as session:
    session.grade(kata, source)
    seconds = []
    for number in range(7):
        begun = time.perf_counter()
        assert (session.grade(kata, other[number % len(other)]).stars == 3) == (not sys.argv[1:])
        seconds.append(time.perf_counter() - begun)
print(sorted(seconds)[3])
"""


def second_grade(*files: str) -> float:
    """Median seconds of a further submission, or of these, graded by the same judge."""
    done = subprocess.run(
        [sys.executable, "-c", SECOND, *files], capture_output=True, text=True, check=True
    )
    return float(done.stdout)


def table() -> None:
    """Print the figures. The attempts are recorded, as a person's are, but not among theirs."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # nobody's second grade compiles the grader
    with tempfile.TemporaryDirectory() as home:
        os.environ["KATA_HOME"] = home
        _table()


def _table() -> None:
    base, cold, ratio = paired(GRADE)
    print(f"`import torch`                        {base:6.2f} s     1.00×")
    print(f"`kata grade sdpa`, cold               {cold:6.2f} s   {ratio:6.2f}×   (at most 1.5×)")
    ratios = [(second_grade(), wall(IMPORT)) for _ in range(3)]
    again = statistics.median(mine / base for mine, base in ratios)
    print(
        f"a second submission, same judge       {statistics.median(m for m, _ in ratios):6.2f} s   "
        f"{again:6.2f}×   (at most 0.3×)"
    )
    for name in FAILING:
        file = str(WRONG / f"{name}.py")
        _, failing, more = paired([*GRADE[:-1], file])
        warm = statistics.median(second_grade(file) / wall(IMPORT) for _ in range(3))
        print(
            f"{name:36}  {failing:6.2f} s   {more:6.2f}×   ({more - ratio:+.2f}×, at most +0.5×); "
            f"same judge {warm:.2f}× (at most 0.5×)"
        )
    _, listing, ratio = paired(LIST, 3)
    print(f"`kata list`                           {listing:6.2f} s   {ratio:6.2f}×")
    alone, tree = tree_memory(IMPORT), tree_memory(GRADE)
    print(f"memory of `import torch`              {alone:6.0f} MiB   1.00×")
    print(
        f"memory of a grade, all processes      {tree:6.0f} MiB {tree / alone:6.2f}×   (at most 3×)"
    )


def soak(seeds: int, first: int, more: Path | None) -> None:
    """Send every solution and right submission through its bank at many seeds.

    more: a folder with further ones, in folders `<kata>/right`.
    """
    false = 0
    for done, lines in _at_seeds(_soak_one, seeds, first, more):
        false += len(lines)
        print("\n".join(lines), end="\n" if lines else "")
        if done and done % 10 == 0:
            print(f"{done} seeds, {false} false verdicts", flush=True)


Job = tuple[str, int, Path | None]
"""A kata, a seed, and a folder with more files."""


def _at_seeds(
    job: Callable[[Job], T], seeds: int, first: int, more: Path | None = None
) -> Iterator[tuple[int, T]]:
    """What a job finds of each kata at each seed; and after the last kata, how many are done."""
    jobs = _jobs(seeds, first, more)
    each = len(jobs) // seeds
    for number, found in enumerate(_spread(job, jobs), 1):
        yield (0 if number % each else number // each), found


def _jobs(seeds: int, first: int, more: Path | None = None) -> list[Job]:
    """Every kata at a seed, then every kata at the next."""
    from grader.kata.kata import all_katas

    slugs = [kata.slug for kata in all_katas()]
    return [(slug, seed, more) for seed in range(first, first + seeds) for slug in slugs]


def _spread(job: Callable[[Job], T], jobs: list[Job]) -> Iterator[T]:
    with ProcessPoolExecutor(max_workers=os.cpu_count()) as pool:
        yield from pool.map(job, jobs)


def _soak_one(job: Job) -> list[str]:
    from grader.author.mutation import run_gauntlet
    from grader.kata.kata import find
    from grader.kata.mutants import Mutant

    slug, seed, more = job
    kata = find(slug)
    files = sorted((ROOT / "tests/submissions/right" / slug).glob("*.py"))
    files += sorted((more / slug / "right").glob("*.py")) if more is not None else []
    styles = [Mutant((), (), file.read_text(encoding="utf-8"), file.name) for file in files]
    solution = Mutant((), (), kata.solution.read_text(encoding="utf-8"), "the solution")
    wrong = [o for o in run_gauntlet(kata, styles, seed) if o.refused]
    wrong += [o for o in run_gauntlet(kata, [solution], seed) if o.failed]
    return [f"{slug}, seed {seed}: {o.mutant.name} fails {o.failed[0].id}" for o in wrong]


def verdicts(seeds: int, first: int, log: Path | None) -> None:
    """Send every catalogued mistake through its bank, but for the clock, at many seeds.

    log: gets a line for each kata at each seed; the lines it has are results already.
    """
    known: dict[tuple[str, int], dict[str, str]] = {}
    if log is not None and log.exists():
        for line in log.read_text(encoding="utf-8").splitlines():
            slug, seed, fates = json.loads(line)
            known[slug, seed] = fates
    jobs = _jobs(seeds, first)
    left = [job for job in jobs if job[:2] not in known]
    for (slug, seed, _), fates in zip(left, _spread(_fates, left), strict=True):
        known[slug, seed] = fates
        if log is not None:
            with log.open("a", encoding="utf-8") as end:
                end.write(json.dumps([slug, seed, fates]) + "\n")
    seen: dict[str, Counter[str]] = {}
    for name, fate in (pair for job in jobs for pair in known[job[:2]].items()):
        seen.setdefault(name, Counter())[fate] += 1
    for name, met in seen.items():
        if len(met) > 1:
            print(f"{name}: " + ", ".join(f"{n} times {fate}" for fate, n in met.most_common()))
    same = Counter(next(iter(met)) for met in seen.values() if len(met) == 1)
    print(f"{len(seen)} files at {seeds} seeds: {sum(same.values())} with one verdict "
          f"({', '.join(f'{n} {fate}' for fate, n in same.most_common())})")  # fmt: skip


def _fates(job: Job) -> dict[str, str]:
    """What becomes of each mistake at a seed: the check that its header names comes first."""
    from grader.author.mutation import run_gauntlet
    from grader.kata.kata import find
    from grader.kata.mutants import Mutant

    slug, seed, _ = job
    kata = find(slug)
    texts = {
        f"{slug}/{file.stem}": file.read_text(encoding="utf-8")
        for file in sorted((ROOT / "tests/submissions/wrong" / slug).glob("*.py"))
    }
    own = {name: re.findall(r"^# check: (.*)$", text, re.MULTILINE) for name, text in texts.items()}
    fates: dict[str, str] = {}
    for tried in (lambda m, c: c in own[m.name], lambda *_: True):
        left = [Mutant((), (), text, name) for name, text in texts.items()
                if fates.get(name) != "refused"]  # fmt: skip
        for outcome in run_gauntlet(kata, left, seed, tried, until_refused=True):
            stars = "costs stars" if outcome.failed else "accepted"
            fates[outcome.mutant.name] = "refused" if outcome.refused else stars
    return fates


def corpus() -> None:
    """Grade every catalogued mistake written by hand: how many are refused, and how many named."""
    from grader.judge.session import Session
    from grader.judge.source import parse, read
    from grader.kata.kata import all_katas, find

    print("| kata | written | refused | cost stars | right by the contract | named |")
    print("|---|---|---|---|---|---|")
    with Session() as session:
        for slug in [k.slug for k in all_katas()]:
            kata = find(slug)
            files = sorted((ROOT / "tests/submissions/wrong" / slug).glob("*.py"))
            reports = [session.grade(kata, parse(f, read(f))) for f in files]
            refused = [r for r in reports if r.verdict != "accepted"]
            stars = [r for r in reports if r.verdict == "accepted" and r.stars < 3]
            named = [r for r in (*refused, *stars) if r.diagnosis.findings]
            right = len(reports) - len(refused) - len(stars)
            print(
                f"| `{slug}` | {len(reports)} | {len(refused)} | {len(stars)} | {right} "
                f"| {len(named)} of {len(refused) + len(stars)} |"
            )


SIZES = {1: "one mistake", 2: "two", 3: "three"}
OUTCOMES = ("named", "named and more", "in part", "wrongly", "unnamed", "to be judged")


def naming(folder: Path, seed: int) -> None:
    """Name every file that says which mistakes it has (`# named: id, id|id`): who is named?

    Those called `later_…` were written after the code. A file that only describes its mistake
    (`# mistake: …`) is shown with what it was called. What the clock alone sees is left out.
    """
    counts: dict[tuple[str, str], Counter[str]] = {}
    files = [(file, seed) for file in sorted(folder.rglob("*.py"))]
    with ProcessPoolExecutor(max_workers=os.cpu_count()) as pool:
        for (file, _), said in zip(files, pool.map(_names_in, files), strict=True):
            if said is None:
                continue
            slug, told, found = said
            outcome = outcome_of(told["named"], found) if "named" in told else "to be judged"
            outcome = outcome if found else "unnamed"
            half = "after the code" if file.stem.startswith("later_") else "before the code"
            size = SIZES[told["named"].count(", ") + 1] if "named" in told else "described"
            for row in ((slug, ""), (half, size), ("all", size)):
                counts.setdefault(row, Counter())[outcome] += 1
            if outcome != "named":
                words = told.get("named") or told["mistake"]
                print(f"{outcome:12} {slug}/{file.stem}: {words} → {', '.join(found) or '–'}")
    print(f"| written | mistakes | files | {' | '.join(OUTCOMES)} |")
    print("|---|---|---|" + "---|" * len(OUTCOMES))
    for row, count in sorted(counts.items()):
        numbers = " | ".join(f"{count[outcome]}" for outcome in OUTCOMES)
        print(f"| {' | '.join(row)} | {count.total()} | {numbers} |")


def _names_in(job: tuple[Path, int]) -> tuple[str, dict[str, str], list[str]] | None:
    """A file's kata, what it says of itself, and what it is called; None where it says nothing."""
    from grader.judge.bank_run import collect
    from tests.naming import diagnosis

    file, seed = job
    text = file.read_text("utf-8")
    told = dict(re.findall(r"^# (\w+): (.*)$", text, re.MULTILINE))
    kata = _kata_of(file)
    if kata is None or not told.keys() & {"named", "mistake"}:
        return None
    if told.get("check") in {item.name for item in collect(kata) if item.family == "budget"}:
        return None
    return kata.slug, told, [f.pitfall for f in diagnosis(kata, text, seed).findings]


def own(seeds: int, first: int) -> None:
    """Name the first edit of every mistake that the katas know, in this process."""
    wrong = 0
    for done, (_, lines) in _at_seeds(_own_names, seeds, first):
        wrong += len(lines)
        print("\n".join(lines), end="\n" if lines else "")
        if done:
            print(f"{done} seeds, {wrong} by another name", flush=True)


def _own_names(job: Job) -> tuple[int, list[str]]:
    from grader.kata.kata import find
    from tests.naming import diagnosis, first_edits, own_name

    slug, seed, _ = job
    kata = find(slug)
    found = [(m, diagnosis(kata, m.text, seed)) for m in first_edits(kata)]
    other = [(m, [f.pitfall for f in d.findings]) for m, d in found if not own_name(m, d)]
    return len(found), [f"{slug}, seed {seed}: {m.name} is called {names}" for m, names in other]


def _kata_of(file: Path) -> Kata | None:
    from grader.kata.kata import all_katas

    known = {kata.slug: kata for kata in all_katas()}
    return next((known[part] for part in reversed(file.parts) if part in known), None)


def outcome_of(wanted: str, found: list[str]) -> str:
    """Whether each mistake has one of its names, some have, or another is named instead."""
    mistakes = [set(names.split("|")) for names in wanted.split(", ")]
    hit = [bool(names & set(found)) for names in mistakes]
    if all(hit):
        return "named" if len(found) <= len(mistakes) else "named and more"
    return "in part" if any(hit) else "wrongly"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--soak", type=int, metavar="N")
    parser.add_argument("--right", type=Path, metavar="FOLDER")
    parser.add_argument("--seeds", type=int, metavar="N")
    parser.add_argument("--log", type=Path, metavar="FILE")
    parser.add_argument("--first", type=int, default=0, metavar="SEED")
    parser.add_argument("--corpus", action="store_true")
    parser.add_argument("--own", type=int, metavar="N")
    parser.add_argument(
        "--naming", type=Path, nargs="?", const=ROOT / "tests/submissions/wrong", metavar="FOLDER"
    )
    arguments = parser.parse_args()
    if arguments.soak:
        soak(arguments.soak, arguments.first, arguments.right)
    elif arguments.seeds:
        verdicts(arguments.seeds, arguments.first, arguments.log)
    elif arguments.own:
        sys.path.insert(0, str(ROOT))
        own(arguments.own, arguments.first)
    elif arguments.corpus:
        corpus()
    elif arguments.naming:
        sys.path.insert(0, str(ROOT))
        naming(arguments.naming, arguments.first)
    else:
        table()
