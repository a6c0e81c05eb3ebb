"""What multi-head attention is, claim by claim: heads apart, each attending, together again."""

from grader.bank import Definition, attention, linear, standard


def multi_head(weights, x, attention_mask=None, *, num_heads, attend=attention):
    """In float64: project, heads apart, torch's attention, together, project."""
    query, key, value = (
        linear(x, weights[role]).unflatten(-1, (num_heads, -1)).transpose(1, 2)
        for role in ("query", "key", "value")
    )
    context = attend(query, key, value, attention_mask)
    return linear(context.transpose(1, 2).flatten(-2), weights["output"])


definition = Definition(multi_head)

test_computes_attention_itself = standard.by_hand(definition)
test_its_weights_are_four_projections_and_nothing_more = standard.nothing_more(
    definition, "Query, key, value and output projection are all there is to learn."
)
test_output_has_the_shape_of_x = standard.shape(
    definition, "The output is (B, S, D) like x, also with one sequence, one token or one head."
)
test_is_attention_in_every_head_merged_and_projected = standard.formula(
    definition, "The output is Concat(head_1, …, head_H) through the output projection."
)
test_agrees_with_the_multi_head_layer_of_torch = standard.as_torch(definition)
test_scores_are_divided_by_the_root_of_head_dim = standard.scale(
    definition, "The scale is √head_dim, however many heads share the features."
)
test_weights_of_a_query_sum_to_one_over_the_keys = standard.sums_to_one(
    definition,
    "In each head a query's weights sum to 1 over the keys: equal values give that value.",
)
test_each_head_works_on_its_own_run_of_features = standard.heads_apart(definition)
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
    "Equal sizes, such as B = H = S, or sizes of 1 make no axis of the mask pass for another.",
)
test_hidden_tokens_have_no_influence = standard.no_influence(
    definition, "What hidden tokens hold does not matter: it is as if they were not there."
)
test_a_single_visible_key_is_all_there_is = standard.single(
    definition, "With all keys but one hidden, a head's context is that key's value."
)
test_hidden_keys_stay_hidden_when_their_scores_dominate = standard.dominated(definition)
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
    "A fully masked row of a head is a zero context; in every head, the output bias remains.",
)
test_a_fully_masked_row_leaves_gradients_finite = standard.empty_row_gradients(definition)
test_double_precision_in_double_precision_out = standard.double(definition)
test_half_precision_works_with_a_mask = standard.half(definition)
test_x_need_not_be_contiguous = standard.strided(definition)
test_no_device_is_hard_coded = standard.no_device(definition)
