"""What causal self-attention is, claim by claim: the past and nothing else, in every head."""

import torch

from grader.bank import (
    Definition,
    Sizes,
    assert_matches,
    assert_shape,
    attention,
    check,
    linear,
    refuse,
    standard,
)


def causal(weights, x, attention_mask=None, *, num_heads, attend=attention):
    """In float64: project, heads apart, torch's attention to the past, together, project."""
    query, key, value = (
        linear(x, weights[role]).unflatten(-1, (num_heads, -1)).transpose(1, 2)
        for role in ("query", "key", "value")
    )
    context = attend(query, key, value, attention_mask)
    return linear(context.transpose(1, 2).flatten(-2), weights["output"])


definition = Definition(causal, causal=True)

test_computes_attention_itself = standard.by_hand(definition)
test_its_weights_are_four_projections_and_nothing_more = standard.nothing_more(
    definition, "Query, key, value and output projection are all there is to learn."
)
test_output_has_the_shape_of_x = standard.shape(
    definition, "The output is (B, S, D) like x, also with one sequence, one token or one head."
)
test_is_attention_to_the_past_in_every_head = standard.formula(
    definition, "Token i attends to tokens 0 … i in every head; the heads are merged and projected."
)


@check("masking")
def test_what_comes_later_has_no_influence(candidate, draw):
    """Changing a token changes nothing before it: no token sees a later one."""
    layer, cuts = definition.layer(candidate), (1, 2, 4, 6)
    x = definition.call(draw, layer)["x"]
    calls = [{"x": torch.cat((x[:, :cut], draw(*x[:, cut:].shape) * 3), dim=1)} for cut in cuts]
    before, *after = layer.each({"x": x}, *calls)
    assert_shape(before, tuple(x.shape))
    for cut, answer in zip(cuts, after, strict=True):
        assert_shape(answer, tuple(x.shape))
        if bool(((answer.output - before.output)[:, :cut].abs() > 1e-3).any()):
            raise refuse(f"tokens before position {cut} see what comes from there on", answer)
    definition.agree([before, *after])


@check("masking")
def test_a_prefix_returns_what_it_does_in_the_whole_sequence(candidate, draw):
    """At any length, the first tokens leave as they do without the others."""
    layer, calls = definition.layer(candidate), []
    for length in (2, 7, 17):
        x, cut = definition.call(draw, layer, Sizes(keys=length))["x"], draw.integer(1, length - 1)
        calls += [{"x": x}, {"x": x[:, :cut]}]
    definition.holds(layer, *calls)


test_no_token_sees_what_comes_later_in_2100 = standard.long_holds(
    definition,
    "Of 2100 tokens, too, each attends to itself and those before it.",
    sizes=Sizes((1,), 2100, 2100, heads=1, width=2),
)


@check("masking")
def test_the_first_token_attends_to_itself_alone(candidate, draw):
    """The first token leaves as its own value, projected; with only itself visible, so does any."""
    layer = definition.layer(candidate)
    x = definition.call(draw, layer)["x"]
    own = linear(linear(x, layer.weights["value"]), layer.weights["output"])
    only_self = definition.under(layer, {"x": x}, torch.eye(x.size(1)))
    alone, among, selves = layer.each({"x": x[:, :1]}, {"x": x}, only_self)
    assert_matches(alone, own[:, :1])
    assert_shape(among, tuple(x.shape))
    if bool(((among.output - own)[:, 0].abs() > 1e-3).any()):
        raise refuse("the first token does not attend to itself alone", among)
    definition.agree([among])
    assert_matches(selves, own)


test_agrees_with_the_multi_head_layer_of_torch = standard.as_torch(definition)
test_scores_are_divided_by_the_root_of_head_dim = standard.scale(
    definition, "The scale is √head_dim, however many heads share the features."
)
test_weights_of_a_query_sum_to_one_over_the_keys = standard.sums_to_one(
    definition, "A query's weights sum to 1 over the keys it sees: equal values give that value."
)
test_each_head_works_on_its_own_run_of_features = standard.heads_apart(definition)
test_each_sequence_is_attended_to_on_its_own = standard.apart(definition)
test_attends_to_the_past_where_the_mask_is_true = standard.obeyed(
    definition, "The past is seen where the mask is true, whatever its shape."
)
test_a_mask_of_ones_and_zeros_means_the_same_in_any_dtype = standard.any_dtype(definition)
test_every_sequence_and_every_head_obeys_its_own_mask = standard.lines_up(
    definition,
    "Equal sizes, such as B = H = S, or sizes of 1 make no axis of the mask pass for another.",
)


