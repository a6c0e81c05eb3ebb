"""Keep the modules of the candidate's folder out of this process.

A `random.py`, `torch.py` or `sitecustomize.py` beside a submission would run in the judge if the
folder were on the import path. The console command does not put it there, but PYTHONPATH or
`python -m` may.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path


def leave_local_modules_out() -> None:
    """Drop the current folder from the import path, starting over where it was there from begin.

    The checkout itself is exempt: there the folder holds this very program.
    """
    here = Path.cwd().resolve()
    if here == Path(__file__).resolve().parents[2]:
        return
    entries = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    kept = [e for e in entries if e and Path(e).resolve() != here]
    if any(e and e not in kept for e in entries):
        # What the interpreter imported by itself at its start came from there too: begin again.
        os.environ["PYTHONPATH"] = os.pathsep.join(kept)
        os.execv(sys.executable, [sys.executable, "-P", "-m", "grader", *sys.argv[1:]])
    sys.path[:] = [p for p in sys.path if p and Path(p).resolve() != here]
