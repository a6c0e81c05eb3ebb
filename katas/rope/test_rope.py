"""What a rotary embedding is, claim by claim: pairs that turn, each at a pace of its own."""

import torch

from grader.bank import Definition, assert_matches, check, raises, refuse, standard

POSITION = 1e-7 / (4 * torch.finfo(torch.float32).eps)
"""In float32 the angle of a position P is off by 1e-7 · P: as much as of a score this many P."""


def whole(x, positions):
    return torch.arange(x.size(-2)) if positions is None else positions


def halves(x, positions=None, base=10000.0):
    """Feature i and feature i + d/2 are a pair."""
    pairs = x.double().unflatten(-1, (2, -1)).transpose(-2, -1).contiguous()
    pairs = paired(pairs, whole(x, positions), base)
    return pairs.transpose(-2, -1).flatten(-2)


def neighbours(x, positions=None, base=10000.0):
    """Features 2i and 2i + 1 are a pair."""
    pairs = x.double().unflatten(-1, (-1, 2)).contiguous()
    return paired(pairs, whole(x, positions), base).flatten(-2)


def paired(pairs, positions, base):
    """(…, S, d/2, 2), turned."""
    places = torch.arange(pairs.size(-2), dtype=torch.float64)
    angles = positions.double()[:, None] * base ** (-places / pairs.size(-2))
    turn = torch.polar(torch.ones_like(angles), angles)
    return torch.view_as_real(torch.view_as_complex(pairs) * turn)


def largest(call):
    """How far from the beginning a call goes."""
    positions = call.get("positions")
    last = call["x"].size(-2) - 1 if positions is None else int(positions.max())
    return POSITION * last


definition = Definition(halves, others=(neighbours,), reach=largest)


test_result_has_the_shape_of_x = standard.shape(
    definition, "The result is (…, S, d) like x, for any leading dimensions."
)
test_each_pair_is_turned_by_its_position = standard.formula(
    definition, "Pair i of position p, as a complex number, is multiplied by e^(i·p·base^(−2i/d))."
)


@check("equivalence")
def test_positions_may_be_given_in_any_order(candidate, draw):
    """Position p turns as far wherever it stands: offset, shuffled, repeated; None is 0 … S − 1."""
    x = draw(2, 3, 7, 8)
    given = [
        torch.arange(7),
        torch.arange(7) + 5,
        draw.permutation(7),
        draw.permutation(7) * 11,
        torch.tensor([4, 4, 0, 9, 0, 4, 1]),
        torch.full((7,), 6),
        None,
    ]
    calls = [{"x": x, "positions": positions} for positions in given]
    calls += [{"x": draw(1, 10), "positions": torch.tensor([n])} for n in (0, 1, 63)]
    definition.holds(definition.layer(candidate), *calls)


@check("equivalence")
def test_position_zero_stays_as_it_is(candidate, draw):
    """At position 0 nothing turns, and from there on everything does: a pair keeps its length."""
    x = draw(2, 5, 6)
    still = {"x": x, "positions": torch.zeros(5, dtype=torch.int64)}
    moved = {"x": x, "positions": torch.arange(1, 6)}
    before, after = candidate.each(still, moved)
    assert_matches(before, x.double())
    lengths = [t.double().square().sum(-1) for t in (after.output, x)]
    if bool((lengths[0] / lengths[1] - 1).abs().max() > 1e-4):
        raise refuse("what comes out is longer or shorter than what went in", after)
    definition.agree([before, after])


@check("equivalence")
def test_dot_products_depend_on_the_distance_alone(candidate, draw):
    """A query turned by m and a key turned by n meet in a dot product that knows m − n only."""
    query, key = draw(1, 8).repeat(9, 1), draw(1, 8).repeat(9, 1)
    m, shift = torch.arange(9), 17
    calls = [{"x": query, "positions": m + 4}, {"x": key, "positions": m}]
    calls += [{"x": query, "positions": m + 4 + shift}, {"x": key, "positions": m + shift}]
    answers = candidate.each(*calls)
    near, far = ((q.output * k.output).sum(-1) for q, k in (answers[:2], answers[2:]))
    spread = torch.cat([near, far])
    if bool((spread - spread[0]).abs().max() > 1e-3 * float(query[0].norm() * key[0].norm())):
        raise refuse("the same distance gives other dot products at other positions", answers[0])
    definition.agree(answers)


@check("equivalence")
def test_the_base_sets_the_pace_of_every_pair(candidate, draw):
    """Pair i turns base^(−2i/d) a position: the first by 1, the others slower, for any base."""
    calls = [
        {"x": draw(5, width), "base": base}
        for base in (10000.0, 500000.0, 100.0, 2.5)
        for width in (2, 4, 6, 64)
    ]
    one = torch.eye(8)[:, None].repeat(1, 5, 1)
    calls += [{"x": one}, {"x": one, "positions": torch.arange(5) + 3, "base": 50.0}]
    definition.holds(definition.layer(candidate), *calls)