@check("masking")
def test_a_mask_never_opens_the_future(candidate, draw):
    """Ones above the diagonal open nothing: with a mask of ones, only the past is seen."""
    sizes = Sizes(keys=5, queries=5)
    layer = definition.layer(candidate, sizes)
    call = definition.call(draw, layer, sizes)
    ones = [torch.ones(form) for form in definition.forms(layer, sizes)]
    masks = [*ones, torch.ones(5, 5).triu(), torch.ones(5, 5, dtype=torch.bool)]
    definition.holds(layer, *(definition.under(layer, call, mask) for mask in masks))


test_hidden_tokens_have_no_influence_on_those_after_them = standard.no_influence(
    definition, "What a hidden token holds does not matter: it is as if it were not there."
)


@check("masking")
def test_padding_on_either_side_leaves_the_real_tokens_as_they_are(candidate, draw):
    """Padded on the right or on the left, sequences give for each real token what they do alone."""
    layer, real = definition.layer(candidate), draw.padding(3, 7)
    x = definition.call(draw, layer, Sizes((3,)))["x"]
    left = real.flip(-1)
    see_self = left[:, None, None, :] | torch.eye(7, dtype=torch.bool)  # so that no row is empty
    calls = [definition.under(layer, {"x": x}, real[:, None, None, :])]
    calls += [definition.under(layer, {"x": x.flip(1)}, see_self)]
    alone = [{"x": tokens[None, keep]} for tokens, keep in zip(x, real, strict=True)]
    definition.holds(layer, *calls, *alone)


test_hidden_keys_stay_hidden_when_their_scores_dominate = standard.dominated(
    definition,
    "Future and masked keys get weight 0 even at scores of 10⁴ beside visible ones of −10⁴ or 0.",
)
test_nothing_is_dropped_in_eval_mode_or_at_rate_zero = standard.none_dropped(definition)
test_each_weight_is_dropped_on_its_own_and_survivors_are_rescaled = standard.dropped(definition)
test_gradients_reach_x_and_every_projection = standard.gradients(
    definition, "x and all weights and biases have the true gradients, under masks and without one."
)
test_gradients_in_training_follow_what_was_dropped = standard.training_gradients(definition)
test_scores_of_ten_thousand_stay_finite = standard.finite(definition)
test_inputs_are_left_as_they_were = standard.untouched(
    definition,
    "Neither x nor the mask is modified: evaluating, training, with gradients or without.",
)
test_nothing_is_carried_over_between_calls = standard.nothing_kept(definition)
test_layers_of_different_rates_do_not_mix = standard.beside(definition)
test_sequences_may_be_longer_than_any_buffer = standard.any_length(definition)
test_heads_that_do_not_divide_the_features_never_give_a_result = standard.never_uneven(definition)
test_memory_stays_within_the_budget = standard.memory(definition)
test_keeps_up_with_the_reference = standard.budget(
    definition,
    "Takes no more time than the budget, for short, long and wide inputs and in many heads.",
)

# --- what a senior interviewer asks next --------------------------------------------------------

test_heads_that_do_not_divide_the_features_are_refused_at_once = standard.uneven_refused(definition)
test_a_token_that_may_attend_to_nothing_leaves_as_the_output_bias = standard.empty_row(
    definition,
    "Under padding on the left the first tokens see nothing: the output bias is what remains.",
)
test_a_fully_masked_row_leaves_gradients_finite = standard.empty_row_gradients(definition)
test_double_precision_in_double_precision_out = standard.double(definition)
test_half_precision_works_with_a_mask = standard.half(definition)
test_x_need_not_be_contiguous = standard.strided(definition)
test_no_device_is_hard_coded = standard.no_device(definition)


@check("robustness", stretch=True)
def test_there_is_no_maximum_length(candidate, draw):
    """9001 tokens are fine too: on the `meta` device they cost nothing, and the shape follows."""
    layer = definition.layer(candidate, Sizes(heads=1, width=2))
    lengths = (5, 9001)  # short first: lazy layers run it
    calls = [definition.call(draw, layer, Sizes((1,), keys=length)) for length in lengths]
    for call, answer in zip(calls, layer.each(*calls, device="meta"), strict=True):
        assert_shape(answer, tuple(call["x"].shape))
