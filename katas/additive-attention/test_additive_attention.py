"""What additive attention is, claim by claim: a network scores every pair of query and key."""

import math

import torch

from grader.bank import Definition, Sizes, attention, check, linear, refuse, standard

WIDTHS = ((3, 8, 11), (8, 3, 5), (1, 2, 1), (7, 5, 33))
"""Of queries, keys and what is summed: each the widest, and each the narrowest."""
LOW, HIGH = -1e4, 1e4
LEVELS = (HIGH, 0.0, LOW, LOW, HIGH, 0.0, LOW)
"""Scores of keys, to both ends of what is promised."""


def additive(weights, query, key, value, mask=None, *, attend=attention):
    """In float64: `nn.Linear`, its row of scores, then torch's attention, which is given these."""
    asked, offered = linear(query, weights["query"]), linear(key, weights["key"])
    energy = torch.tanh(asked.unsqueeze(-2) + offered.unsqueeze(-3))
    scores = linear(energy, weights["score"]).squeeze(-1)
    # Where each key is a unit vector, a query's scaled product with it is one of its own numbers.
    keys = scores.size(-1)
    each = torch.eye(keys, dtype=torch.float64) * math.sqrt(keys)
    return attend(scores, each.expand(len(scores), keys, keys), value, mask)


definition = Definition(additive)


def levelled(candidate, draw, levels, queries):
    """A layer and a call of two sequences whose keys have these scores, whoever asks."""
    layer = definition.layer(candidate, query_dim=3, key_dim=4, hidden_dim=5)
    reach = 2.0**14
    layer.choose("query", torch.zeros(5, 3))
    layer.choose("key", torch.eye(5, 4))
    layer.choose("score", reach * torch.eye(1, 5))
    call = definition.call(draw, layer, Sizes((2,), queries, len(levels)))
    call["key"][..., 0] = torch.tensor(levels, dtype=torch.float64).div(reach).atanh().float()
    return layer, call


test_computes_attention_itself = standard.by_hand(definition)
test_its_weights_are_two_projections_and_a_row_and_nothing_more = standard.nothing_more(
    definition, "W_q, W_k and v are all there is to learn, beside their biases."
)
test_context_has_a_row_per_query_and_a_column_per_value = standard.shape(
    definition, "The context is (B, L, d_v), also with one sequence, one query or one key."
)
test_is_the_softmax_of_the_networks_scores_times_value = standard.formula(
    definition, "The context is softmax(vᵀ tanh(W_q q + W_k k)) V."
)


@check("equivalence")
def test_weights_depend_on_the_query(candidate, draw):
    """Which keys are attended to depends on the query: others ask for others."""
    layer = definition.layer(candidate)
    call = definition.call(draw, layer, Sizes((2,), 4, 6))
    call["value"] = torch.eye(6).expand(2, 6, 6).contiguous()
    other = {**call, "query": 3 * draw(*call["query"].shape)}
    answers = layer.each(call, other)
    first = answers[0].output[:, :1]
    if not any(bool(((a.output - first).abs() > 1e-4).any()) for a in answers):
        raise refuse("all queries attend alike: the query cancels in the softmax", answers[0])
    definition.agree(answers)


@check("equivalence")
def test_queries_keys_and_sums_have_widths_of_their_own(candidate, draw):
    """Each width may be the largest, or 1; queries are read by W_q and keys by W_k."""
    asked = []
    for query_dim, key_dim, hidden_dim in WIDTHS:
        widths = {"query_dim": query_dim, "key_dim": key_dim, "hidden_dim": hidden_dim}
        layer = definition.layer(candidate, **widths)
        asked += [(layer, definition.call(draw, layer, Sizes((2,), *n))) for n in ((5, 3), (4, 4))]
    definition.agree(candidate.in_turn(*asked))


test_scores_are_not_scaled = standard.scale(
    definition, "Nothing divides the scores: v learns their size, whatever the widths."
)
test_weights_of_a_query_sum_to_one_over_the_keys = standard.sums_to_one(definition)
test_the_order_of_keys_does_not_matter = standard.order(definition)
test_each_sequence_is_attended_to_on_its_own = standard.apart(definition)
test_attends_where_the_mask_is_true = standard.obeyed(
    definition, 'True means "may attend", for every mask that broadcasts to (B, L, S).'
)
test_a_mask_of_ones_and_zeros_means_the_same_in_any_dtype = standard.any_dtype(definition)
test_every_sequence_obeys_its_own_mask = standard.lines_up(definition)
test_attending_under_a_mask_is_attending_to_the_visible_keys_alone = standard.no_influence(
    definition
)
test_a_single_visible_key_is_all_there_is = standard.single(definition)


