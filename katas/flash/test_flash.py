"""What attention by blocks is, claim by claim: exactly attention, and never all of it at once."""

import torch

from grader.bank import Definition, assert_matches, attention, check, standard


def blockwise(query, key, value, causal=False, block_size=64):
    """Torch's attention in float64; under the causal rule query i sees keys up to i."""
    if not causal:
        return attention(query, key, value)
    mask = torch.ones(query.size(-2), key.size(-2), dtype=torch.bool).tril()
    return attention(query, key, value, mask)


definition = Definition(blockwise)


def calls(draw, *cases):
    """A call for each (leading axes, L, S, d, causal, block_size)."""
    made = []
    for lead, queries, keys, width, causal, block_size in cases:
        call = {"query": draw(*lead, queries, width), "key": draw(*lead, keys, width)}
        call |= {"value": draw(*lead, keys, width), "causal": causal, "block_size": block_size}
        made.append(call)
    return made


test_computes_attention_itself = standard.by_hand(definition)
test_context_has_the_shape_of_the_query = standard.shape(
    definition, "The context is (…, L, d) for any leading dimensions, also with one query or key."
)
test_is_softmax_of_scaled_scores_times_value = standard.formula(
    definition, "The context is softmax(QKᵀ/√d)V, exactly."
)


@check("equivalence")
def test_blocks_of_any_size_give_the_same(candidate, draw):
    """However it is cut, the result is the same: one key at a time, unevenly, or all at once."""
    cases = [((2,), 7, 9, 4, False, size) for size in (1, 2, 3, 4, 5, 7, 8, 9, 10, 64)]
    cases += [
        ((2,), 130, 67, 3, False, 64),
        ((1,), 64, 128, 3, False, 64),
        ((), 5, 65, 2, False, 64),
    ]
    definition.holds(definition.layer(candidate), *calls(draw, *cases))


@check("equivalence")
def test_a_last_block_may_be_short(candidate, draw):
    """Where blocks do not divide L or S the rest counts too, and only once."""
    cases = [((2,), n, m, 3, False, 4) for n in (1, 3, 4, 5) for m in (5, 6, 7, 8, 9, 13)]
    definition.holds(definition.layer(candidate), *calls(draw, *cases))


@check("masking")
def test_the_causal_rule_holds_across_blocks(candidate, draw):
    """With causal=True query i sees keys 0 … i, in every block and where L and S differ."""
    cases = [((2,), n, n, 4, True, size) for n in (1, 4, 7, 9) for size in (1, 2, 3, 4, 64)]
    cases += [
        ((2,), n, m, 3, True, size) for n, m in ((5, 9), (9, 5), (1, 7)) for size in (1, 2, 4)
    ]
    cases += [((2,), 130, 130, 3, True, 64)]
    definition.holds(definition.layer(candidate), *calls(draw, *cases))


def ordered(draw, width, *rows):
    """Calls of one direction whose scores are these, key by key: (L, S) each, in blocks of 2."""
    made = []
    for scores in rows:
        queries, keys = scores.shape
        call = {"query": torch.zeros(queries, width), "key": torch.zeros(keys, width)}
        call["query"][:, :queries] = torch.eye(queries)
        call["key"][:, :queries] = scores.T * width**0.5
        made += [{**call, "value": draw(keys, width), "block_size": size} for size in (1, 2, 3)]
    return made


@check("numerics")
def test_the_largest_score_may_come_in_any_block(candidate, draw):
    """Ascending, descending and alternating scores: what was summed is taken up again rightly."""
    up = torch.arange(8.0)
    scores = torch.stack([up, up.flip(0), up * 0, (up % 2) * 6, -up, up * 3])
    definition.holds(definition.layer(candidate), *ordered(draw, 8, scores))


@check("numerics")
def test_very_negative_scores_weigh_as_they_should(candidate, draw):
    """Where all scores are far below 0 the largest still counts: nothing underflows to 0/0."""
    far = torch.stack(
        [torch.arange(7.0) - 200, -500 - torch.arange(7.0), torch.full((7,), -9000.0)]
    )
    mixed = torch.stack([torch.tensor([-900.0, -901, -30, -31, 5, 4, -2000])] * 2)
    definition.holds(definition.layer(candidate), *ordered(draw, 8, far, mixed), scores=1e4)


test_weights_of_a_query_sum_to_one_over_the_keys = standard.sums_to_one(definition)
test_scores_are_divided_by_the_root_of_d = standard.scale(definition)
test_each_sequence_is_attended_to_on_its_own = standard.apart(definition)
test_the_order_of_keys_does_not_matter = standard.order(definition)
test_gradients_reach_query_key_and_value = standard.gradients(definition)


@check("gradient")
def test_gradients_go_through_every_block(candidate, draw):
    """Gradients are true with several blocks, causal and not."""
    cases = [((2,), 7, 9, 4, causal, size) for causal in (False, True) for size in (1, 2, 4, 64)]
    definition.backward(draw, definition.layer(candidate), *calls(draw, *cases))


test_scores_of_ten_thousand_stay_finite = standard.finite(definition)


@check("numerics")
def test_scores_of_ten_thousand_stay_finite_in_blocks(candidate, draw):
    """So do they where the extremes lie in different blocks, with their gradients."""
    scores = torch.tensor([[1e4, -1e4, 0, 1e4, -1e4], [-1e4, -1e4, 1e4, 0, 5e3], [-1e4] * 5])
    layer = definition.layer(candidate)
    asked = ordered(draw, 8, scores, scores.flip(1))
    definition.backward(draw, layer, *asked, scores=1e4)
    definition.holds(layer, *({**call, "causal": True} for call in asked), scores=1e4)


test_inputs_are_left_as_they_were = standard.untouched(definition)
test_nothing_is_carried_over_between_calls = standard.nothing_kept(definition)
test_sequences_may_be_longer_than_any_buffer = standard.any_length(definition)


@check("budget")
def test_scores_are_never_all_there(memory):
    """No tensor has more than L·S/4 elements, and at most L·S/2 live at a time, causal or not."""
    for causal in (False, True):
        sizes = {"L": 256, "S": 256, "d": 8, "block_size": 16, "causal": causal}
        memory.below("L * S / 4", "L * S / 2", **sizes)


@check("budget")
def test_keeps_up_with_the_reference(race, draw):
    """Takes no more than the budget beside a loop over blocks of queries and keys."""
    race("many short sequences", lambda: calls(draw, ((256, 2), 8, 8, 4, False, 64))[0], definition)
    race("several blocks", lambda: calls(draw, ((2,), 256, 256, 32, False, 64))[0], definition)
    race(
        "several blocks, causal", lambda: calls(draw, ((2,), 256, 256, 32, True, 64))[0], definition
    )


# --- what a senior interviewer asks next --------------------------------------------------------

test_double_precision_in_double_precision_out = standard.double(definition)
test_half_precision_stays_what_it_is = standard.half(definition)
test_inputs_need_not_be_contiguous = standard.strided(definition)
test_no_device_is_hard_coded = standard.no_device(definition)


@check("shape", stretch=True)
def test_values_may_have_a_width_of_their_own(candidate, draw):
    """Values of another width than the queries are handed over as they are."""
    made = calls(draw, ((2,), 5, 7, 4, False, 2), ((), 5, 7, 3, True, 64))
    for call, width in zip(made, (6, 1), strict=True):
        call["value"] = draw(*call["key"].shape[:-1], width)
    for call, answer in zip(made, candidate.each(*made), strict=True):
        assert_matches(answer, blockwise(**call))
