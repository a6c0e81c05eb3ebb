"""What the person asked for cannot be done: the one word for it, from the katas to the commands."""

from __future__ import annotations


class Refused(Exception):
    """What was asked for cannot be done; the message names fault and remedy, in one line.

    Caught where a command, a cell or a line of a round ends. Whoever has to tell one kind of it
    from the others derives a class; whoever only says why raises this one.
    """