@check("masking")
def test_hidden_keys_stay_hidden_when_their_scores_dominate(candidate, draw):
    """A hidden key gets weight 0 even where its score is 10⁴ and the visible ones are −10⁴ or 0."""
    layer, call = levelled(candidate, draw, LEVELS, 4)
    level = torch.tensor(LEVELS)
    alone = torch.stack([level < 0, level == 0, level <= 0, level > 0])
    rows = alone & ((torch.arange(7) % 7 != 3) | (level >= 0)[None])
    masks = [alone, rows.expand(2, 4, 7), rows[None], alone[:1][None], alone[2:3].expand(2, 1, 7)]
    kinds = (torch.bool, torch.int64, torch.float32)
    calls = [definition.under(layer, call, m.to(kind)) for m in masks for kind in kinds]
    train = [number % 2 == 1 for number in range(len(calls))]
    definition.holds(layer, *calls, scores=HIGH, train=train)


test_training_and_evaluation_agree = standard.modes_agree(definition)
test_gradients_reach_all_inputs_and_all_weights = standard.gradients(
    definition, "Query, key, value, W_q, W_k, v and biases have the true gradients, masked or not."
)


@check("numerics")
def test_scores_of_ten_thousand_stay_finite(candidate, draw):
    """Scores of ±10⁴ give the true, finite output and gradients: the softmax does not overflow."""
    for levels in (LEVELS, [HIGH - n for n in range(5)], [LOW + n for n in range(5)], [LOW, LOW]):
        layer, call = levelled(candidate, draw, levels, 3)
        mask = draw.mask(2, 3, len(levels))
        calls = [call, definition.under(layer, call, mask)]
        definition.backward(draw, layer, *calls, scores=HIGH, train=[False, True])


test_inputs_are_left_as_they_were = standard.untouched(
    definition, "Query, key, value and mask are left as they were, in training as well."
)
test_nothing_is_carried_over_between_calls = standard.nothing_kept(definition)


@check("robustness")
def test_sequences_may_be_longer_than_any_buffer(candidate, draw):
    """There is no maximum length: a thousand keys, or queries, are fine, masked or not."""
    layer, calls = definition.layer(candidate, Sizes(width=2)), []
    for batch, queries, keys in ((1, 7, 1031), (2, 521, 5), (2, 9, 521)):
        call = definition.call(draw, layer, Sizes((batch,), queries, keys))
        calls += [call, definition.under(layer, call, draw.mask(batch, queries, keys))]
    definition.holds(layer, *calls, train=[False, True] * 3)


@check("budget")
def test_memory_stays_within_the_budget(memory):
    """Takes no more memory than the budget, which has room for a sum of each query and key."""
    memory()


@check("budget")
def test_keeps_up_with_the_reference(race, draw):
    """Takes no more time than the budget: with many queries, many keys, and wide sums."""
    for name, widths, sizes in (
        ("several sequences", (4, 6, 32), Sizes((4,), 16, 32, value=8)),
        ("many queries", (4, 6, 32), Sizes((1,), 256, 8, value=8)),
        ("many keys", (4, 6, 32), Sizes((1,), 8, 256, value=8)),
        ("wide sums", (16, 24, 512), Sizes((2,), 8, 8, value=8)),
    ):
        built = dict(zip(("query_dim", "key_dim", "hidden_dim"), widths, strict=True))
        race(name, lambda s=sizes, b=built: asked(draw, b, s), definition, **built)
    # One projection of the two put together does more arithmetic the wider they are, and is right.
    race.count(query_dim=32, key_dim=32)


def asked(draw, built, sizes):
    """Arguments of these widths and sizes, under a mask."""
    batch, queries, keys = *sizes.lead, sizes.queries, sizes.keys
    return {
        "query": draw(batch, queries, built["query_dim"]),
        "key": draw(batch, keys, built["key_dim"]),
        "value": draw(batch, keys, sizes.value),
        "mask": draw.mask(batch, queries, keys),
    }


# --- what a senior interviewer asks next --------------------------------------------------------

test_a_query_that_may_attend_to_nothing_gets_a_zero_context = standard.empty_row(definition)
test_a_fully_masked_row_leaves_gradients_finite = standard.empty_row_gradients(definition)
test_double_precision_in_double_precision_out = standard.double(definition)
test_half_precision_works_with_a_mask = standard.half(definition)
test_inputs_need_not_be_contiguous = standard.strided(definition)
test_no_device_is_hard_coded = standard.no_device(definition)