@check("equivalence")
def test_the_sequence_is_the_axis_before_the_last(candidate, draw):
    """Positions run along axis −2, whatever stands in front and however sizes may agree."""
    shapes = [(5, 5, 4), (4, 4), (3, 3, 3, 6), (2, 1, 5, 1, 4), (1, 7, 2), (6, 1, 8), (7, 2, 7, 2)]
    definition.holds(definition.layer(candidate), *({"x": draw(*shape)} for shape in shapes))


@check("equivalence")
def test_every_leading_axis_is_turned_alike(candidate, draw):
    """Each row of a batch and each head turns by itself, and all of them by the same angles."""
    x = draw(1, 1, 5, 6)
    calls = [{"x": x.expand(3, 2, 5, 6).contiguous()}, {"x": x}, {"x": x[0, 0]}]
    definition.holds(definition.layer(candidate), *calls, {"x": draw(3, 2, 5, 6)})


test_gradients_are_turned_back = standard.gradients(
    definition, "x has the true gradient: the cotangent, turned the other way."
)


@check("gradient")
def test_gradients_follow_positions_and_base(candidate, draw):
    """So it has with positions and a base of its own."""
    given = {"x": draw(2, 5, 8), "positions": draw.permutation(5) + 2, "base": 30.0}
    definition.backward(draw, definition.layer(candidate), given)


@check("numerics")
def test_far_positions_are_as_good_as_near_ones(candidate, draw):
    """There is no last position: 5000, 70000 and 10⁶ turn as they should, up to float32."""
    x = draw(4, 6)
    calls = [
        {"x": x, "positions": torch.tensor([0, 5000, 3, 2049])},
        {"x": x, "positions": torch.tensor([70000, 1, 65537, 4096])},
        {"x": x, "positions": torch.tensor([10**6, 2, 10**6 - 1, 131072])},
    ]
    definition.holds(definition.layer(candidate), *calls)


@check("numerics")
def test_large_values_stay_in_proportion(candidate, draw):
    """x may be as large as 10⁴ and as small as 10⁻⁴, and holds zeros: all is in proportion."""
    x = draw(3, 5, 6)
    definition.holds(definition.layer(candidate), {"x": x * 1e4}, {"x": x * 1e-4}, {"x": x * 0})


test_sequences_may_be_longer_than_any_table = standard.any_length(
    definition, "There is no maximum length: thousands of positions are fine."
)
test_x_is_left_as_it_was = standard.untouched(
    definition, "x is left as it was: values, shape and strides."
)


@check("robustness")
def test_positions_are_left_as_they_were(candidate, draw):
    """So are the positions."""
    call = {"x": draw(2, 5, 6), "positions": draw.permutation(5)}
    for answer in candidate.each(call, call, keep_inputs=True):
        after = answer.inputs.get("positions")
        if after is None or not torch.equal(after, call["positions"]):
            raise refuse("`positions` was modified in place", answer)


test_nothing_is_carried_over_between_calls = standard.nothing_kept(definition)


@check("robustness")
def test_a_call_uses_its_own_positions_and_base(candidate, draw):
    """Nothing is kept by length or width: other positions, or another base, turn otherwise."""
    x, later = draw(2, 5, 6), torch.arange(5) + 9
    calls = [
        {"x": x},
        {"x": x, "positions": later},
        {"x": x},
        {"x": x, "base": 20.0},
        {"x": x, "positions": later, "base": 20.0},
        {"x": draw(2, 5, 8), "positions": later},
        {"x": x},
    ]
    definition.holds(definition.layer(candidate), *calls)


@check("robustness")
def test_an_odd_width_never_gives_a_result(candidate, draw):
    """Of an odd number of features one is left without a partner: an error, and no result."""
    for width in (1, 3, 7):
        if raises(definition.layer(candidate), {"x": draw(2, 5, width)}) is None:
            raise refuse(f"a width of {width} gave a result")


test_memory_stays_within_the_budget = standard.memory(definition)
test_keeps_up_with_the_reference = standard.budget(definition)

# --- what a senior interviewer asks next --------------------------------------------------------


@check("robustness", stretch=True)
def test_an_odd_width_is_refused_by_name(candidate, draw):
    """An odd width raises ValueError, or an assertion says so."""
    for width in (1, 3, 7):
        error = raises(definition.layer(candidate), {"x": draw(2, 5, width)})
        if error is None or error["type"] not in ("ValueError", "AssertionError"):
            found = "a result" if error is None else error["type"]
            raise refuse(f"a width of {width} ends in {found}: ValueError or an assertion is asked")


test_double_precision_in_double_precision_out = standard.double(definition)
test_half_precision_stays_what_it_is = standard.half(definition)


@check("numerics", stretch=True)
def test_angles_are_not_rounded_to_half_precision(candidate, draw):
    """In float16 and bfloat16 positions of a thousand turn as exactly as those near 0."""
    layer, positions = definition.layer(candidate), torch.tensor([257, 1025, 1999, 3001, 515])
    for dtype in (torch.bfloat16, torch.float16):
        x = draw(2, 5, 8).to(dtype)
        definition.holds(layer.to(dtype), {"x": x, "positions": positions}, {"x": x})


test_x_need_not_be_contiguous = standard.strided(definition)
test_no_device_is_hard_coded = standard.no_device(definition)
