"""What scaled dot-product attention is, claim by claim, from the definition outwards."""

import math

import torch

from grader.bank import (
    assert_gradients,
    assert_matches,
    assert_shape,
    attention,
    check,
    gradients,
    refuse,
)

SHAPES = [  # leading dims, L, S, d_k, d_v: small first, and nothing equal that could hide a mix-up
    ((), 2, 3, 5, 7),
    ((1,), 1, 3, 5, 2),
    ((1,), 3, 1, 2, 5),
    ((2,), 5, 7, 3, 11),
    ((2, 3), 7, 5, 11, 13),
    ((3, 1, 2), 3, 11, 13, 5),
]


def triple(draw, lead, *sizes):
    queries, keys, d_k, d_v = sizes
    return {
        "query": draw(*lead, queries, d_k),
        "key": draw(*lead, keys, d_k),
        "value": draw(*lead, keys, d_v),
    }


def assert_attends(answers, scores=0.0):
    """Every call was answered as the definition has it."""
    for answer in answers:
        assert_matches(answer, attention(**answer.call.arguments), scores=scores)


@check("rules")
def test_computes_attention_itself(candidate, draw):
    """Attention is written out: torch's own is not called, with a mask or without."""
    call = triple(draw, (2,), 3, 5, 7, 7)
    candidate.each(call, call | {"mask": draw.mask(3, 5)})


@check("shape")
def test_context_has_a_row_per_query_and_a_column_per_value(candidate, draw):
    """The context is (…, L, d_v) for any leading dimensions, also with one query or one key."""
    calls = [triple(draw, *shape) for shape in SHAPES]
    for (lead, queries, _, _, d_v), answer in zip(SHAPES, candidate.each(*calls), strict=True):
        assert_shape(answer, (*lead, queries, d_v))


@check("equivalence")
def test_is_softmax_of_scaled_scores_times_value(candidate, draw):
    """The context is softmax(QKᵀ/√d_k)V."""
    calls = [triple(draw, *shape) for shape in SHAPES]
    for call, answer in zip(calls, candidate.each(*calls), strict=True):
        assert_matches(answer, attention(**call))


@check("equivalence")
def test_weights_of_a_query_sum_to_one_over_the_keys(candidate, draw):
    """Each query's weights sum to 1 over the keys: attending to equal values returns that value."""
    call = triple(draw, (2, 3), 5, 7, 3, 2)
    call["value"] = torch.ones(2, 3, 7, 2)
    assert_matches(candidate.each(call)[0], torch.ones(2, 3, 5, 2).double())


@check("equivalence")
def test_scores_are_divided_by_the_root_of_d_k(candidate, draw):
    """The scale is √d_k: of the query's width, whatever L, S and d_v are."""
    widths = [(1, 4), (2, 3), (16, 5), (37, 2), (64, 128)]
    calls = [triple(draw, (), 3, 11, d_k, d_v) for d_k, d_v in widths]
    for call, answer in zip(calls, candidate.each(*calls), strict=True):
        assert_matches(answer, attention(**call))


@check("masking")
def test_attends_where_the_mask_is_true(candidate, draw):
    """True means "may attend", for every mask that broadcasts to the scores (…, L, S)."""
    shapes = [
        (5, 7),
        (1, 7),
        (7,),
        (3, 5, 7),
        (2, 1, 1, 7),
        (2, 3, 5, 7),
        (2, 1, 5, 7),
        (1, 1, 5, 7),
    ]
    call = triple(draw, (2, 3), 5, 7, 11, 13)
    deeper = triple(draw, (2, 3, 1), 5, 7, 2, 3)
    calls = [call | {"mask": draw.mask(*shape)} for shape in shapes]
    calls += [deeper | {"mask": draw.mask(*s)} for s in ((5, 7), (3, 1, 5, 7), (2, 1, 1, 1, 7))]
    assert_attends(candidate.each(*calls))


