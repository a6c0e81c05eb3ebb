"""What attention with a cache is, claim by claim: causal attention, fed in pieces or whole."""

import torch

from grader.bank import (
    Definition,
    Sizes,
    after,
    assert_shape,
    attention,
    check,
    linear,
    refuse,
    standard,
)


def cached(weights, x, cache=None, *, num_heads, attend=attention):
    """In float64, of a sequence as a whole: causal attention in every head, merged, projected."""
    query, key, value = (
        linear(x, weights[role]).unflatten(-1, (num_heads, -1)).transpose(1, 2)
        for role in ("query", "key", "value")
    )
    context = attend(query, key, value)
    return linear(context.transpose(1, 2).flatten(-2), weights["output"])


definition = Definition(cached, causal=True)

test_computes_attention_itself = standard.by_hand(definition)
test_its_weights_are_four_projections_and_nothing_more = standard.nothing_more(
    definition, "Query, key, value and output projection are all there is to learn."
)
test_output_has_the_shape_of_x = standard.shape(
    definition, "The output is (B, T, D) like x, also with one sequence, one token or one head."
)
test_is_causal_attention_in_every_head = standard.formula(
    definition, "Fed whole, token i attends to tokens 0 … i in every head; merged and projected."
)
test_scores_are_divided_by_the_root_of_head_dim = standard.scale(
    definition, "The scale is √head_dim, however many heads and tokens there are."
)
test_weights_of_a_query_sum_to_one_over_the_keys = standard.sums_to_one(
    definition, "A query's weights sum to 1 over the keys it sees: equal values give that value."
)
test_each_head_works_on_its_own_run_of_features = standard.heads_apart(definition)
test_each_sequence_is_attended_to_on_its_own = standard.apart(definition)
test_biases_take_part = standard.biases(definition)


@check("masking")
def test_what_comes_later_has_no_influence(candidate, draw):
    """Changing a token changes nothing before it: no token sees a later one."""
    layer, cuts = definition.layer(candidate), (1, 2, 4, 6)
    x = definition.call(draw, layer)["x"]
    calls = [{"x": torch.cat((x[:, :cut], draw(*x[:, cut:].shape) * 3), dim=1)} for cut in cuts]
    before, *changed = layer.each({"x": x}, *calls)
    for cut, answer in zip(cuts, changed, strict=True):
        assert_shape(answer, tuple(x.shape))
        if bool(((answer.output - before.output)[:, :cut].abs() > 1e-3).any()):
            raise refuse(f"tokens before position {cut} see what comes from there on", answer)
    definition.agree([before, *changed])


test_a_sequence_may_come_in_any_pieces = standard.continued(
    definition, "Fed in any chunks, a sequence gives what it gives whole: one by one, or unevenly."
)


@check("equivalence")
def test_a_new_token_sees_all_before_it_and_itself(candidate, draw):
    """A single new token attends to every token of the cache and to itself."""
    layer = definition.layer(candidate, Sizes(heads=1, width=5))
    for role in ("query", "key"):  # all tokens alike: the output is the mean of the values
        layer.choose(role, torch.zeros_like(layer.weights[role].weight))
    calls = [definition.call(draw, layer, Sizes((2,), n, n)) for n in (1, 1, 4, 1, 1)]
    steps = [c if n == 0 else {**c, "cache": after(n - 1)} for n, c in enumerate(calls)]
    definition.holds(layer, *steps)


@check("equivalence")
def test_an_explicit_none_begins_anew(candidate, draw):
    """cache=None begins a sequence, whatever was fed before."""
    layer = definition.layer(candidate)
    call = definition.call(draw, layer)
    definition.holds(layer, call, {**call, "cache": None}, {**call, "cache": after(0)}, call)


test_every_cache_stays_good = standard.revisited(
    definition, "Every cache ever returned gives the same again, in any order, continued twice too."
)
test_sequences_in_turn_do_not_mix = standard.interleaved(definition)


@check("equivalence")
def test_a_cache_may_grow_long(candidate, draw):
    """There is no maximum length: after 2100 tokens the next ones still see them all."""
    layer = definition.layer(candidate, Sizes(heads=1, width=2))
    rows = (600, 1, 1499, 1, 2)
    calls = [definition.call(draw, layer, Sizes((1,), n, n)) for n in rows]
    definition.holds(
        layer, *({**c, "cache": after(n - 1)} if n else c for n, c in enumerate(calls))
    )


@check("numerics")
def test_large_scores_stay_finite_in_pieces(candidate, draw):
    """Scores of thousands, fed in pieces, give true and finite outputs."""
    layer = definition.layer(candidate, Sizes(heads=2, width=4))
    calls = [definition.call(draw, layer, Sizes((2,), n, n)) for n in (3, 1, 2)]
    loud = [{"x": call["x"] * 30} for call in calls]
    steps = [c if n == 0 else {**c, "cache": after(n - 1)} for n, c in enumerate(loud)]
    definition.holds(layer, *steps, scores=1e4)


test_gradients_reach_x_and_every_projection = standard.gradients(
    definition, "Of a whole call, x and all weights and biases have the true gradients."
)
test_scores_of_ten_thousand_stay_finite = standard.finite(definition)
test_training_is_like_evaluating = standard.modes_agree(definition)
test_x_is_left_as_it_was = standard.untouched(definition, "x is not modified.")
test_nothing_is_carried_over_between_calls = standard.nothing_kept(
    definition, "An output depends on its own call, cache and weights alone: nothing else is kept."
)
test_sequences_may_be_longer_than_any_buffer = standard.any_length(definition)
test_heads_that_do_not_divide_the_features_never_give_a_result = standard.never_uneven(definition)
test_memory_stays_within_the_budget = standard.memory(definition)
test_keeps_up_with_the_reference = standard.budget(definition)


@check("budget")
def test_a_step_costs_a_step(race, draw):
    """A prefill and single steps on a long cache: what was computed is not computed again."""

    def make():
        steps = [{"x": draw(1, 1, 256), "cache": after(n)} for n in range(16)]
        return [{"x": draw(1, 256, 256)}, *steps]

    race("single steps on a long cache", make, definition, hidden_dim=256, num_heads=2)


# --- what a senior interviewer asks next --------------------------------------------------------

test_heads_that_do_not_divide_the_features_are_refused_at_once = standard.uneven_refused(definition)
test_double_precision_in_double_precision_out = standard.double(definition)
test_half_precision_stays_what_it_is = standard.half(definition)
test_pieces_are_the_whole_in_other_dtypes = standard.continued_in_dtypes(definition)
test_x_need_not_be_contiguous = standard.strided(definition)
test_no_device_is_hard_coded = standard.no_device(definition)
