"""What a fused projection is, claim by claim: one product, split in three, the same attention."""

from itertools import permutations, product

from grader.bank import (
    Definition,
    Sizes,
    assert_matches,
    assert_shape,
    attention,
    beyond,
    check,
    linear,
    refuse,
    standard,
)

ROLES = ("query", "key", "value")


def self_attention(weights, x, *, attend=attention):
    """The unfused definition in float64: three times `nn.Linear`, then torch's own attention."""
    return attend(*(linear(x, weights[role]) for role in ROLES))


definition = Definition(self_attention)


def assert_one_weight(candidate):
    """All rows lie in one parameter."""
    names = [slot.name for slot in candidate.layout.slots if not slot.bias]
    if len(names) > 1:
        told = f"{len(names)} separate weights ({', '.join(names)})"
        raise refuse(f"{told} where one of 3D×D is asked for")


test_computes_attention_itself = standard.by_hand(definition)


@check("rules")
def test_one_weight_holds_query_key_and_value(candidate):
    """There is a single 3D×D weight, not three that are computed with apart or concatenated."""
    assert_one_weight(candidate)


test_its_weights_are_the_fused_projection_and_nothing_more = standard.nothing_more(
    definition, "The fused projection is all there is to learn: no other comes after the attention."
)


@check("rules")
def test_x_is_projected_by_one_product(candidate, draw):
    """Query, key and value come out of one product with the whole weight, also in training."""
    assert_one_weight(candidate)
    layer = definition.layer(candidate)
    long = Sizes((1,), 521, 521)
    for train, learning, sizes in product((False, True), (False, True), (None, long)):
        call = definition.call(draw, layer, sizes)
        pulls = [draw(*layer.returned(call))] if learning else None
        answer = layer.each(call, train=train, trace=True, cotangents=pulls)[0]
        taken = answer.products("query")
        when = "with gradients, " if learning else ""
        when += "in training, " if train else ""
        if len(taken) > 1:
            kind = "the weight" if all(taken) else "parts of the weight"
            told = f"{len(taken)} products with {kind}, where one with all of it does"
            raise refuse(when + told, answer)
        if taken != [True]:
            told = "the weight is taken apart before it is used: slicing it is no fusion"
            raise refuse(when + told, answer)


test_output_has_the_shape_of_x = standard.shape(
    definition, "The output is (B, S, D) like x, also with one sequence or one token."
)
test_is_what_three_separate_projections_give = standard.formula(
    definition, "With the same weights, the output is that of the unfused layer: softmax(QKᵀ/√D)V."
)


@check("equivalence")
def test_rows_are_in_the_order_query_key_value(candidate, draw):
    """The first D rows make the query, the next D the key, the last D the value."""
    layer = definition.layer(candidate)
    call = definition.call(draw, layer)
    answer = layer.each(call)[0]
    truth = definition.true(answer)
    assert_shape(answer, tuple(truth.shape))
    if bool(beyond(answer, answer.output, truth).any()):
        for order in permutations(ROLES):
            # What a layer computes that takes the rows for these roles, in this order.
            taken = dict(zip(order, (layer.weights[role] for role in ROLES), strict=True))
            if not bool(beyond(answer, answer.output, self_attention(taken, **call)).any()):
                raise refuse(f"the rows are taken for {', '.join(order)}, in this order", answer)
    assert_matches(answer, truth)


test_scores_are_divided_by_the_root_of_hidden_dim = standard.scale(
    definition, "The scale is √D, not that of the fused width, whatever batch and length are."
)
test_weights_of_a_token_sum_to_one_over_the_sequence = standard.sums_to_one(
    definition,
    "Each token's weights sum to 1 over the sequence: if all values agree, that is the output.",
)
test_what_is_handed_over_is_the_value_alone = standard.handed_over(
    definition,
    "Where the value's rows are 0 the output is 0: nothing of x is added, nothing comes after.",
)
test_biases_take_part_where_there_are_any = standard.biases(definition)
test_equal_sizes_do_not_mix_up_axes = standard.equal_sizes(definition)
test_each_sequence_of_a_batch_is_attended_to_on_its_own = standard.apart(
    definition, "Changing one sequence of a batch leaves the outputs of the others as they are."
)
test_permuting_the_tokens_permutes_the_output = standard.order(
    definition,
    "A layer without positions or a mask treats all tokens alike: their order carries over.",
)
test_gradients_reach_x_and_all_rows = standard.gradients(
    definition, "x and every row of weight and bias have the gradients of the unfused layer."
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
