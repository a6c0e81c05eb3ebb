"""What grouped-query attention is, claim by claim: many who ask, fewer who are asked."""

import torch

from grader.bank import (
    Definition,
    Sizes,
    assert_matches,
    attention,
    check,
    linear,
    refuse,
    standard,
)
from grader.exchange.layout import Projection

GROUPS = ((6, 2), (6, 3), (8, 2), (4, 1), (3, 3))
"""Heads, and heads of keys: both more than one and shared by more than one, then the corners."""


def grouped(weights, x, attention_mask=None, *, num_heads, num_kv_heads, attend=attention):
    """In float64: project, heads apart, each group's keys for all of its heads, together."""
    query, key, value = (
        linear(x, weights[role]).unflatten(-1, (heads, -1)).transpose(1, 2)
        for role, heads in (("query", num_heads), ("key", num_kv_heads), ("value", num_kv_heads))
    )
    key, value = (t.repeat_interleave(num_heads // num_kv_heads, dim=1) for t in (key, value))
    context = attend(query, key, value, attention_mask)
    return linear(context.transpose(1, 2).flatten(-2), weights["output"])


def shared(candidate, heads, groups):
    """A layer of so many heads, five features each, in so many groups."""
    sizes = Sizes((2,), 7, 7, heads=groups, width=5, shared=heads // groups)
    return definition.layer(candidate, sizes), sizes


definition = Definition(grouped)

test_computes_attention_itself = standard.by_hand(definition)
test_its_weights_are_four_projections_and_nothing_more = standard.nothing_more(
    definition, "Query, key, value and output projection are all there is to learn."
)
test_output_has_the_shape_of_x = standard.shape(
    definition, "The output is (B, S, D) like x, also with one sequence, one token or one group."
)
test_is_attention_in_every_head_merged_and_projected = standard.formula(
    definition, "The output is Concat(head_1, …, head_H) through the output projection."
)


@check("equivalence")
def test_neighbouring_heads_share_a_group_of_keys_and_values(candidate, draw):
    """Query head h reads group h // (H / H_kv): neighbours share, one group or all included."""
    asked = []
    for heads, groups in GROUPS:
        layer, sizes = shared(candidate, heads, groups)
        asked.append((layer, definition.call(draw, layer, sizes)))
    definition.agree(candidate.in_turn(*asked))


@check("equivalence")
def test_a_group_reaches_its_own_heads_only(candidate, draw):
    """What the keys or values of one group hold reaches the heads that share it, and no others."""
    layer, sizes = shared(candidate, 6, 3)
    layer.choose("output", torch.eye(30))
    call, asked = definition.call(draw, layer, sizes), [layer]
    for role in ("key", "value"):
        changed = layer.to(layer.dtype)
        projection = layer.weights[role]
        weight = projection.weight.clone()
        weight[5:10] = draw(5, 30) / 3
        changed.weights = {**layer.weights, role: Projection(weight, projection.bias)}
        asked.append(changed)
    before, *after = candidate.in_turn(*((one, call) for one in asked))
    for role, answer in zip(("key", "value"), after, strict=True):
        assert_matches(before, definition.true(before))
        moved = (answer.output - before.output).abs().amax(dim=(0, 1)) > 1e-4
        if bool(moved[:10].any() or moved[20:].any()):
            raise refuse(f"the {role} features of group 1 changed what other groups return", answer)
        assert_matches(answer, definition.true(answer))


test_scores_are_divided_by_the_root_of_head_dim = standard.scale(
    definition, "The scale is √head_dim, however many heads share the features."
)
test_weights_of_a_query_sum_to_one_over_the_keys = standard.sums_to_one(
    definition,
    "In each head a query's weights sum to 1 over the keys: equal values give that value.",
)
test_the_order_of_tokens_carries_over = standard.order(
    definition, "Permuting the tokens permutes the output: splitting and merging never mix tokens."
)
test_each_sequence_is_attended_to_on_its_own = standard.apart(definition)
test_attends_where_the_mask_is_true = standard.obeyed(
    definition, 'True means "may attend", for every mask that broadcasts to (B, H, S, S).'
)
test_a_mask_of_ones_and_zeros_means_the_same_in_any_dtype = standard.any_dtype(definition)
test_every_sequence_and_every_head_obeys_its_own_mask = standard.lines_up(
    definition,
    "Masks may differ within a group, and equal sizes make no axis pass for another.",
)
test_hidden_tokens_have_no_influence = standard.no_influence(
    definition, "What hidden tokens hold does not matter: it is as if they were not there."
)
test_a_single_visible_key_is_all_there_is = standard.single(
    definition, "With all keys but one hidden, a head's context is that key's value."
)
test_hidden_keys_stay_hidden_when_their_scores_dominate = standard.dominated(definition)
test_training_and_evaluation_agree = standard.modes_agree(definition)
test_gradients_reach_x_and_every_projection = standard.gradients(
    definition, "x and all weights and biases have the true gradients, under masks and without one."
)
test_scores_of_ten_thousand_stay_finite = standard.finite(definition)
test_inputs_are_left_as_they_were = standard.untouched(
    definition,
    "Neither x nor the mask is modified: evaluating, training, with gradients or without.",
)
test_nothing_is_carried_over_between_calls = standard.nothing_kept(definition)
test_sequences_may_be_longer_than_any_buffer = standard.any_length(definition)
test_numbers_that_do_not_divide_never_give_a_result = standard.never_uneven(
    definition, "Where H does not divide D, or H_kv does not divide H, there is an error."
)
test_memory_stays_within_the_budget = standard.memory(definition)
test_keeps_up_with_the_reference = standard.budget(
    definition,
    "Takes no more time than the budget, for short, long and wide inputs and in many heads.",
)

# --- what a senior interviewer asks next --------------------------------------------------------

test_numbers_that_do_not_divide_are_refused_at_once = standard.uneven_refused(
    definition, "Building a layer whose numbers do not divide raises ValueError or asserts."
)
test_a_token_that_may_attend_to_nothing_leaves_as_the_output_bias = standard.empty_row(
    definition,
    "A fully masked row of a head is a zero context; in every head, the output bias remains.",
)
test_a_fully_masked_row_leaves_gradients_finite = standard.empty_row_gradients(definition)
test_double_precision_in_double_precision_out = standard.double(definition)
test_half_precision_works_with_a_mask = standard.half(definition)
test_x_need_not_be_contiguous = standard.strided(definition)
test_no_device_is_hard_coded = standard.no_device(definition)
