"""What is claimed every time: claims that a bank takes over by one named line each.

    test_scores_of_ten_thousand_stay_finite = standard.finite(definition)

Each is written once, with its sentence and its teeth; what a kata alone claims its bank writes out.
"""

from grader.bank.standard.heads import as_torch, heads_apart, never_uneven, uneven_refused
from grader.bank.standard.masking import (
    any_dtype,
    dominated,
    empty_row,
    lines_up,
    no_influence,
    obeyed,
    prefix,
    single,
)
from grader.bank.standard.meaning import (
    apart,
    biases,
    by_hand,
    equal_scores,
    equal_sizes,
    formula,
    handed_over,
    nothing_more,
    order,
    scale,
    shape,
    sums_to_one,
)
from grader.bank.standard.robust import (
    any_length,
    beside,
    budget,
    double,
    half,
    long_holds,
    no_device,
    nothing_kept,
    strided,
    untouched,
)
from grader.bank.standard.training import (
    dropped,
    empty_row_gradients,
    finite,
    gradients,
    hidden_stay_hidden,
    modes_agree,
    none_dropped,
    training_gradients,
)

__all__ = [
    "any_dtype",
    "any_length",
    "apart",
    "as_torch",
    "beside",
    "biases",
    "budget",
    "by_hand",
    "dominated",
    "double",
    "dropped",
    "empty_row",
    "empty_row_gradients",
    "equal_scores",
    "equal_sizes",
    "finite",
    "formula",
    "gradients",
    "half",
    "handed_over",
    "heads_apart",
    "hidden_stay_hidden",
    "lines_up",
    "long_holds",
    "modes_agree",
    "never_uneven",
    "no_device",
    "no_influence",
    "none_dropped",
    "nothing_kept",
    "nothing_more",
    "obeyed",
    "order",
    "prefix",
    "scale",
    "shape",
    "single",
    "strided",
    "sums_to_one",
    "training_gradients",
    "uneven_refused",
    "untouched",
]
