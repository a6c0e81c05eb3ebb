"""What practice costs, beside `import torch` measured in the same run.

python -m tests.benchmark_practice            all of it, some minutes
python -m tests.benchmark_practice --saves N  how many saves a watch has to stand (200)
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import pexpect

from grader.kata.kata import find
from grader.practice.store import Store
from tests.benchmark import IMPORT, _descendants, _proportional, wall
from tests.test_interview_script import survive
from tests.test_memory import fill

SOLUTION = find("sdpa").solution.read_text(encoding="utf-8")
KILLS, ATTEMPTS = 50, 10_000
EVERY = 20
"""Saves between two looks at memory and at `import torch`."""


def watch(folder: Path, saves: int) -> None:
    """From save to verdict, and what two hundred of them leave behind."""
    environment = {**os.environ, "KATA_HOME": str(folder / "home"), "TERM": "xterm-256color"}
    child = pexpect.spawn(
        sys.executable, ["-m", "grader", "watch", "sdpa"], cwd=str(folder), env=environment,
        dimensions=(40, 100), encoding="utf-8", timeout=60,
    )  # fmt: skip
    child.expect("waiting for your first save")
    seconds, ratios, sizes = [], [], []
    for number in range(1, saves + 1):
        seconds.append(_save(child, folder / "sdpa.py", number))
        if number % EVERY == 0:
            ratios.append(statistics.median(seconds[-EVERY:]) / wall(IMPORT))
            sizes.append(_tree(child.pid))
            print(f"  {number:4} saves: {sizes[-1][0]:4.0f} MiB in {sizes[-1][1]} processes")
    child.send("q")
    child.expect(pexpect.EOF)
    middle = statistics.median(seconds[1:])
    ratio = statistics.median(ratios)
    print(
        f"from save to verdict in a watch       {middle:6.2f} s   {ratio:6.2f}×   (at most 0.35×)"
    )
    print(
        f"memory after {EVERY}, after {saves} saves        "
        f"{sizes[0][0]:.0f} and {sizes[-1][0]:.0f} MiB"
    )
    print(f"processes then                        {sizes[0][1]} and {sizes[-1][1]}")


def _save(child: Any, file: Path, number: int) -> float:
    """Save a text that was never graded; seconds until its verdict is on the screen."""
    new = file.with_suffix(".new")
    new.write_text(f"{SOLUTION}\n# {number}\n")
    begun = time.perf_counter()
    new.replace(file)
    child.expect(rf"(?<!\d){number} attempts?.*accepted")
    return time.perf_counter() - begun


def _tree(pid: int) -> tuple[float, int]:
    """Memory in MiB, and how many processes, of a process and all that it started."""
    time.sleep(0.5)  # workers that are done are collected in a lull
    family = _descendants(pid)
    return sum(map(_proportional, family)) / 1024, len(family)


def status(folder: Path) -> None:
    """How long `kata status` takes over a long history."""
    fill(Store(folder / "home"), ATTEMPTS)
    command = [sys.executable, "-m", "grader", "status"]
    environment = {**os.environ, "KATA_HOME": str(folder / "home")}
    seconds = []
    for _ in range(7):
        begun = time.perf_counter()
        subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=True)
        seconds.append(time.perf_counter() - begun)
    middle = statistics.median(seconds)
    print(f"`kata status` over {ATTEMPTS:,} attempts   {middle:6.2f} s             (at most 0.5 s)")


def interviews(folder: Path) -> None:
    """Kill an interview at random moments; every acknowledged event has to be on record."""
    kept = survive(folder, KILLS, seed=int(time.time()))
    print(f"an interview killed {KILLS} times: {kept} of {kept} acknowledged notes on record")


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--saves", type=int, default=200)
    saves = parser.parse_args().saves
    for name, measure in (
        ("watch", lambda folder: watch(folder, saves)), ("status", status), ("rounds", interviews),
    ):  # fmt: skip
        with tempfile.TemporaryDirectory() as root:
            folder = Path(root, name)
            folder.mkdir()
            if name == "watch":
                subprocess.run(
                    [sys.executable, "-m", "grader", "start", "sdpa"], cwd=folder, check=True,
                    env={**os.environ, "KATA_HOME": str(folder / "home")},
                    stdout=subprocess.DEVNULL,
                )  # fmt: skip
            measure(folder)


if __name__ == "__main__":
    main()
