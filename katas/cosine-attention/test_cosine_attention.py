"""What cosine attention is, claim by claim: directions are compared, and lengths are not."""

import torch
import torch.nn.functional as F

from grader.bank import Definition, Sizes, check, refuse, standard

TEMPERATURES = (0.01, 0.05, 0.1, 0.5, 1, 2.0)
EPSILON = 1e-6
"""Whoever keeps away from 0/0 by no more than this is right: beside a norm, a product of norms, or
a square under the root."""
UNIT = 4 * torch.finfo(torch.float32).eps
"""What a right answer may be off for each unit that scores are large."""
SHORTEST = 1.0
"""Random vectors are no shorter: of a few features some would be so short that EPSILON shows."""


def cosine(query, key, value, mask=None, temperature=0.1, *, attend):
    """Torch's attention, of directions: their dot products are the cosines."""
    query, key = (F.normalize(side.double(), dim=-1) for side in (query, key))
    return attend(query * query.size(-1) ** 0.5 / temperature, key, value, mask)


def far(call):
    """The largest score, and with it what EPSILON moves two scores beside the shortest vectors."""
    norms = [call[name].double().norm(dim=-1) for name in ("query", "key")]
    one, two = (float(n[n > 0].min()) if bool((n > 0).any()) else 1.0 for n in norms)
    moved = EPSILON * max(2 * (1 / one + 1 / two), 2 / (one * two), one**-2 + two**-2)
    return (1 + moved / UNIT) / call.get("temperature", 0.1)


def long_enough(call):
    """The call with every query and key at least SHORTEST long."""
    return call | {
        name: call[name] * (SHORTEST / call[name].norm(dim=-1, keepdim=True)).clamp(min=1.0)
        for name in ("query", "key")
    }


definition = Definition(cosine, reach=far, within=long_enough)


def of_length(draw, call, low, high, *names):
    """The call with vectors of lengths between these, by powers."""
    for name in names:
        power = draw.uniform(*call[name].shape[:-1], 1)
        length = low * (high / low) ** power
        call = call | {name: F.normalize(call[name], dim=-1) * length}
    return call


def toward(draw, signs, queries=1):
    """Queries of one direction, and keys that point there (1), away (−1) or across (0): (…, S)."""
    *lead, keys = signs.shape
    axes = torch.linalg.qr(draw(6, 6)).Q
    key = torch.where(signs[..., None] == 0, axes[1], signs[..., None] * axes[0])
    call = {"query": axes[0].expand(*lead, queries, 6), "key": key, "value": draw(*lead, keys, 3)}
    return of_length(draw, call, 2.0, 9.0, "query", "key")


test_computes_attention_itself = standard.by_hand(
    definition, "Attention is written out: torch's own is not called, with a mask or without."
)
test_context_has_a_row_per_query_and_a_column_per_value = standard.shape(
    definition, "The context is (…, L, d_v) for any leading dimensions, with one query or key too."
)
test_is_softmax_of_cosines_times_value = standard.formula(
    definition, "The context is softmax(cos(q, k) / 0.1) V where no temperature is given."
)
test_weights_of_a_query_sum_to_one_over_the_keys = standard.sums_to_one(definition)
test_no_size_has_a_part_in_the_scores = standard.scale(
    definition, "Cosines are divided by the temperature and by nothing else: no root of a width."
)


@check("equivalence")
def test_scores_are_divided_by_the_temperature(candidate, draw):
    """Cosines are divided by the temperature that is given, from 0.01 to 2, masked or not."""
    layer, sizes = definition.layer(candidate), Sizes((2, 3), 5, 7)
    calls = [definition.call(draw, layer, sizes, temperature=t) for t in TEMPERATURES]
    mask = draw.mask(2, 3, 5, 7)
    definition.holds(layer, *calls, *(definition.under(layer, call, mask) for call in calls[::2]))


@check("equivalence")
def test_lengths_have_no_influence(candidate, draw):
    """Only directions count: vectors may be 0.01 to 1000 long, the two sides in any proportion."""
    layer = definition.layer(candidate)
    call = definition.call(draw, layer, Sizes((2,), 5, 7))
    far_apart = [
        of_length(draw, call, 1.0, 1e3, "query", "key"),
        of_length(draw, of_length(draw, call, 0.5, 1e3, "query"), 0.05, 0.1, "key"),
        of_length(draw, of_length(draw, call, 0.5, 1e3, "key"), 0.05, 0.1, "query"),
        of_length(draw, call, 1e-2, 2e-2, "query", "key"),
        {**call, "query": call["query"] * 50},
        {**call, "key": call["key"] * 50},
    ]
    definition.holds(layer, *far_apart, *({**call, "temperature": 1.0} for call in far_apart))


@check("equivalence")
def test_a_zero_vector_is_like_nothing(candidate, draw):
    """Its cosine with everything is 0: a zero query attends evenly, a zero key scores 0."""
    layer, sizes = definition.layer(candidate), Sizes((2, 3), 5, 7)
    mask, calls = draw.mask(2, 3, 5, 7), []
    for temperature in (0.01, 0.1, 2.0):
        call = definition.call(draw, layer, sizes, temperature=temperature)
        query, key = call["query"].clone(), call["key"].clone()
        query[..., 1, :] = 0.0
        key[..., ::3, :] = 0.0
        calls += [{**call, "query": query}, {**call, "key": key}, {**call, "key": key * 0}]
        calls += [{**call, "query": query, "key": key, "value": call["value"] * 30}]
    calls += [definition.under(layer, call, mask) for call in calls]
    definition.holds(layer, *calls, {**call, "query": query * 0, "key": key * 0})