@check("masking")
def test_a_mask_lines_up_from_the_right_where_sizes_are_equal_by_chance(candidate, draw):
    """A mask of a batch's, a head's or a square's size still lines up with (…, L, S) by place."""
    cases = [  # leading dims, L, S, and the masks
        ((5,), 5, 7, [(5, 7), (5, 1, 7), (5, 5, 7)]),
        ((7,), 5, 7, [(5, 7), (7, 1, 7), (7,)]),
        ((3, 3), 5, 7, [(3, 5, 7), (3, 1, 7), (3, 1, 1, 7)]),
        ((5, 3), 5, 7, [(5, 7), (3, 5, 7), (5, 1, 5, 7)]),
        ((7, 3), 5, 7, [(5, 7), (7,), (7, 1, 1, 7)]),
        ((2, 5), 5, 7, [(5, 7), (5, 5, 7), (5, 1, 7)]),
        ((2, 3), 5, 5, [(5, 5), (5,), (3, 5, 5), (2, 1, 5, 5)]),
        ((5, 5), 5, 5, [(5, 5), (5,), (5, 5, 5), (5, 1, 5), (5, 1, 1, 5)]),
    ]
    calls = []
    for lead, queries, keys, shapes in cases:
        call = triple(draw, lead, queries, keys, 3, 2)
        calls += [call | {"mask": draw.mask(*shape)} for shape in shapes]
    assert_attends(candidate.each(*calls))


@check("masking")
def test_a_mask_of_ones_and_zeros_means_the_same_in_any_dtype(candidate, draw):
    """1 may attend and 0 may not, as bool, integers or floats; an explicit None hides nothing."""
    call = triple(draw, (2,), 3, 5, 7, 2)
    mask = draw.mask(2, 3, 5)
    integers = torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64
    floats = torch.float16, torch.bfloat16, torch.float32, torch.float64
    masks = [mask.to(dtype) for dtype in (torch.bool, *integers, *floats)]
    assert_attends(candidate.each(*(call | {"mask": m} for m in (*masks, None))))


@check("masking")
def test_attending_under_a_mask_is_attending_to_the_visible_keys_alone(candidate, draw):
    """Hidden keys and values have no influence: without them the context is the same."""
    for keys in (2, 7, 13):
        call = triple(draw, (2,), 3, keys, 5, 11)
        visible = draw.mask(keys)
        other = {
            "query": call["query"],
            "key": torch.where(visible[:, None], call["key"], draw(2, keys, 5) * 30),
            "value": torch.where(visible[:, None], call["value"], draw(2, keys, 11) * 30),
        }
        alone = {
            "query": call["query"],
            "key": call["key"][:, visible],
            "value": call["value"][:, visible],
        }
        truth = attention(**alone)
        masks = [call | {"mask": visible}, other | {"mask": visible}, alone]
        for answer in candidate.each(*masks):
            assert_matches(answer, truth)


@check("masking")
def test_a_single_visible_key_is_all_there_is(candidate, draw):
    """With all keys but one hidden, the context is that key's value."""
    call = triple(draw, (3,), 5, 7, 2, 11)
    chosen = torch.stack([draw.permutation(7)[:5] for _ in range(3)])
    mask = torch.zeros(3, 5, 7, dtype=torch.bool).scatter(-1, chosen[..., None], True)
    truth = call["value"].gather(1, chosen[..., None].expand(-1, -1, 11)).double()
    assert_matches(candidate.each(call | {"mask": mask})[0], truth)


def extreme(draw, visible_score, hidden_score):
    """Scores exact in float32: hidden keys at one end, visible ones at or near the other."""
    visible = draw.mask(9)
    steps = torch.tensor([0.0, 1.0, 2.0]).repeat(3) / 128  # each step is 0.78 in the scores
    towards = -math.copysign(1.0, visible_score)
    key = torch.zeros(9, 16)
    key[:, 0] = torch.where(visible, visible_score / 100 + towards * steps, hidden_score / 100)
    query = torch.zeros(4, 16)
    query[:, 0] = 400.0
    return {"query": query, "key": key, "value": draw(9, 5), "mask": visible}


@check("masking")
def test_hidden_keys_stay_hidden_when_their_scores_dominate(candidate, draw):
    """A hidden key gets weight 0 even where its score is 10⁴ and the visible ones are −10⁴."""
    calls = [extreme(draw, -1e4, 1e4), extreme(draw, 1e4, -1e4), extreme(draw, 1e4, 1e4)]
    for call, answer in zip(calls, candidate.each(*calls), strict=True):
        assert_matches(answer, attention(**call), scores=1e4)


