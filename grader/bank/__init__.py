"""The vocabulary banks are written in: what a check is, what is true, and how close is right.

Truth is PyTorch's own operator in float64. A bank writes it down as a `Definition`, takes over the
standard claims by name, and claims the rest itself; the message of a claim that fails is written
here, once.
"""

from grader.bank import standard
from grader.bank.claims import (
    assert_gradients,
    assert_matches,
    assert_shape,
    beyond,
    check,
    refuse,
)
from grader.bank.definition import Definition
from grader.bank.draw import Sizes
from grader.bank.standard.continued import after
from grader.bank.standard.meaning import raises
from grader.bank.truth import attention, gradients, linear

__all__ = [
    "Definition",
    "Sizes",
    "after",
    "assert_gradients",
    "assert_matches",
    "assert_shape",
    "attention",
    "beyond",
    "check",
    "gradients",
    "linear",
    "raises",
    "refuse",
    "standard",
]
