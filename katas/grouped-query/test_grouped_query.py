"""What grouped-query attention is, claim by claim: whose key and value a head of the query reads."""

from dataclasses import replace

from grader.bank import Definition, assert_matches, attention, check, linear, refuse, standard


def grouped(weights, x, attention_mask=None, *, num_heads, num_kv_heads, attend=attention):
    """In float64: project, heads apart, one key and value for each group, torch's attention."""
    head_dim = len(weights["query"].weight) // num_heads
    query, key, value = (
        linear(x, weights[role]).unflatten(-1, (-1, head_dim)).transpose(1, 2)
        for role in ("query", "key", "value")
    )
    groups = [head * num_kv_heads // num_heads for head in range(num_heads)]
    context = attend(query, key[:, groups], value[:, groups], attention_mask)
    return linear(context.transpose(1, 2).flatten(-2), weights["output"])


definition = Definition(grouped)
HEADS = ((4, 2), (6, 2), (6, 3), (8, 4), (12, 3))
"""Heads of queries and of keys: at least 2 groups of at least 2, so that their order shows."""


def calls(draw, layer, batch=2, length=5):
    """A call without a mask, and one under a mask of each head's own."""
    width, heads = layer.construct["hidden_dim"], layer.construct["num_heads"]
    plain = {"x": draw(batch, length, width)}
    return plain, plain | {"attention_mask": draw.mask(batch, heads, length, length)}


test_computes_attention_itself = standard.by_hand(definition)
test_its_weights_are_four_projections_and_nothing_more = standard.nothing_more(
    definition, "Query, key, value and output projection are all there is to learn."
)
test_output_has_the_shape_of_x = standard.shape(
    definition, "The output is (B, S, D) like x, also with one sequence, one token or one head."
)


@check("equivalence")
def test_a_query_head_reads_the_key_and_value_of_its_group(candidate, draw):
    """Query head h reads key and value head h // (H / H_kv): consecutive heads share."""
    asked = []
    for heads, shared in HEADS:
        layer = candidate(hidden_dim=heads * 3, num_heads=heads, num_kv_heads=shared)
        asked += [(layer, call) for call in calls(draw, layer)]
    definition.agree(candidate.in_turn(*asked))


@check("equivalence")
def test_one_key_for_all_is_multi_query_attention(candidate, draw):
    """With H_kv = 1 all heads read the same key and value, whatever H is."""
    asked = []
    for heads in (1, 2, 5):
        layer = candidate(hidden_dim=heads * 3, num_heads=heads, num_kv_heads=1)
        asked += [(layer, call) for call in calls(draw, layer)]
    definition.agree(candidate.in_turn(*asked))


@check("equivalence")
def test_a_key_for_every_head_is_multi_head_attention(candidate, draw):
    """With H_kv = H nothing is shared: it is the multi-head layer."""
    asked = []
    for heads in (2, 3):
        layer = candidate(hidden_dim=heads * 5, num_heads=heads, num_kv_heads=heads)
        asked += [(layer, call) for call in calls(draw, layer)]
    definition.agree(candidate.in_turn(*asked))


@check("equivalence")
def test_a_key_and_value_matter_to_their_own_group_alone(candidate, draw):
    """Other weights of one key or value head change what its group returns, and nothing else."""
    layer = candidate(hidden_dim=18, num_heads=6, num_kv_heads=3)
    layer.choose("output", layer.weights["output"].weight.new_zeros(18, 18).fill_diagonal_(1.0))
    call = calls(draw, layer)[0]
    asked = [layer]
    for role in ("key", "value"):
        other = layer.to(layer.dtype)
        weight = layer.weights[role].weight.clone()
        weight[3:6] = draw(3, 18) / 3
        other.weights[role] = replace(layer.weights[role], weight=weight)
        asked.append(other)
    before, *after = candidate.in_turn(*((one, call) for one in asked))
    definition.agree([before])
    for role, answer in zip(("key", "value"), after, strict=True):
        moved = (answer.output - before.output).abs().amax(dim=(0, 1)) > 1e-4
        if bool(moved[:6].any() or moved[12:].any()):
            raise refuse(f"{role} head 1 changed what heads beyond 2 and 3 return", answer)
        definition.agree([answer])


@check("equivalence")
def test_is_attention_in_every_head_merged_and_projected(candidate, draw):
    """It is torch's multi-head layer with each key and value head's weights repeated in place."""
    layer = candidate(hidden_dim=20, num_heads=4, num_kv_heads=2)
    repeated = dict(layer.weights)
    for role in ("key", "value"):
        parts = layer.weights[role].weight, layer.bias(role)
        heads = (part.unflatten(0, (2, 5)).repeat_interleave(2, dim=0) for part in parts)
        weight, bias = (part.flatten(0, 1) for part in heads)
        repeated[role] = replace(layer.weights[role], weight=weight, bias=bias)
    for answer in layer.each(*calls(draw, layer)):
        truth = grouped(repeated, num_heads=4, num_kv_heads=4, **answer.call.arguments)
        assert_matches(answer, truth)


test_is_the_definition_at_any_size = standard.formula(
    definition, "The output is Concat(head_1, …, head_H) through the output projection."
)
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
    "Equal sizes, or sizes of 1, make no axis of the mask pass for another: nor do groups.",
)
test_hidden_tokens_have_no_influence = standard.no_influence(
    definition, "What hidden tokens hold does not matter: it is as if they were not there."
)
test_a_single_visible_key_is_all_there_is = standard.single(
    definition, "With all keys but one hidden, a head's context is that key's value."
)
test_hidden_keys_stay_hidden_when_their_scores_dominate = standard.dominated(definition)
test_trains_as_it_evaluates = standard.modes_agree(definition)
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
test_heads_that_do_not_divide_never_give_a_result = standard.never_uneven(
    definition, "Where H does not divide D, or H_kv does not divide H, there is an error."
)
test_memory_stays_within_the_budget = standard.memory(definition)
test_keeps_up_with_the_reference = standard.budget(
    definition,
    "Takes no more time than the budget, for short, long and wide inputs and in many heads.",
)

# --- what a senior interviewer asks next --------------------------------------------------------

test_heads_that_do_not_divide_are_refused_at_once = standard.uneven_refused(
    definition, "Building a layer whose heads do not divide raises ValueError or asserts."
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
