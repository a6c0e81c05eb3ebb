"""What scaled dot-product attention is, claim by claim, from the definition outwards."""

from grader.bank import Definition, attention, standard

definition = Definition(attention)

test_computes_attention_itself = standard.by_hand(
    definition, "Attention is written out: torch's own is not called, with a mask or without."
)
test_context_has_a_row_per_query_and_a_column_per_value = standard.shape(
    definition,
    "The context is (…, L, d_v) for any leading dimensions, also with one query or one key.",
)
test_is_softmax_of_scaled_scores_times_value = standard.formula(
    definition, "The context is softmax(QKᵀ/√d_k)V."
)
test_weights_of_a_query_sum_to_one_over_the_keys = standard.sums_to_one(
    definition,
    "Each query's weights sum to 1 over the keys: attending to equal values returns that value.",
)
test_scores_are_divided_by_the_root_of_d_k = standard.scale(
    definition, "The scale is √d_k: of the query's width, whatever L, S and d_v are."
)
test_attends_where_the_mask_is_true = standard.obeyed(
    definition, 'True means "may attend", for every mask that broadcasts to the scores (…, L, S).'
)
test_a_mask_lines_up_from_the_right_where_sizes_are_equal_by_chance = standard.lines_up(
    definition,
    "A mask of a batch's, a head's or a square's size still lines up with (…, L, S) by place.",
)
test_a_mask_of_ones_and_zeros_means_the_same_in_any_dtype = standard.any_dtype(definition)
test_attending_under_a_mask_is_attending_to_the_visible_keys_alone = standard.no_influence(
    definition, "Hidden keys and values have no influence: without them the context is the same."
)
test_a_single_visible_key_is_all_there_is = standard.single(
    definition, "With all keys but one hidden, the context is that key's value."
)
test_hidden_keys_stay_hidden_when_their_scores_dominate = standard.dominated(definition)
test_under_a_causal_mask_a_prefix_does_not_see_what_follows = standard.prefix(
    definition,
    "With a triangular mask, the first rows of a sequence are those of its prefix alone.",
)
test_each_batch_element_is_attended_to_on_its_own = standard.apart(
    definition, "Changing one batch element, or its mask, leaves the others' contexts as they are."
)
test_the_order_of_keys_does_not_matter_and_that_of_queries_carries_over = standard.order(
    definition,
    "Permuting keys with their values changes nothing; permuting queries permutes the context.",
)
test_gradients_reach_query_key_and_value = standard.gradients(
    definition, "Query, key and value have the true gradients, under a mask and without one."
)
test_scores_of_ten_thousand_stay_finite = standard.finite(definition)
test_inputs_are_left_as_they_were = standard.untouched(
    definition, "Query, key, value and mask are left as they were: values, shape and strides."
)
test_nothing_is_carried_over_between_calls = standard.nothing_kept(
    definition, "A call's context depends on that call alone, not on the ones before it."
)
test_sequences_may_be_longer_than_any_buffer = standard.any_length(
    definition, "There is no maximum length: thousands of keys and queries are fine, masked or not."
)
test_memory_stays_within_the_budget = standard.memory(definition)
test_keeps_up_with_the_reference = standard.budget(definition)

# --- what a senior interviewer asks next --------------------------------------------------------

test_double_precision_in_double_precision_out = standard.double(
    definition, "float64 inputs give a float64 context."
)
test_half_precision_works_with_a_mask = standard.half(definition)
test_a_query_that_may_attend_to_nothing_gets_a_zero_context = standard.empty_row(
    definition,
    "A fully masked row attends to nothing: its context is 0, and its neighbours are untouched.",
)
test_a_fully_masked_row_leaves_gradients_finite = standard.empty_row_gradients(definition)
test_inputs_need_not_be_contiguous = standard.strided(definition)
test_no_device_is_hard_coded = standard.no_device(definition)