test_attends_where_the_mask_is_true = standard.obeyed(
    definition, 'True means "may attend", for every mask that broadcasts to the scores (…, L, S).'
)
test_a_mask_lines_up_from_the_right_where_sizes_are_equal_by_chance = standard.lines_up(definition)
test_a_mask_of_ones_and_zeros_means_the_same_in_any_dtype = standard.any_dtype(definition)
test_attending_under_a_mask_is_attending_to_the_visible_keys_alone = standard.no_influence(
    definition, "Hidden keys and values have no influence: without them the context is the same."
)
test_a_single_visible_key_is_all_there_is = standard.single(
    definition, "With all keys but one hidden, the context is that key's value."
)


@check("masking")
def test_hidden_keys_stay_hidden_at_any_temperature(candidate, draw):
    """A hidden key gets weight 0 even where it alone points the query's way, in any mask."""
    layer, sizes, calls = definition.layer(candidate), Sizes((2, 3), 4, 5), []
    kinds = (torch.bool, torch.int64, torch.float32)
    for number, mask in enumerate(definition.masks(draw, layer, sizes, hiding=True)):
        seen = definition.visible((2, 3, 4, 5), mask)[..., number % 4, :]
        call = toward(draw, 1.0 - 2.0 * seen, 4)
        call |= {"mask": mask.to(kinds[number % 3])}
        calls += [{**call, "temperature": t} for t in (0.01, 2.0)]
    definition.holds(layer, *calls)


test_under_a_causal_mask_a_prefix_does_not_see_what_follows = standard.prefix(definition)
test_each_batch_element_is_attended_to_on_its_own = standard.apart(definition)
test_the_order_of_keys_does_not_matter_and_that_of_queries_carries_over = standard.order(definition)
test_gradients_reach_query_key_and_value = standard.gradients(
    definition,
    "Query, key and value have the true gradients, under a mask and without one.",
    blanks=False,
)


@check("gradient")
def test_gradients_follow_lengths_and_temperature(candidate, draw):
    """The longer a vector, the smaller its gradient; and the colder, the larger."""
    layer = definition.layer(candidate)
    calls = [definition.call(draw, layer, Sizes((2,), 5, 7), temperature=t) for t in (0.05, 1.0)]
    calls += [of_length(draw, call, 1.0, 20.0, "query", "key") for call in calls]
    calls += [definition.under(layer, calls[-1], draw.mask(2, 5, 7))]
    definition.backward(draw, layer, *calls)


@check("numerics")
def test_the_coldest_scores_stay_finite(candidate, draw):
    """At a temperature of 0.01 scores reach ±100, which no exponential of float32 survives."""
    signs = [torch.tensor(s).expand(2, 4) for s in ((1.0, -1, 0, 1), (-1.0,) * 4, (1.0,) * 4)]
    calls = [toward(draw, s, 2) | {"temperature": 0.01} for s in signs]
    calls += [{**call, "mask": torch.tensor([True, True, False, True])} for call in calls]
    definition.backward(draw, definition.layer(candidate), *calls)


test_inputs_are_left_as_they_were = standard.untouched(
    definition, "Query, key, value and mask are left as they were: values, shape and strides."
)
test_nothing_is_carried_over_between_calls = standard.nothing_kept(
    definition, "A call's context depends on that call alone, not on the ones before it."
)


@check("robustness")
def test_a_call_uses_its_own_temperature(candidate, draw):
    """A temperature holds for the call that gives it: the next one begins at 0.1 again."""
    layer = definition.layer(candidate)
    call = definition.call(draw, layer)
    turns = [call, *({**call, "temperature": t} for t in (2.0, 0.05)), call]
    definition.holds(layer, *turns, {**turns[1], "mask": draw.mask(5, 7)}, call)


test_sequences_may_be_longer_than_any_buffer = standard.any_length(definition)
test_memory_stays_within_the_budget = standard.memory(definition)
test_keeps_up_with_the_reference = standard.budget(definition)

# --- what a senior interviewer asks next --------------------------------------------------------

test_double_precision_in_double_precision_out = standard.double(definition)
test_half_precision_works_with_a_mask = standard.half(definition)


def with_zeros(draw, layer):
    """A call in which some queries and keys are 0, without a mask and under one."""
    call = definition.call(draw, layer, Sizes((2,), 5, 7))
    call["query"][:, 2] = 0.0
    call["key"][:, ::3] = 0.0
    return call, definition.under(layer, call, draw.mask(2, 5, 7))


@check("gradient", stretch=True)
def test_a_zero_vector_leaves_gradients_finite(candidate, draw):
    """Backward through a zero query or key is finite everywhere."""
    layer = definition.layer(candidate)
    calls = with_zeros(draw, layer)
    pulls = [draw(2, 5, 3) for _ in calls]
    for answer in layer.each(*calls, cotangents=pulls):
        for name, gradient in answer.gradients.items():
            if not bool(torch.isfinite(gradient).all()):
                raise refuse(f"the gradient of `{name.split()[-1]}` is not finite", answer)


@check("numerics", stretch=True)
def test_a_zero_vector_does_no_harm_in_half_precision(candidate, draw):
    """In float16 and bfloat16 too its cosine is 0: an epsilon of 1e-12 is 0 in float16."""
    layer = definition.layer(candidate)
    calls = with_zeros(draw, layer)
    for dtype in (torch.float16, torch.bfloat16):
        cast = [{n: t if n == "mask" else t.to(dtype) for n, t in call.items()} for call in calls]
        definition.holds(layer.to(dtype), *cast)


test_a_query_that_may_attend_to_nothing_gets_a_zero_context = standard.empty_row(definition)
test_a_fully_masked_row_leaves_gradients_finite = standard.empty_row_gradients(definition)
test_inputs_need_not_be_contiguous = standard.strided(definition)
test_no_device_is_hard_coded = standard.no_device(definition)
