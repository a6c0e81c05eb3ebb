"""Set kata up in a folder of its own (.venv) and try it, or test it. Needs only Python 3.11+.

python3 run.py demo    see what this is, in half a minute
python3 run.py test    everything the project checks of itself
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent
ENVIRONMENT = ROOT / ".venv"
BIN = ENVIRONMENT / ("Scripts" if os.name == "nt" else "bin")
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
    print("setting up .venv (once: about a minute, 1 GB, nearly all of it torch) …", flush=True)
    venv.create(ENVIRONMENT, with_pip=True)
    pip = [BIN / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "-c", "constraints.txt", "-e", ".[dev]"], cwd=ROOT, check=True)
    stamp.write_bytes(needs)


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
        [*pytest, "-n", "2", "--dist", "worksteal", "--durations=10", "-m", "not alone"],
        [*pytest, "-m", "alone"],
    ):
        print(f"$ {' '.join(Path(str(part)).name for part in command)}", flush=True)
        status = subprocess.run(command, cwd=ROOT, check=False).returncode
        if status:
            return status
    return 0


if __name__ == "__main__":
    sys.exit(main())