@check("masking")
def test_under_a_causal_mask_a_prefix_does_not_see_what_follows(candidate, draw):
    """With a triangular mask, the first rows of a sequence are those of its prefix alone."""
    for length in (2, 5, 17):
        whole = triple(draw, (2,), length, length, 3, 7)
        cut = draw.integer(1, length - 1)
        prefix = {name: t[:, :cut] for name, t in whole.items()}
        causal = torch.ones(length, length, dtype=torch.bool).tril()
        calls = [whole | {"mask": causal}, prefix | {"mask": causal[:cut, :cut]}]
        full, part = candidate.each(*calls)
        assert_matches(full, attention(**whole, mask=causal))
        assert_matches(part, attention(**whole, mask=causal)[:, :cut])


@check("equivalence")
def test_each_batch_element_is_attended_to_on_its_own(candidate, draw):
    """Changing one batch element leaves the others' contexts as they are."""
    call = triple(draw, (3, 2), 5, 7, 2, 3)
    other = {name: t.clone() for name, t in call.items()}
    for tensor in other.values():
        tensor[1] = draw(*tensor[1].shape) * 3
    for given, answer in zip((call, other), candidate.each(call, other), strict=True):
        assert_matches(answer, attention(**given))


@check("equivalence")
def test_the_order_of_keys_does_not_matter_and_that_of_queries_carries_over(candidate, draw):
    """Permuting keys with their values changes nothing; permuting queries permutes the context."""
    call = triple(draw, (2,), 5, 7, 3, 11)
    keys, queries = draw.permutation(7), draw.permutation(5)
    shuffled = {
        "query": call["query"][:, queries],
        "key": call["key"][:, keys],
        "value": call["value"][:, keys],
    }
    plain, moved = candidate.each(call, shuffled)
    assert_matches(plain, attention(**call))
    assert_matches(moved, attention(**call)[:, queries])


@check("gradient")
def test_gradients_reach_query_key_and_value(candidate, draw):
    """Query, key and value have the true gradients, under a mask and without one."""
    leads = (2,), (), (2, 3)
    masks = draw.mask(2, 5, 7), draw.mask(5, 7).long(), draw.mask(2, 1, 1, 7)
    calls = []
    for lead, mask in zip(leads, masks, strict=True):
        call = triple(draw, lead, 5, 7, 3, 11)
        calls += [call, call | {"mask": mask}]
    cotangents = [draw(*call["query"].shape[:-1], 11) for call in calls]
    answers = candidate.each(*calls, cotangents=cotangents)
    assert_attends(answers)
    for answer, call, cotangent in zip(answers, calls, cotangents, strict=True):
        assert_gradients(answer, gradients(attention, call, cotangent))


@check("numerics")
def test_scores_of_ten_thousand_stay_finite(candidate, draw):
    """Scores of ±10⁴ give the true, finite context: the softmax does not overflow."""
    signs = draw.signs(6, 16)
    calls = []
    for scale in (100.0, 200.0):  # 16 · (scale / 4)² / √16, where all signs agree: 10⁴ at most
        key = signs * scale / 4
        calls.append({"query": draw.signs(5, 16) * scale / 4, "key": key, "value": draw(6, 3)})
    for call, answer in zip(calls, candidate.each(*calls), strict=True):
        assert_matches(answer, attention(**call), scores=1e4)


@check("robustness")
def test_inputs_are_left_as_they_were(candidate, draw):
    """Query, key, value and mask are not modified, whatever the mask's dtype or without one."""
    call, mask = triple(draw, (2,), 3, 5, 7, 2), draw.mask(2, 3, 5)
    calls = [call | {"mask": m} for m in (mask, mask.float(), mask.int())] + [call]
    for cotangents in (None, [draw(2, 3, 2)] * len(calls)):  # also where gradients are followed
        for answer in candidate.each(*calls, cotangents=cotangents, keep_inputs=True):
            for name, before in answer.call.arguments.items():
                after = answer.inputs.get(name)
                if after is None or not torch.equal(after, before):
                    raise refuse(f"`{name}` was modified in place", answer)


