"""What a self-attention layer is, claim by claim: three projections of one sequence, attending."""

from grader.bank import Definition, attention, linear, standard


def self_attention(weights, x, *, attend=attention):
    """Three times `nn.Linear`, then torch's own attention, in float64."""
    return attend(*(linear(x, weights[role]) for role in ("query", "key", "value")))


definition = Definition(self_attention)

test_computes_attention_itself = standard.by_hand(definition)
test_its_weights_are_three_projections_and_nothing_more = standard.nothing_more(
    definition,
    "Query, key and value projection are all there is to learn: none comes after the attention.",
)
test_output_has_the_shape_of_x = standard.shape(
    definition, "The output is (B, S, D) like x, also with one sequence or one token."
)
test_is_attention_among_projections_of_one_sequence = standard.formula(
    definition, "The output is softmax(QKᵀ/√D)V, with Q, K and V the three projections of x."
)
test_scores_are_divided_by_the_root_of_hidden_dim = standard.scale(
    definition, "The scale is √D, whatever batch and length are."
)
test_weights_of_a_token_sum_to_one_over_the_sequence = standard.sums_to_one(
    definition,
    "Each token's weights sum to 1 over the sequence: if all values agree, that is the output.",
)
test_what_is_handed_over_is_the_value_alone = standard.handed_over(
    definition,
    "Where every value is 0 the output is 0: nothing of x is added, nothing comes after.",
)
test_equal_scores_average_the_values = standard.equal_scores(definition)
test_biases_take_part_where_there_are_any = standard.biases(definition)
test_equal_sizes_do_not_mix_up_axes = standard.equal_sizes(definition)
test_each_sequence_of_a_batch_is_attended_to_on_its_own = standard.apart(
    definition, "Changing one sequence of a batch leaves the outputs of the others as they are."
)
test_permuting_the_tokens_permutes_the_output = standard.order(
    definition,
    "A layer without positions or a mask treats all tokens alike: their order carries over.",
)
test_gradients_reach_x_and_every_projection = standard.gradients(
    definition, "x and the weights and biases of all three projections have the true gradients."
)
test_scores_of_ten_thousand_stay_finite = standard.finite(definition)
test_x_is_left_as_it_was = standard.untouched(
    definition, "x is left as it was, in evaluation and in training, with gradients or without."
)
test_nothing_is_carried_over_between_calls = standard.nothing_kept(
    definition,
    "An output depends on its own x and weights alone, whatever lengths and layers come in turn.",
)
test_training_and_evaluation_agree = standard.modes_agree(definition)
test_sequences_may_be_longer_than_any_buffer = standard.any_length(
    definition, "There is no maximum length: a sequence of over a thousand tokens is fine."
)
test_memory_stays_within_the_budget = standard.memory(definition)
test_keeps_up_with_the_reference = standard.budget(definition)

# --- what a senior interviewer asks next --------------------------------------------------------

test_double_precision_in_double_precision_out = standard.double(definition)
test_half_precision_in_half_precision_out = standard.half(definition)
test_x_need_not_be_contiguous = standard.strided(
    definition, "A transposed or strided x gives the same output."
)
test_no_device_is_hard_coded = standard.no_device(definition)
