"""Compare the kept reports with what is said now, or write them anew."""

from __future__ import annotations

import sys

from grader.judge.session import Session
from tests.golden import difference, graded, names, rendered, write


def main() -> int:
    """Do what the command line asks for; the exit status is 1 where something differs."""
    if sys.argv[1:] not in ([], ["--write"]):
        print("usage: python -m tests.golden [--write]")
        return 2
    differing = 0
    with Session() as session:
        for name in names():
            forms = rendered(graded(session, name))
            said = difference(name, forms)
            differing += bool(said)
            if sys.argv[1:]:
                write(name, forms)
                print(f"{name}: {'written' if said else 'as it was'}")
            elif said:
                print(said)
    return int(bool(differing) and not sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
