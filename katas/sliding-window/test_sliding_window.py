"""What sliding-window attention is, claim by claim: the last few keys, and the cost of few."""

import torch

from grader.bank import Definition, assert_matches, attention, check, refuse, standard


def windowed(query, key, value, window):
    """Torch's attention in float64 where key j is no later than i and less than a window before."""
    places = torch.arange(key.size(-2))
    back = places[:, None] - places
    return attention(query, key, value, (back >= 0) & (back < window))


definition = Definition(windowed)


def calls(draw, *cases):
    """A call for each (leading axes, S, d, window)."""
    made = []
    for lead, length, width, window in cases:
        query, key, value = (draw(*lead, length, width) for _ in range(3))
        made.append({"query": query, "key": key, "value": value, "window": window})
    return made


def unseen(length, window):
    places = torch.arange(length)
    back = places[:, None] - places
    return (back >= 0) & (back < window)


test_computes_attention_itself = standard.by_hand(definition)
test_context_has_the_shape_of_the_query = standard.shape(
    definition, "The context is (…, S, d) for any leading dimensions, also with one position."
)
test_is_attention_to_the_window = standard.formula(
    definition, "The context is softmax(QKᵀ/√d)V over the window of each position."
)


@check("masking")
def test_the_window_ends_where_it_should(candidate, draw):
    """Position i sees exactly window keys, itself the last of them; fewer near the beginning."""
    cases = [((2,), length, 4, window) for length in (9, 13) for window in (1, 2, 3, 5, 8)]
    definition.holds(definition.layer(candidate), *calls(draw, *cases))


@check("masking")
def test_what_lies_outside_the_window_has_no_influence(candidate, draw):
    """Changing a position changes itself and the window − 1 behind it, and nothing else."""
    (call,) = calls(draw, ((2,), 12, 4, 4))
    changed = []
    for place in (0, 3, 6, 11):
        other = {n: t.clone() if n != "window" else t for n, t in call.items()}
        for name in ("key", "value"):
            other[name][:, place] = draw(2, 4) * 20
        changed.append(other)
    before, *answers = candidate.each(call, *changed)
    for place, answer in zip((0, 3, 6, 11), answers, strict=True):
        off = (answer.output - before.output).abs().amax(dim=(0, 2)) > 1e-3
        if bool(off[:place].any()):
            raise refuse(f"positions before {place} see what stands there", answer)
        if bool(off[place + 4 :].any()):
            raise refuse(
                f"with a window of 4, position {place} is still seen from {place + 4}", answer
            )
    definition.agree([before, *answers])


@check("masking")
def test_a_window_of_one_is_the_own_value(candidate, draw):
    """With a window of 1 each position attends to itself alone: the context is its value."""
    for answer in candidate.each(*calls(draw, ((2, 3), 7, 5, 1), ((), 1, 3, 1), ((1,), 300, 4, 1))):
        assert_matches(answer, answer.call.arguments["value"].double())


@check("masking")
def test_a_window_as_long_as_the_sequence_is_plain_causal(candidate, draw):
    """With S below, at and above the window: from S on it is causal attention, however wide."""
    cases = [((2,), length, 3, 6) for length in (1, 2, 4, 5, 6, 7, 8, 11, 12, 13)]
    cases += [((2,), 5, 3, window) for window in (4, 5, 6, 100, 4096)]
    definition.holds(definition.layer(candidate), *calls(draw, *cases))


@check("equivalence")
def test_each_sequence_has_a_window_of_its_own(candidate, draw):
    """Any number of leading axes: sequences and heads do not reach into each other."""
    cases = [
        ((), 7, 4, 3),
        ((4,), 4, 4, 2),
        ((3, 3), 3, 3, 2),
        ((2, 1, 3), 5, 2, 4),
        ((5,), 9, 1, 3),
    ]
    definition.holds(definition.layer(candidate), *calls(draw, *cases))


test_scores_are_divided_by_the_root_of_d = standard.scale(
    definition, "The scale is √d: of the query's width, whatever S and the window are."
)
test_weights_of_a_query_sum_to_one_over_its_window = standard.sums_to_one(
    definition, "A query's weights sum to 1 over its window: equal values give that value."
)
test_sequences_do_not_mix = standard.apart(definition)
test_gradients_reach_query_key_and_value = standard.gradients(definition)


@check("gradient")
def test_gradients_end_with_the_window(candidate, draw):
    """Gradients are true at every window: of 1, beside the sequence's length, and beyond it."""
    cases = [((2,), 7, 4, window) for window in (1, 2, 6, 7, 9)]
    definition.backward(draw, definition.layer(candidate), *calls(draw, *cases))


@check("masking")
def test_hidden_keys_stay_hidden_when_their_scores_dominate(candidate, draw):
    """A key outside the window gets weight 0 even at a score of 10⁴ beside visible −10⁴ or 0."""
    layer, asked = definition.layer(candidate), []
    for window in (1, 3, 4):
        scores = definition.opposed(draw, unseen(9, window).expand(2, 9, 9))
        asked.append({**definition.scored(draw, layer, scores), "window": window})
    definition.holds(layer, *asked, scores=1e4)


test_scores_of_ten_thousand_stay_finite = standard.finite(definition)
test_inputs_are_left_as_they_were = standard.untouched(
    definition, "Query, key and value are left as they were: values, shape and strides."
)
test_nothing_is_carried_over_between_calls = standard.nothing_kept(definition)


@check("robustness")
def test_a_call_uses_its_own_window(candidate, draw):
    """Nothing is kept by length: another window at the same length sees otherwise."""
    cases = [((2,), 9, 4, window) for window in (3, 5, 1, 3, 9, 2, 5)]
    definition.holds(definition.layer(candidate), *calls(draw, *cases))


test_sequences_may_be_long = standard.any_length(
    definition, "There is no maximum length: thousands of positions are fine."
)


@check("budget")
def test_memory_grows_with_the_window_and_not_with_the_square(memory):
    """No tensor is as large as all pairs of positions: at most S²/4 elements, at S ≥ 8·window·d."""
    memory.below("S * S / 4", S=2048, d=8, window=4)
    memory.below("S * S / 4", S=1024, d=4, window=32)


@check("budget")
def test_keeps_up_with_a_padded_gather(race, draw):
    """Takes no more than the budget beside a gather of each window, short and long."""
    race("many short sequences", lambda: calls(draw, ((256, 2), 8, 4, 3))[0], definition)
    race("a long sequence", lambda: calls(draw, ((1,), 1024, 32, 4))[0], definition)
    race("a long sequence of wide vectors", lambda: calls(draw, ((1,), 512, 64, 2))[0], definition)


# --- what a senior interviewer asks next --------------------------------------------------------

test_double_precision_in_double_precision_out = standard.double(definition)
test_half_precision_stays_what_it_is = standard.half(definition)
test_inputs_need_not_be_contiguous = standard.strided(definition)
test_no_device_is_hard_coded = standard.no_device(definition)


@check("shape", stretch=True)
def test_values_may_have_a_width_of_their_own(candidate, draw):
    """Values of another width than the queries are handed over as they are."""
    made = calls(draw, ((2,), 7, 4, 3), ((), 5, 3, 9))
    for call, width in zip(made, (6, 1), strict=True):
        call["value"] = draw(*call["key"].shape[:-1], width)
    for call, answer in zip(made, candidate.each(*made), strict=True):
        assert_matches(answer, windowed(**call))
