"""What masked self-attention with dropout is, claim by claim, from the definition outwards."""

from grader.bank import Definition, attention, linear, standard


def masked_attention(weights, x, attention_mask=None, *, attend=attention):
    """Linear, attention and Linear again, all of them torch's own, in float64."""
    query, key, value = (linear(x, weights[role]) for role in ("query", "key", "value"))
    return linear(attend(query, key, value, attention_mask), weights["output"])


definition = Definition(masked_attention)

test_computes_attention_itself = standard.by_hand(definition)
test_its_weights_are_the_four_projections_and_nothing_more = standard.nothing_more(
    definition, "Query, key, value and output projection are all there is to learn."
)
test_output_has_the_shape_of_x = standard.shape(
    definition, "The output is (B, S, D), also for a batch of one and a single token."
)
test_is_projected_attention_within_x = standard.formula(
    definition,
    "The output is softmax(QKᵀ/√D)V through the output projection; Q, K, V project x.",
)
test_scores_are_divided_by_the_root_of_hidden_dim = standard.scale(
    definition, "The scale is √D whatever B and S are, and the same with a mask as without one."
)
test_attends_where_the_mask_is_true = standard.obeyed(
    definition, 'True means "may attend", for (S, S) and any mask that broadcasts to (B, S, S).'
)
test_a_mask_of_ones_and_zeros_means_the_same_in_any_dtype = standard.any_dtype(definition)
test_a_batch_as_large_as_the_sequence_is_long_masks_the_same_keys = standard.lines_up(
    definition,
    "Where B = S, padding still lies along the keys, and a mask without batch is everybody's.",
)
test_padding_has_no_influence_on_what_is_real = standard.no_influence(
    definition, "Real tokens leave as if the hidden ones were other, or not there at all."
)
test_a_single_visible_key_is_all_there_is = standard.single(
    definition, "With all keys but one hidden, a token leaves as that key's value, projected."
)
test_hidden_keys_stay_hidden_when_their_scores_dominate = standard.dominated(definition)
test_under_a_causal_mask_a_prefix_does_not_see_what_follows = standard.prefix(definition)
test_each_batch_element_is_attended_to_on_its_own = standard.apart(definition)
test_permuting_tokens_permutes_the_output = standard.order(
    definition, "Attention knows no order: shuffled tokens, with their mask, give shuffled output."
)
test_gradients_reach_x_and_every_projection = standard.gradients(
    definition, "x and all projections have the true gradients, under a mask and without one."
)
test_scores_of_ten_thousand_stay_finite = standard.finite(definition)
test_nothing_is_dropped_in_eval_mode_or_at_rate_zero = standard.none_dropped(definition)
test_each_weight_is_dropped_on_its_own_and_survivors_are_rescaled = standard.dropped(definition)
test_hidden_keys_stay_hidden_in_training = standard.hidden_stay_hidden(definition)
test_gradients_in_training_follow_what_was_dropped = standard.training_gradients(definition)
test_inputs_are_left_as_they_were = standard.untouched(
    definition, "Neither x nor the mask is modified, in evaluation or in training, followed or not."
)
test_nothing_is_carried_over_between_calls = standard.nothing_kept(definition)
test_layers_of_different_rates_do_not_mix = standard.beside(definition)
test_sequences_may_be_longer_than_any_buffer = standard.any_length(definition)
test_memory_stays_within_the_budget = standard.memory(definition)
test_keeps_up_with_the_reference = standard.budget(definition)

# --- what a senior interviewer asks next --------------------------------------------------------

test_a_token_that_may_attend_to_nothing_leaves_as_the_output_bias = standard.empty_row(
    definition, "A fully masked row attends to nothing: the output bias is what remains."
)
test_a_fully_masked_row_leaves_gradients_finite = standard.empty_row_gradients(definition)
test_double_precision_in_double_precision_out = standard.double(definition)
test_half_precision_works_with_a_mask = standard.half(definition)
test_inputs_need_not_be_contiguous = standard.strided(definition)
test_no_device_is_hard_coded = standard.no_device(definition)
