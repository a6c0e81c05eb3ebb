"""What a fused projection is, claim by claim: one product, split in three, the same attention."""

from itertools import permutations

import torch

from grader.bank import (
    assert_gradients,
    assert_matches,
    assert_shape,
    attention,
    beyond,
    check,
    gradients,
    linear,
    refuse,
)
from grader.exchange.layout import Projection

ROLES = ("query", "key", "value")
SIZES = [(1, 1), (1, 5), (7, 1), (3, 2), (2, 11)]  # B, S: primes, and each of them 1 once


def self_attention(weights, x):
    """The unfused definition in float64: three times `nn.Linear`, then torch's own attention."""
    return attention(*(linear(x, weights[role]) for role in ROLES))


def assert_attends(answers, scores=0.0):
    """Every call was answered as the definition has it, with the weights as they were sent."""
    for answer in answers:
        assert_matches(
            answer, self_attention(answer.request.weights, **answer.call.arguments), scores=scores
        )


def choose(layer, role, weight):
    """Give a role this weight and, where it has a bias, zeros for it."""
    bias = layer.weights[role].bias
    layer.weights[role] = Projection(weight, None if bias is None else torch.zeros_like(bias))


def fused_weight(candidate):
    """The name of the one parameter with all rows; refuses where they lie in several."""
    weights = [slot for slot in candidate.layout.slots if not slot.bias]
    if len(weights) > 1:
        names = ", ".join(slot.name for slot in weights)
        raise refuse(f"{len(weights)} separate weights ({names}) where one of 3D×D is asked for")
    return weights[0].name


def products(candidate, name):
    """The last call's products with a parameter, true where all of it took part."""
    try:
        return [
            all(operand["whole"] for operand in event["operands"] if operand["name"] == name)
            for event in candidate.last_reply["trace"]
            if event["product"] and any(operand["name"] == name for operand in event["operands"])
        ]
    except (KeyError, TypeError) as error:  # it comes from the submission's process
        raise refuse("what was done with the weight cannot be told") from error


@check("rules")
def test_computes_attention_itself(candidate, draw):
    """Attention is written out: torch's own is not called, in training or in evaluation."""
    layer, call = candidate(hidden_dim=6), {"x": draw(2, 3, 6)}
    layer.each(call)
    layer.each(call, train=True)


@check("rules")
def test_one_weight_holds_query_key_and_value(candidate):
    """There is a single 3D×D weight, not three that are computed with apart or concatenated."""
    fused_weight(candidate)


@check("rules")
def test_its_weights_are_the_fused_projection_and_nothing_more(candidate):
    """The fused projection is all there is to learn: no other comes after the attention."""
    extras = candidate.layout.extras
    if extras:
        raise refuse(f"parameters beyond the fused projection: {', '.join(extras)}")


@check("rules")
def test_x_is_projected_by_one_product(candidate, draw):
    """Query, key and value come out of one product with the whole weight, also in training."""
    name, layer = fused_weight(candidate), candidate(hidden_dim=6)
    for train in (False, True):
        answer = layer.each({"x": draw(2, 3, 6)}, train=train, trace=True)[0]
        taken = products(candidate, name)
        when = "in training, " if train else ""
        if len(taken) > 1:
            kind = "the weight" if all(taken) else "parts of the weight"
            told = f"{len(taken)} products with {kind}, where one with all of it does"
            raise refuse(when + told, answer)
        if taken != [True]:
            told = "the weight is taken apart before it is used: slicing it is no fusion"
            raise refuse(when + told, answer)


@check("shape")
def test_output_has_the_shape_of_x(candidate, draw):
    """The output is (B, S, D) like x, also with one sequence or one token."""
    for hidden_dim in (5, 1):
        layer = candidate(hidden_dim=hidden_dim)
        for answer in layer.each(*({"x": draw(*size, hidden_dim)} for size in SIZES)):
            assert_shape(answer, tuple(answer.call.arguments["x"].shape))


@check("equivalence")
def test_is_what_three_separate_projections_give(candidate, draw):
    """With the same weights, the output is that of the unfused layer: softmax(QKᵀ/√D)V."""
    for hidden_dim in (2, 7, 13):
        layer = candidate(hidden_dim=hidden_dim)
        assert_attends(layer.each(*({"x": draw(*size, hidden_dim)} for size in SIZES)))


