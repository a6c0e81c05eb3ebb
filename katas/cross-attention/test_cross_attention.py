"""What cross-attention is, claim by claim: who asks, who answers, and that neither is the other."""

from grader.bank import Definition, Sizes, attention, check, linear, standard


def cross(weights, x, context, attention_mask=None, *, num_heads, attend=attention):
    """In float64: queries of x, keys and values of context, heads apart, torch's attention."""
    query, key, value = (
        linear(given, weights[role]).unflatten(-1, (num_heads, -1)).transpose(1, 2)
        for role, given in (("query", x), ("key", context), ("value", context))
    )
    gathered = attend(query, key, value, attention_mask)
    return linear(gathered.transpose(1, 2).flatten(-2), weights["output"])


definition = Definition(cross)
LENGTHS = ((5, 7), (7, 5), (1, 6), (6, 1), (4, 4))
"""Of x and context: each the longer one, each alone, and both equal."""

test_computes_attention_itself = standard.by_hand(definition)
test_its_weights_are_four_projections_and_nothing_more = standard.nothing_more(
    definition, "Query, key, value and output projection are all there is to learn."
)


@check("equivalence")
def test_keys_and_values_come_from_context_and_queries_from_x(candidate, draw):
    """Queries are of x, keys and values of context, whichever is longer, or both equally long."""
    layer, asked = definition.layer(candidate), []
    for queries, keys in LENGTHS:
        sizes = Sizes((2,), queries, keys)
        call = definition.call(draw, layer, sizes)
        asked += [call, call | {"context": draw(*call["context"].shape)}]
    definition.holds(layer, *asked)


test_there_is_a_row_for_every_token_of_x = standard.shape(
    definition, "The output is (B, L, D) like x, however long context is."
)
test_is_attention_in_every_head_merged_and_projected = standard.formula(
    definition, "The output is Concat(head_1, …, head_H) through the output projection."
)


@check("equivalence")
def test_a_token_of_x_neither_sees_nor_moves_the_others(candidate, draw):
    """What a token of x gathers depends on itself and context alone, not on the rest of x."""
    layer = definition.layer(candidate)
    call = definition.call(draw, layer)
    other = call["x"].clone()
    other[:, 1:] = draw(*other[:, 1:].shape)
    definition.holds(layer, call, call | {"x": other}, call | {"x": call["x"][:, :1]})


@check("equivalence")
def test_every_call_has_its_own_context(candidate, draw):
    """Another context, of the same length or not, is read anew: nothing of the last one is kept."""
    layer = definition.layer(candidate)
    call = definition.call(draw, layer)
    width = call["context"].size(-1)
    contexts = [draw(2, length, width) for length in (7, 7, 4, 9)]
    asked = [call | {"context": context} for context in (*contexts, contexts[0])]
    definition.holds(layer, *asked, train=[False, False, True, False, False])


@check("equivalence")
def test_x_may_be_its_own_context(candidate, draw):
    """Given the same sequence twice it is self-attention."""
    layer = definition.layer(candidate)
    x = definition.call(draw, layer)["x"]
    definition.holds(layer, {"x": x, "context": x})


test_agrees_with_the_multi_head_layer_of_torch = standard.as_torch(definition)
test_scores_are_divided_by_the_root_of_head_dim = standard.scale(
    definition, "The scale is √head_dim, however many heads share the features."
)
test_weights_of_a_query_sum_to_one_over_the_keys = standard.sums_to_one(
    definition,
    "In each head a query's weights sum to 1 over context: equal values give that value.",
)
test_each_head_works_on_its_own_run_of_features = standard.heads_apart(definition)
test_the_order_of_tokens_carries_over = standard.order(
    definition, "Permuting context changes nothing; permuting x permutes the output."
)
test_each_sequence_is_attended_to_on_its_own = standard.apart(definition)
test_attends_where_the_mask_is_true = standard.obeyed(
    definition, 'True means "may attend", for every mask that broadcasts to (B, H, L, S).'
)
test_a_mask_of_ones_and_zeros_means_the_same_in_any_dtype = standard.any_dtype(definition)
test_every_sequence_and_every_head_obeys_its_own_mask = standard.lines_up(
    definition,
    "Equal sizes, such as B = H or L = S, or sizes of 1 make no axis of the mask pass for another.",
)
test_hidden_tokens_have_no_influence = standard.no_influence(
    definition, "What hidden tokens of context hold does not matter: it is as if they were away."
)
test_a_single_visible_key_is_all_there_is = standard.single(
    definition, "With all keys but one hidden, what a head gathers is that key's value."
)
test_hidden_keys_stay_hidden_when_their_scores_dominate = standard.dominated(definition)
test_nothing_is_dropped_in_eval_mode_or_at_rate_zero = standard.none_dropped(definition)
test_each_weight_is_dropped_on_its_own_and_survivors_are_rescaled = standard.dropped(definition)
test_gradients_reach_x_and_every_projection = standard.gradients(
    definition, "x, context, weights and biases have the true gradients, under masks and without."
)
test_gradients_in_training_follow_what_was_dropped = standard.training_gradients(definition)
test_scores_of_ten_thousand_stay_finite = standard.finite(definition)
test_inputs_are_left_as_they_were = standard.untouched(
    definition,
    "x, context and mask are not modified: evaluating, training, with gradients or without.",
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
    "A fully masked row of a head gathers zero; in every head, the output bias remains.",
)
test_a_fully_masked_row_leaves_gradients_finite = standard.empty_row_gradients(definition)
test_double_precision_in_double_precision_out = standard.double(definition)
test_half_precision_works_with_a_mask = standard.half(definition)
test_x_need_not_be_contiguous = standard.strided(
    definition, "Transposed, strided x, context and masks give the same output."
)
test_no_device_is_hard_coded = standard.no_device(definition)
