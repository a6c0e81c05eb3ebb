"""What attention with linear biases is, claim by claim: who is far counts less, head by head."""

import math

import torch

from grader.bank import Definition, assert_matches, check, refuse, standard

POWERS, OTHERS = (1, 2, 4, 8, 16, 32), (3, 5, 6, 7, 9, 12, 20, 25)
"""Numbers of heads, powers of two and not."""


def slopes_of(heads):
    """As the paper has them for a power of two, and its authors' code for any other number."""
    n = 2 ** math.floor(math.log2(heads))
    first = [2.0 ** (-8 * k / n) for k in range(1, n + 1)]
    return first + [2.0 ** (-4 * (2 * k - 1) / n) for k in range(1, heads - n + 1)]


def biased(query, key, value, *, attend):
    """Torch's causal attention in float64, with one feature more that is slope and place.

    What is the same for a whole row cancels in the softmax: slope · j does as −slope · (i − j).
    """
    *lead, length, width = query.shape
    scale = math.sqrt(width + 1)  # that of the wider vectors
    slope = torch.tensor(slopes_of(lead[-1]), dtype=torch.float64)[:, None, None] * scale
    query = query.double() * (scale / math.sqrt(width))
    query = torch.cat([query, slope.expand(*lead, length, 1)], -1)
    place = torch.arange(length, dtype=torch.float64)[:, None]
    key = torch.cat([key.double(), place.expand(*lead, length, 1)], -1)
    return attend(query, key, value)


def largest(call):
    """How large a bias gets, be it counted from the query or from the beginning."""
    return slopes_of(call["query"].size(1))[0] * call["query"].size(-2)


definition = Definition(biased, causal=True, reach=largest)


def calls(draw, *cases):
    """A call for each (batch, heads, length, width)."""
    return [{name: draw(*case) for name in ("query", "key", "value")} for case in cases]


def of_places(draw, *cases):
    """Calls with queries of 0 and one-hot values: what comes out are the weights of the bias."""
    made = calls(draw, *((2, heads, length, length) for heads, length in cases))
    for call in made:
        call["query"].zero_()
        call["value"] = torch.eye(call["query"].size(-1)).expand_as(call["query"]).contiguous()
    return made


test_computes_attention_itself = standard.by_hand(definition)
test_context_has_the_shape_of_the_query = standard.shape(
    definition, "The context is (B, H, S, d), also with one sequence, one head or one position."
)
test_is_causal_attention_with_a_bias = standard.formula(
    definition, "The context is softmax(QKᵀ/√d − slope · (i − j))V over keys j up to the query's i."
)


@check("equivalence")
def test_slopes_of_a_power_of_two(candidate, draw):
    """With 1, 2, 4, 8, 16 or 32 heads the slopes are 2^(−8k/H), from k = 1 on."""
    definition.holds(definition.layer(candidate), *of_places(draw, *((h, 6) for h in POWERS)))


@check("equivalence")
def test_slopes_of_any_other_number_of_heads(candidate, draw):
    """Else the power of two below goes first, then what lies between: 2^(−4/n), 2^(−12/n), …"""
    definition.holds(definition.layer(candidate), *of_places(draw, *((h, 6) for h in OTHERS)))


@check("equivalence")
def test_the_bias_falls_with_the_distance(candidate, draw):
    """Where all scores are 0, each step back multiplies a weight by e^(−slope), in every head."""
    answers = candidate.each(*of_places(draw, (4, 9), (3, 7)))
    for answer in answers:
        last = answer.output[:, :, -1]
        if bool((last[..., 1:] < last[..., :-1] - 1e-6).any()):
            raise refuse("of keys that score alike, a far one gets more weight than a near", answer)
    definition.agree(answers)


@check("equivalence")
def test_slopes_belong_to_heads(candidate, draw):
    """Sizes that are equal, or 1, make no other axis pass for the heads: B = H = S = d."""
    cases = [(3, 3, 3, 3), (4, 4, 4, 2), (1, 5, 5, 5), (5, 1, 5, 2), (2, 7, 1, 3), (6, 2, 6, 2)]
    definition.holds(definition.layer(candidate), *calls(draw, *cases))