@check("robustness")
def test_nothing_is_carried_over_between_calls(candidate, draw):
    """A call's context depends on that call alone, not on the ones before it."""
    first, second = triple(draw, (2,), 3, 5, 7, 2), triple(draw, (1,), 7, 3, 2, 5)
    masked = first | {"mask": draw.mask(3, 5)}
    calls = [first, masked, second, first]
    for call, answer in zip(calls, candidate.each(*calls), strict=True):
        assert_matches(answer, attention(**call))


@check("robustness")
def test_sequences_may_be_longer_than_any_buffer(candidate, draw):
    """There is no maximum length: thousands of keys and queries are fine, masked or not."""
    calls = []
    for queries, keys in ((2, 5003), (4099, 3), (131, 139)):
        call = triple(draw, (), queries, keys, 3, 2)
        calls += [call, call | {"mask": draw.mask(queries, keys)}]
    assert_attends(candidate.each(*calls))


@check("budget")
def test_keeps_up_with_the_reference(race, draw):
    """Takes no more than the budget on many short sequences and on a few long ones."""

    def padded():
        heads = triple(draw, (128, 4), 4, 4, 4, 4)
        return heads | {"mask": draw.padding(128, 4)[:, None, None]}

    race("many short sequences", padded, attention)
    race("a few long sequences", lambda: triple(draw, (1,), 256, 256, 4, 4), attention)


# --- what a senior interviewer asks next --------------------------------------------------------


def in_dtype(call, dtype):
    return {n: t.to(dtype) if t.is_floating_point() else t for n, t in call.items()}


@check("numerics", stretch=True)
def test_double_precision_in_double_precision_out(candidate, draw):
    """float64 inputs give a float64 context."""
    call = in_dtype(triple(draw, (2,), 3, 5, 7, 2) | {"mask": draw.mask(3, 5)}, torch.float64)
    answer = candidate.each(call, dtype=torch.float64)[0]
    assert_matches(answer, attention(**call))


@check("numerics", stretch=True)
def test_half_precision_works_with_a_mask(candidate, draw):
    """float16 and bfloat16 stay what they are, masked or not, as exact as the dtype allows."""
    for dtype in (torch.float16, torch.bfloat16):
        call = in_dtype(triple(draw, (2,), 5, 7, 11, 3), dtype)
        calls = [call, call | {"mask": draw.mask(5, 7)}]
        for given, answer in zip(calls, candidate.each(*calls, dtype=dtype), strict=True):
            assert_matches(answer, attention(**given))


@check("masking", stretch=True)
def test_a_query_that_may_attend_to_nothing_gets_a_zero_context(candidate, draw):
    """A fully masked row attends to nothing: its context is 0, and its neighbours are untouched."""
    call = triple(draw, (2,), 5, 7, 3, 2)
    mask = draw.mask(2, 5, 7)
    mask[:, 2] = False
    masks = mask, mask.float(), mask[..., :1], torch.zeros(5, 7, dtype=torch.bool)
    assert_attends(candidate.each(*(call | {"mask": m} for m in masks)))


@check("gradient", stretch=True)
def test_a_fully_masked_row_leaves_gradients_finite(candidate, draw):
    """Backward through a fully masked row gives true, finite gradients."""
    mask = draw.mask(2, 5, 7)
    mask[:, 2] = False
    call = triple(draw, (2,), 5, 7, 3, 2) | {"mask": mask}
    cotangent = draw(2, 5, 2)
    answer = candidate.each(call, cotangents=[cotangent])[0]
    assert_gradients(answer, gradients(attention, call, cotangent))


@check("robustness", stretch=True)
def test_inputs_need_not_be_contiguous(candidate, draw):
    """Transposed, strided inputs give the same context."""
    call = {
        "query": draw(2, 5, 4, 3).transpose(1, 2),
        "key": draw(3, 2, 4, 7).permute(1, 2, 3, 0),
        "value": draw(2, 4, 2, 7).transpose(-2, -1),
    }
    assert_matches(candidate.each(call)[0], attention(**call))


@check("robustness", stretch=True)
def test_no_device_is_hard_coded(candidate, draw):
    """On torch's `meta` device, which only follows shapes, the same code gives the same shape."""
    call = triple(draw, (2,), 3, 5, 7, 2)
    calls = [call, call | {"mask": draw.mask(3, 5)}]
    for answer in candidate.each(*calls, device="meta"):
        assert_shape(answer, (2, 3, 2))
