"""What scaled dot-product attention is, claim by claim, from the definition outwards."""

import math

import torch

from grader.bank import (
    assert_gradients,
    assert_matches,
    assert_shape,
    attention,
    check,
    gradients,
    refuse,
)

SHAPES = [  # leading dims, L, S, d_k, d_v: small first, primes, nothing equal that could hide a mix-up
    ((), 2, 3, 5, 7),
    ((1,), 1, 3, 5, 2),
    ((1,), 3, 1, 2, 5),
    ((2,), 5, 7, 3, 11),
    ((2, 3), 7, 5, 11, 13),
    ((3, 1, 2), 3, 11, 13, 5),
]


def triple(draw, lead, queries, keys, d_k, d_v):
    return {
        "query": draw(*lead, queries, d_k),
        "key": draw(*lead, keys, d_k),
        "value": draw(*lead, keys, d_v),
    }


@check("shape")
def test_context_has_a_row_per_query_and_a_column_per_value(candidate, draw):
    """The context is (…, L, d_v) for any leading dimensions, also with one query or one key."""
    calls = [triple(draw, *shape) for shape in SHAPES]
    for (lead, queries, _, _, d_v), answer in zip(SHAPES, candidate.each(*calls), strict=True):
        assert_shape(answer, (*lead, queries, d_v))


@check("equivalence")
def test_is_softmax_of_scaled_scores_times_value(candidate, draw):
    """The context is softmax(QKᵀ/√d_k)V."""
    calls = [triple(draw, *shape) for shape in SHAPES]
    for call, answer in zip(calls, candidate.each(*calls), strict=True):
        assert_matches(answer, attention(**call))
