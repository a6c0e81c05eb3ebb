"""The vocabulary banks are written in: what a check is, what is true, and how close is right.

Truth is PyTorch's own operator in float64. A bank calls the candidate, computes the truth, and
claims that they match; the message of a claim that fails is written here, once.
"""

from grader.bank.claims import (
    assert_gradients,
    assert_matches,
    assert_shape,
    beyond,
    check,
    refuse,
)
from grader.bank.dropout import assert_weights_are_dropped, dropped_weights, weights_of
from grader.bank.truth import attention, gradients, linear

__all__ = [
    "assert_gradients",
    "assert_matches",
    "assert_shape",
    "assert_weights_are_dropped",
    "attention",
    "beyond",
    "check",
    "dropped_weights",
    "gradients",
    "linear",
    "refuse",
    "weights_of",
]