@check("equivalence")
def test_rows_are_in_the_order_query_key_value(candidate, draw):
    """The first D rows make the query, the next D the key, the last D the value."""
    layer, x = candidate(hidden_dim=5), draw(2, 7, 5)
    answer = layer.each({"x": x})[0]
    truth = self_attention(layer.weights, x)
    assert_shape(answer, tuple(x.shape))
    if bool(beyond(answer, answer.output, truth).any()):
        for order in permutations(ROLES):
            # What a layer computes that takes the rows for these roles, in this order.
            taken = dict(zip(order, (layer.weights[role] for role in ROLES), strict=True))
            if not bool(beyond(answer, answer.output, self_attention(taken, x)).any()):
                raise refuse(f"the rows are taken for {', '.join(order)}, in this order", answer)
    assert_matches(answer, truth)


@check("equivalence")
def test_scores_are_divided_by_the_root_of_hidden_dim(candidate, draw):
    """The scale is √D, not that of the fused width, whatever batch and length are."""
    for hidden_dim, batch, length in ((4, 3, 17), (16, 2, 5), (67, 1, 7)):
        layer = candidate(hidden_dim=hidden_dim)
        assert_attends(layer.each({"x": draw(batch, length, hidden_dim)}))


@check("equivalence")
def test_weights_of_a_token_sum_to_one_over_the_sequence(candidate, draw):
    """Each token's weights sum to 1 over the sequence: if all values agree, that is the output."""
    layer, x = candidate(hidden_dim=5), draw(2, 7, 5)
    x[..., 0] = 1.0
    choose(layer, "value", torch.eye(5)[:1].repeat(5, 1))  # every value reads that feature
    assert_matches(layer.each({"x": x})[0], torch.ones(2, 7, 5).double())


@check("equivalence")
def test_what_is_handed_over_is_the_value_alone(candidate, draw):
    """Where the value's rows are 0 the output is 0: nothing of x is added, nothing comes after."""
    layer = candidate(hidden_dim=5)
    choose(layer, "value", torch.zeros(5, 5))
    answer = layer.each({"x": draw(2, 7, 5)})[0]
    assert_matches(answer, torch.zeros(2, 7, 5).double())


@check("equivalence")
def test_biases_take_part_where_there_are_any(candidate, draw):
    """A bias that exists is added: it moves the output as the definition says."""
    layer = candidate(hidden_dim=3)
    for role, projection in layer.weights.items():
        if projection.bias is not None:
            layer.weights[role] = Projection(projection.weight, projection.bias * 3)
    assert_attends(layer.each({"x": draw(2, 5, 3)}, {"x": torch.zeros(2, 5, 3)}))


@check("equivalence")
def test_equal_sizes_do_not_mix_up_axes(candidate, draw):
    """Batch, length and width may be equal, or 3, without being taken for each other."""
    for width in (3, 5):
        layer = candidate(hidden_dim=width)
        shapes = [(width, width), (width, 3), (3, width), (6, 9)]
        assert_attends(layer.each(*({"x": draw(*shape, width)} for shape in shapes)))


@check("equivalence")
def test_each_sequence_of_a_batch_is_attended_to_on_its_own(candidate, draw):
    """Changing one sequence of a batch leaves the outputs of the others as they are."""
    layer, x = candidate(hidden_dim=7), draw(3, 5, 7)
    other = x.clone()
    other[1] = draw(5, 7) * 3
    assert_attends(layer.each({"x": x}, {"x": other}, {"x": x[:1]}, {"x": x[2:]}))


@check("equivalence")
def test_permuting_the_tokens_permutes_the_output(candidate, draw):
    """A layer without positions or a mask treats all tokens alike: their order carries over."""
    layer, x, order = candidate(hidden_dim=3), draw(2, 7, 3), draw.permutation(7)
    plain, moved = layer.each({"x": x}, {"x": x[:, order]})
    truth = self_attention(layer.weights, x)
    assert_matches(plain, truth)
    assert_matches(moved, truth[:, order])


@check("gradient")
def test_gradients_reach_x_and_all_rows(candidate, draw):
    """x and every row of weight and bias have the gradients of the unfused layer."""
    for batch, length, hidden_dim in ((2, 5, 3), (3, 2, 7)):
        layer, call = candidate(hidden_dim=hidden_dim), {"x": draw(batch, length, hidden_dim)}
        cotangent = draw(batch, length, hidden_dim)
        for train in (False, True):
            answer = layer.each(call, cotangents=[cotangent], train=train)[0]
            assert_attends([answer])
            assert_gradients(answer, gradients(self_attention, call, cotangent, layer.weights))