@check("masking")
def test_the_future_has_no_influence(candidate, draw):
    """What stands behind a position does not reach it: the first rows are as of a prefix alone."""
    (call,) = calls(draw, (2, 3, 9, 4))
    cuts = (1, 4, 8)
    short = [{name: t[..., :cut, :] for name, t in call.items()} for cut in cuts]
    other = {name: t.clone() for name, t in call.items()}
    for name in ("key", "value"):
        other[name][..., 4:, :] = 30 * draw(2, 3, 5, 4)
    whole, changed, *parts = candidate.each(call, other, *short)
    if bool(((changed.output - whole.output)[..., :4, :].abs() > 1e-3).any()):
        raise refuse("positions before 4 see what stands there and behind", changed)
    definition.agree([whole, changed, *parts])


test_scores_are_divided_by_the_root_of_d = standard.scale(
    definition, "The scale is √d, of the dot products alone: the bias is not divided."
)
test_weights_of_a_query_sum_to_one_over_the_keys = standard.sums_to_one(definition)
test_sequences_and_heads_do_not_mix = standard.apart(definition)
test_gradients_reach_query_key_and_value = standard.gradients(definition)


@check("masking")
def test_hidden_keys_stay_hidden_when_their_scores_dominate(candidate, draw):
    """A key to come gets weight 0 even at a score of 10⁴, beside visible ones of −10⁴ or 0."""
    layer, asked = definition.layer(candidate), []
    for heads, length in ((3, 6), (2, 9)):
        seen = torch.ones(2, heads, length, length, dtype=torch.bool).tril()
        asked.append(definition.scored(draw, layer, definition.opposed(draw, seen)))
    definition.holds(layer, *asked, *asked, scores=1e4)


test_scores_of_ten_thousand_stay_finite = standard.finite(definition)
test_inputs_are_left_as_they_were = standard.untouched(
    definition, "Query, key and value are left as they were: values, shape and strides."
)
test_nothing_is_carried_over_between_calls = standard.nothing_kept(definition)


@check("robustness")
def test_a_call_has_the_slopes_and_distances_of_its_own_sizes(candidate, draw):
    """Nothing is kept by length or by heads: another number of either has a bias of its own."""
    cases = [(1, h, s, 3) for h, s in ((4, 6), (6, 6), (4, 9), (4, 6), (8, 6), (6, 3), (4, 5))]
    definition.holds(definition.layer(candidate), *calls(draw, *cases))


@check("robustness")
def test_sequences_may_be_long(candidate, draw):
    """There is no maximum length, nor of heads: what is far counts as the bias says."""
    layer, cases = definition.layer(candidate), ((1, 2, 521, 3), (1, 1, 1031, 2), (1, 80, 9, 2))
    definition.holds(layer, *calls(draw, *cases))


test_memory_stays_within_the_budget = standard.memory(definition)


@check("budget")
def test_keeps_up_with_the_reference(race, draw):
    """Takes no more than the budget: many short sequences, many heads, long and wide ones."""
    for name, case in (
        ("many short sequences", (256, 2, 4, 4)),
        ("many heads", (2, 96, 8, 4)),
        ("a long sequence", (1, 1, 256, 4)),
        ("wide vectors", (1, 1, 256, 64)),
    ):
        race(name, lambda case=case: calls(draw, case)[0], definition)
    race.count()


# --- what a senior interviewer asks next --------------------------------------------------------

test_double_precision_in_double_precision_out = standard.double(definition)
test_half_precision_stays_what_it_is = standard.half(definition)
test_inputs_need_not_be_contiguous = standard.strided(definition)
test_no_device_is_hard_coded = standard.no_device(definition)


@check("shape", stretch=True)
def test_values_may_have_a_width_of_their_own(candidate, draw):
    """Values of another width than the queries are handed over as they are."""
    made = calls(draw, (2, 3, 7, 4), (1, 1, 5, 3))
    for call, width in zip(made, (6, 1), strict=True):
        call["value"] = draw(*call["key"].shape[:-1], width)
    for call, answer in zip(made, candidate.each(*made), strict=True):
        assert_matches(answer, biased(**call, attend=definition.attend))
