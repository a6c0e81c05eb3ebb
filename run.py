"""Set kata up in a folder of its own (.venv) and try it, or test it. Needs only Python 3.11+.

python3 run.py demo    see what this is, in half a minute
python3 run.py test    for contributors: everything the project checks of itself
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent
ENVIRONMENT = ROOT / ".venv"
BIN = ENVIRONMENT / ("Scripts" if os.name == "nt" else "bin")
STEPS = ("Collecting", "Downloading", "Installing")
"""How pip's lines begin that say what it is at."""
LONGEST = 70
FOUND = f"""`kata` lies in {BIN.relative_to(ROOT)}. To have it found by its name, here and now:
  export PATH="{BIN}:$PATH"
and for good: the same line in your shell's start-up file."""
WRONG = "    scores = scores / math.sqrt(d_k)\n"


def main() -> int:
    """Run what the command line asks for; returns the exit status."""
    task = {"demo": demo, "test": test}.get(sys.argv[1] if len(sys.argv) == 2 else "")
    if task is None:
        print(__doc__)
        return 2
    set_up()
    return task()


def set_up() -> None:
    """Install the checkout into .venv, once for each state of what it needs."""
    needs = b"".join((ROOT / name).read_bytes() for name in ("pyproject.toml", "constraints.txt"))
    stamp = ENVIRONMENT / "installed"
    if stamp.is_file() and stamp.read_bytes() == needs:
        return
    print("setting up .venv, once: a minute or more, 1 GB, nearly all of it torch", flush=True)
    begun = time.monotonic()
    venv.create(ENVIRONMENT, with_pip=True)
    pip = [str(BIN / "python"), "-m", "pip", "install", "--disable-pip-version-check"]
    follow([*pip, "-c", "constraints.txt", "-e", ".[dev]"], begun)
    stamp.write_bytes(needs)
    taken = sum(f.stat().st_size for f in ENVIRONMENT.rglob("*") if f.is_file())
    print(f"set up in {time.monotonic() - begun:.0f} s: .venv has {taken / 1e9:.1f} GB")
    print(FOUND)


def follow(command: list[str], begun: float) -> None:
    """Run pip, and show what it is at and how long it has taken; all it said if it fails."""
    said = []
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as pip:
        assert pip.stdout is not None
        for line in pip.stdout:
            said.append(line)
            if line.strip().startswith(STEPS):
                spent = time.monotonic() - begun
                print(f"{spent:4.0f} s  {line.strip()[:LONGEST]}", flush=True)
    if pip.returncode:
        raise SystemExit(f"{''.join(said)}\nset-up failed: run it again once that is mended")


def demo() -> int:
    """A stub refused, a mistake named, the solution accepted."""
    solution = (ROOT / "solutions" / "sdpa.py").read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["KATA_HOME"] = folder
        file = Path(folder, "sdpa.py")
        kata(folder, "1. A kata begins with a stub", "start", "sdpa")
        kata(folder, "2. Untouched, it is refused", "grade", expect=1)
        file.write_text(solution.replace(WRONG, ""), encoding="utf-8")
        kata(folder, "3. Written, but with the scale forgotten: the mistake is named", "grade",
             expect=1)  # fmt: skip
        file.write_text(solution, encoding="utf-8")
        kata(folder, "4. With the scale", "grade")
    # The folder is ignored: what learners write there is nothing that the checks look at.
    command = f"../{BIN.relative_to(ROOT)}/kata start sdpa"
    print(f"\nYour turn, in a folder of your own:\n  mkdir -p practice && cd practice && {command}")
    print(f"\n{FOUND}")
    return 0


def kata(folder: str, title: str, *arguments: str, expect: int = 0) -> None:
    """Run one command as a person would, and show it."""
    print(f"\n━━ {title}\n$ kata {' '.join(arguments)}", flush=True)
    status = subprocess.run([BIN / "kata", *arguments], cwd=folder, check=False).returncode
    if status != expect:
        raise SystemExit(f"expected exit status {expect}, got {status}")


def test() -> int:
    """Format, lint, types, tests; the exit status of the first that fails."""
    pytest = [BIN / "python", "-m", "pytest", "-q"]
    for command in (
        [BIN / "ruff", "format", "--check", "."],
        [BIN / "ruff", "check", "."],
        [BIN / "mypy"],
        [*pytest, "-n", "3", "--dist", "worksteal", "--durations=10", "-m", "not alone"],
        [*pytest, "-m", "alone"],
    ):
        print(f"$ {' '.join(Path(str(part)).name for part in command)}", flush=True)
        status = subprocess.run(command, cwd=ROOT, check=False).returncode
        if status:
            return status
    return 0


if __name__ == "__main__":
    sys.exit(main())
