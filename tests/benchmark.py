"""What a grade costs, as multiples of `import torch` measured side by side in one run.

python tests/benchmark.py            the whole table
python tests/benchmark.py --soak N   every solution and right submission at N seeds instead
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
IMPORT = [sys.executable, "-c", "import torch"]
GRADE = [sys.executable, "-m", "grader", "grade", "sdpa", str(ROOT / "solutions" / "sdpa.py")]
LIST = [sys.executable, "-m", "grader", "list"]
ROUNDS = 7


def wall(command: list[str]) -> float:
    """Seconds of a whole process."""
    begun = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
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
from grader.kata import find
from grader.session import Session
from grader.submission import parse, read
kata = find("sdpa")
source = parse(kata.solution, read(kata.solution))
with Session() as session:
    session.grade(kata, source)
    seconds = []
    for _ in range(7):
        begun = time.perf_counter()
        assert session.grade(kata, source).stars == 3
        seconds.append(time.perf_counter() - begun)
print(sorted(seconds)[3])
"""


def second_grade() -> float:
    """Median seconds of a further submission graded by the same judge."""
    done = subprocess.run(
        [sys.executable, "-c", SECOND], capture_output=True, text=True, check=True
    )
    return float(done.stdout)


def table() -> None:
    """Print the figures."""
    base, cold, ratio = paired(GRADE)
    print(f"`import torch`                        {base:6.2f} s     1.00×")
    print(f"`kata grade sdpa`, cold               {cold:6.2f} s   {ratio:6.2f}×   (at most 1.5×)")
    ratios = [(second_grade(), wall(IMPORT)) for _ in range(3)]
    again = statistics.median(mine / base for mine, base in ratios)
    print(
        f"a second submission, same judge       {statistics.median(m for m, _ in ratios):6.2f} s   "
        f"{again:6.2f}×   (at most 0.3×)"
    )
    _, listing, ratio = paired(LIST, 3)
    print(f"`kata list`                           {listing:6.2f} s   {ratio:6.2f}×")
    alone, tree = tree_memory(IMPORT), tree_memory(GRADE)
    print(f"memory of `import torch`              {alone:6.0f} MiB   1.00×")
    print(
        f"memory of a grade, all processes      {tree:6.0f} MiB {tree / alone:6.2f}×   (at most 3×)"
    )


def soak(seeds: int) -> None:
    """Grade every solution and right submission at many seeds; print each false verdict."""
    from grader.kata import all_katas

    jobs = []
    for kata in all_katas():
        files = [
            kata.solution,
            *sorted((ROOT / "tests/submissions/right" / kata.slug).glob("*.py")),
        ]
        jobs += [(kata.slug, str(file), seeds) for file in files]
    with ProcessPoolExecutor(max_workers=os.cpu_count()) as pool:
        wrong = [line for lines in pool.map(_soak_one, jobs) for line in lines]
    print("\n".join(wrong) or "no false verdict")
    print(f"{len(jobs)} right submissions × {seeds} seeds, {len(wrong)} false verdicts")


def _soak_one(job: tuple[str, str, int]) -> list[str]:
    from grader.judge import Selection
    from grader.kata import find
    from grader.session import Session
    from grader.submission import parse, read

    slug, file, seeds = job
    kata = find(slug)
    source = parse(Path(file), read(Path(file)))
    wrong = []
    with Session() as session:
        for seed in range(seeds):
            selection = Selection(without=("budget",)) if seed else Selection()
            report = session.grade(kata, source, seed, selection=selection, diagnose=False)
            if report.verdict != "accepted":
                failed = report.first_failure
                wrong.append(f"{file} seed {seed}: {report.verdict}: {failed.id} {failed.message}")
            elif Path(file) == kata.solution and report.stars != 3:
                failed = [c.id for c in report.checks if not c.passed]
                wrong.append(f"{file} seed {seed}: {report.stars} stars: {failed}")
    return wrong


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--soak", type=int, metavar="N")
    arguments = parser.parse_args()
    soak(arguments.soak) if arguments.soak else table()