@check("numerics")
def test_scores_of_ten_thousand_stay_finite(candidate, draw):
    """Scores of ±10⁴ give the true, finite output: the softmax does not overflow."""
    shuffled = torch.eye(16)[draw.permutation(16)] * draw.signs(16, 1)
    x = draw.signs(2, 7, 16)
    # 50 · 50 · 16 / √16 = 10⁴ where all signs agree, and exact in float32 everywhere
    for towards in (torch.eye(16), -torch.eye(16), shuffled):
        layer = candidate(hidden_dim=16)
        choose(layer, "query", torch.eye(16) * 50)
        choose(layer, "key", towards * 50)
        assert_attends(layer.each({"x": x}), scores=1e4)


@check("robustness")
def test_x_is_left_as_it_was(candidate, draw):
    """x is not modified, in evaluation or in training, with gradients or without."""
    layer, x = candidate(hidden_dim=5), draw(2, 3, 5)
    for train in (False, True):
        calls = {"x": x}, {"x": x}
        followed = [None, draw(2, 3, 5)]
        for answer in layer.each(*calls, cotangents=followed, train=train, keep_inputs=True):
            after = answer.inputs.get("x")
            if after is None or not torch.equal(after, x):
                raise refuse("`x` was modified in place", answer)


@check("robustness")
def test_nothing_is_carried_over_between_calls(candidate, draw):
    """One layer takes sequences of any length in turn; an output depends on its own x alone."""
    first, second, third = ({"x": draw(*size, 5)} for size in ((2, 3), (1, 7), (3, 2)))
    assert_attends(candidate(hidden_dim=5).each(first, second, third, first))


@check("robustness")
def test_training_and_evaluation_agree(candidate, draw):
    """The layer computes the same in training as in evaluation: nothing is dropped."""
    layer, calls = candidate(hidden_dim=5), [{"x": draw(2, 7, 5)}, {"x": draw(3, 2, 5)}]
    assert_attends(layer.each(*calls, train=True))
    assert_attends(layer.each(*calls))


@check("robustness")
def test_sequences_may_be_longer_than_any_buffer(candidate, draw):
    """There is no maximum length: a sequence of over a thousand tokens is fine."""
    assert_attends(candidate(hidden_dim=2).each({"x": draw(1, 1033, 2)}))


@check("budget")
def test_keeps_up_with_the_reference(race, draw):
    """Takes no more than the budget on many short sequences and on a long one."""
    race("many short sequences", lambda: {"x": draw(512, 4, 4)}, self_attention, hidden_dim=4)
    race("one long sequence", lambda: {"x": draw(1, 256, 4)}, self_attention, hidden_dim=4)


# --- what a senior interviewer asks next --------------------------------------------------------


@check("numerics", stretch=True)
def test_double_precision_in_double_precision_out(candidate, draw):
    """A float64 layer takes float64 and gives float64."""
    layer = candidate(hidden_dim=7).to(torch.float64)
    assert_attends(layer.each({"x": draw(2, 5, 7).double()}))


@check("numerics", stretch=True)
def test_half_precision_in_half_precision_out(candidate, draw):
    """float16 and bfloat16 layers answer in kind, as exactly as the dtype allows."""
    layer, x = candidate(hidden_dim=7), draw(2, 5, 7)
    for dtype in (torch.float16, torch.bfloat16):
        assert_attends(layer.to(dtype).each({"x": x.to(dtype)}))


@check("robustness", stretch=True)
def test_x_need_not_be_contiguous(candidate, draw):
    """A transposed or strided x gives the same output."""
    layer = candidate(hidden_dim=3)
    views = [draw(5, 2, 3).transpose(0, 1), draw(3, 2, 5).permute(1, 2, 0), draw(2, 5, 6)[..., ::2]]
    assert_attends(layer.each(*({"x": x} for x in views)))


@check("robustness", stretch=True)
def test_no_device_is_hard_coded(candidate, draw):
    """On torch's `meta` device, which only follows shapes, the same code gives the same shape."""
    answer = candidate(hidden_dim=5).each({"x": draw(2, 3, 5)}, device="meta")[0]
    assert_shape(answer, (2, 3, 5))
