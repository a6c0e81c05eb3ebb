"""What masked self-attention with dropout is, claim by claim, from the definition outwards."""

import math

import torch

from grader.bank import (
    assert_gradients,
    assert_matches,
    assert_shape,
    assert_weights_are_dropped,
    attention,
    check,
    dropped_weights,
    gradients,
    linear,
    refuse,
)
from grader.exchange.layout import Projection

SHAPES = [(1, 1, 2), (1, 3, 5), (2, 1, 3), (3, 7, 2), (5, 2, 11)]  # B, S, D


def layer_truth(weights, x, attention_mask=None):
    """Linear, attention and Linear again, all of them torch's own, in float64."""
    query, key, value = (linear(x, weights[role]) for role in ("query", "key", "value"))
    return linear(attention(query, key, value, attention_mask), weights["output"])


def truths(answers):
    return [layer_truth(a.request.weights, **a.call.arguments) for a in answers]


def assert_true(answers, scores=0.0):
    for answer, truth in zip(answers, truths(answers), strict=True):
        assert_matches(answer, truth, scores=scores)


def masked(x, *masks):
    """One call for each mask."""
    return [{"x": x, "attention_mask": mask} for mask in masks]


@check("rules")
def test_computes_attention_itself(candidate, draw):
    """Attention is written out: torch's own is not called, in training or evaluation."""
    layer, x = candidate(hidden_dim=5, dropout_rate=0.1), draw(2, 3, 5)
    calls = [{"x": x}, *masked(x, draw.mask(3, 3))]
    layer.each(*calls)
    layer.each(*calls, train=True)


@check("rules")
def test_its_weights_are_the_four_projections_and_nothing_more(candidate):
    """Query, key, value and output projection are all there is to learn."""
    extras = candidate.layout.extras
    if extras:
        raise refuse(f"parameters beyond the four projections: {', '.join(extras)}")


@check("shape")
def test_output_has_the_shape_of_x(candidate, draw):
    """The output is (B, S, D), also for a batch of one and a single token."""
    for batch, length, width in SHAPES:
        layer, x = candidate(hidden_dim=width, dropout_rate=0.1), draw(batch, length, width)
        for answer in layer.each({"x": x}, *masked(x, draw.mask(length, length))):
            assert_shape(answer, (batch, length, width))


@check("equivalence")
def test_is_projected_attention_within_x(candidate, draw):
    """The output is softmax(QKᵀ/√D)V through the output projection; Q, K, V project x."""
    for batch, length, width in SHAPES:
        layer = candidate(hidden_dim=width, dropout_rate=0.1)
        assert_true(layer.each({"x": draw(batch, length, width)}))


@check("equivalence")
def test_scores_are_divided_by_the_root_of_hidden_dim(candidate, draw):
    """The scale is √D whatever B and S are, and the same with a mask as without one."""
    for width, length in [(1, 4), (2, 3), (37, 5)]:
        layer, x = candidate(hidden_dim=width, dropout_rate=0.1), draw(3, length, width)
        assert_true(layer.each({"x": x}, *masked(x, torch.ones(length, length))))


@check("masking")
def test_attends_where_the_mask_is_true(candidate, draw):
    """True means "may attend", for masks (S, S), (B, S, S), (1, S, S) and (B, 1, S)."""
    layer, x = candidate(hidden_dim=7, dropout_rate=0.1), draw(3, 5, 7)
    shapes = [(5, 5), (3, 5, 5), (1, 5, 5), (3, 1, 5)]
    one = [(5, 5), (1, 5, 5), (1, 1, 5)]  # where the batch is a single sequence
    calls = masked(x, *(draw.mask(*shape) for shape in shapes))
    assert_true(layer.each(*calls, *masked(x[:1], *(draw.mask(*shape) for shape in one))))


@check("masking")
def test_a_mask_of_ones_and_zeros_means_the_same_in_any_dtype(candidate, draw):
    """1 may attend and 0 may not, as bool, integers or floats; an explicit None hides nothing."""
    layer, x, mask = candidate(hidden_dim=7, dropout_rate=0.1), draw(2, 5, 7), draw.mask(2, 5, 5)
    integers = torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64
    floats = torch.float16, torch.bfloat16, torch.float32, torch.float64
    dtypes = torch.bool, *integers, *floats
    assert_true(layer.each(*masked(x, *(mask.to(dtype) for dtype in dtypes), None)))


@check("masking")
def test_a_batch_as_large_as_the_sequence_is_long_masks_the_same_keys(candidate, draw):
    """Where B = S, padding still lies along the keys, and a mask without batch is everybody's."""
    layer, x = candidate(hidden_dim=3, dropout_rate=0.1), draw(5, 5, 3)
    padding = draw.padding(5, 5)[:, None]
    masks = padding, draw.mask(5, 5), draw.mask(5, 5, 5), torch.ones(5, 5).tril()
    assert_true(layer.each(*masked(x, *masks)))


@check("masking")
def test_padding_has_no_influence_on_what_is_real(candidate, draw):
    """Under a padding mask, real tokens leave as if the padding were other, or not there at all."""
    layer, x, real = candidate(hidden_dim=5, dropout_rate=0.1), draw(3, 7, 5), draw.padding(3, 7)
    other = torch.where(real[..., None], x, draw(3, 7, 5) * 10)
    whole, changed = layer.each(*(masked(t, real[:, None])[0] for t in (x, other)))
    assert_true([whole, changed])
    alone = [{"x": sequence[keep][None]} for sequence, keep in zip(x, real, strict=True)]
    assert_true(layer.each(*alone))


@check("masking")
def test_a_single_visible_key_is_all_there_is(candidate, draw):
    """With all keys but one hidden, a token leaves as that key's value, projected."""
    layer, x = candidate(hidden_dim=7, dropout_rate=0.1), draw(3, 5, 7)
    chosen = torch.stack([draw.permutation(5) for _ in range(3)])[..., None]
    mask = torch.zeros(3, 5, 5, dtype=torch.bool).scatter(-1, chosen, True)
    value = linear(x, layer.weights["value"]).gather(1, chosen.expand(-1, -1, 7))
    assert_matches(layer(x, mask), linear(value, layer.weights["output"]))


def scored_by_features(layer):
    """Make each score 100 times the key's second feature where the query's first is 400; D = 16."""
    first, second = torch.eye(16)[:2]
    for role, feature in (("query", first), ("key", second)):
        layer.weights[role] = unbiased(torch.outer(first, feature), layer.weights[role])
    value = layer.weights["value"]  # features that large stay out of the values
    layer.weights["value"] = Projection(value.weight * (1 - first - second), value.bias)


def unbiased(weight, like):
    """A projection without the influence of its bias, where it has one."""
    return Projection(weight, None if like.bias is None else torch.zeros_like(like.bias))


def extreme(draw, visible_score, hidden_score):
    """x and mask for scores exact in float32: hidden keys at one end, visible ones near one."""
    visible = draw.mask(9)
    towards = -math.copysign(1.0, visible_score)
    steps = torch.tensor([0.0, 1.0, 2.0]).repeat(3) / 128  # each step is 0.78 in the scores
    x = draw(2, 9, 16)
    x[..., 0] = 400.0
    x[..., 1] = torch.where(visible, visible_score / 100 + towards * steps, hidden_score / 100)
    return masked(x, visible.expand(9, 9))[0]


@check("masking")
def test_hidden_keys_stay_hidden_when_their_scores_dominate(candidate, draw):
    """A hidden key gets weight 0 even where its score is 10⁴ and the visible ones are −10⁴."""
    layer = candidate(hidden_dim=16, dropout_rate=0.1)
    scored_by_features(layer)
    ends = [(-1e4, 1e4), (1e4, -1e4), (1e4, 1e4), (-1e4, -1e4)]
    assert_true(layer.each(*(extreme(draw, *pair) for pair in ends)), scores=1e4)


@check("masking")
def test_under_a_causal_mask_a_prefix_does_not_see_what_follows(candidate, draw):
    """With a triangular mask, the first tokens leave as they do from their prefix alone."""
    layer = candidate(hidden_dim=5, dropout_rate=0.1)
    for length in (2, 7, 17):
        x, cut = draw(2, length, 5), draw.integer(1, length - 1)
        causal = torch.ones(length, length, dtype=torch.bool).tril()
        whole, part = layer.each(*masked(x, causal), *masked(x[:, :cut], causal[:cut, :cut]))
        assert_true([whole])
        assert_matches(part, layer_truth(layer.weights, x, causal)[:, :cut])


@check("equivalence")
def test_each_batch_element_is_attended_to_on_its_own(candidate, draw):
    """Changing one sequence, or its mask, leaves the others' outputs as they are."""
    layer, x, mask = candidate(hidden_dim=7, dropout_rate=0.1), draw(3, 5, 7), draw.mask(3, 5, 5)
    other, narrower = x.clone(), mask.clone()
    other[1], narrower[1] = draw(5, 7) * 3, draw.mask(5, 5)
    assert_true(layer.each({"x": x}, {"x": other}, *masked(x, mask, narrower)))


@check("equivalence")
def test_permuting_tokens_permutes_the_output(candidate, draw):
    """Attention knows no order: shuffled tokens, with their mask, give the shuffled output."""
    layer, x, mask = candidate(hidden_dim=7, dropout_rate=0.1), draw(2, 5, 7), draw.mask(2, 5, 5)
    order = draw.permutation(5)
    shuffled = masked(x[:, order], None, mask[:, order][:, :, order])
    truth = [layer_truth(layer.weights, x, m)[:, order] for m in (None, mask)]
    for answer, expected in zip(layer.each(*shuffled), truth, strict=True):
        assert_matches(answer, expected)


@check("gradient")
def test_gradients_reach_x_and_every_projection(candidate, draw):
    """x and all projections have the true gradients, under a mask and without one."""
    layer, x, cotangent = candidate(hidden_dim=7, dropout_rate=0.1), draw(3, 5, 7), draw(3, 5, 7)
    masks = draw.mask(3, 5, 5), draw.padding(3, 5)[:, None], draw.mask(5, 5).long()
    calls = masked(x, None, *masks)
    answers = layer.each(*calls, cotangents=[cotangent] * len(calls))
    assert_true(answers)
    for call, answer in zip(calls, answers, strict=True):
        assert_gradients(answer, gradients(layer_truth, call, cotangent, layer.weights))


@check("numerics")
def test_scores_of_ten_thousand_stay_finite(candidate, draw):
    """Scores of ±10⁴ give the true, finite output: the softmax does not overflow."""
    layer, x = candidate(hidden_dim=16, dropout_rate=0.1), draw.signs(2, 7, 16)
    for role in ("query", "key"):  # 50 · 50 · 16 / √16, where all signs agree
        weight = 50 * torch.eye(16)[draw.permutation(16)]
        layer.weights[role] = unbiased(weight, layer.weights[role])
    assert_true(layer.each(*masked(x, None, draw.mask(2, 7, 7))), scores=1e4)
    layer.weights["key"] = layer.weights["query"]
    assert_true(layer.each(*masked(x, None, draw.mask(2, 7, 7))), scores=1e4)


@check("dropout")
def test_nothing_is_dropped_in_eval_mode_or_at_rate_zero(candidate, draw):
    """In eval mode at any rate, and in training at rate 0, the output is the true one each time."""
    x, mask = draw(2, 5, 7), draw.mask(2, 5, 5)
    for rate, train in [(0.1, False), (0.9, False), (0.0, True)]:
        layer = candidate(hidden_dim=7, dropout_rate=rate)
        assert_true(layer.each({"x": x}, *masked(x, mask, mask), train=train))


@check("dropout")
def test_each_weight_is_dropped_on_its_own_and_survivors_are_rescaled(candidate, draw):
    """In training, each weight is 0 at the given rate, or else 1 / (1 − rate) times itself."""
    for rate in (0.25, 0.6):
        layer = candidate(hidden_dim=29, dropout_rate=rate)
        calls = [{"x": draw(8, 11, 29)}] * 4
        answers = layer.each(*calls, train=True, seeds=[draw.integer(0, 2**31), None, None, None])
        assert_weights_are_dropped(answers, truths(answers), rate)


@check("dropout")
def test_hidden_keys_stay_hidden_in_training(candidate, draw):
    """Dropout and mask go together: hidden keys have weight 0, visible ones drop at the rate."""
    layer = candidate(hidden_dim=29, dropout_rate=0.4)
    calls = masked(draw(8, 11, 29), draw.mask(8, 11, 11), draw.padding(8, 11)[:, None])
    for _ in range(2):  # two layers built alike, each of them in two masked passes
        answers = layer.each(*calls, train=True, seeds=[draw.integer(0, 2**31), None])
        assert_weights_are_dropped(answers, truths(answers), 0.4)


@check("gradient")
def test_gradients_in_training_follow_what_was_dropped(candidate, draw):
    """In training, backward goes through the very weights that survived, and their rescaling."""
    layer, x, cotangent = candidate(hidden_dim=13, dropout_rate=0.4), draw(3, 5, 13), draw(3, 5, 13)
    query = layer.weights["query"]  # smaller scores: no weight so small that it looks dropped
    layer.weights["query"] = unbiased(query.weight / 5, query)
    answer = layer.backward(x, cotangent=cotangent, train=True)
    kept = ~dropped_weights(answer, layer_truth(layer.weights, x), 0.4)[:, 0] / 0.6

    def thinned(weights, x):
        query, key, value = (linear(x, weights[role]) for role in ("query", "key", "value"))
        whole = attention(query, key, torch.eye(5).expand(3, 5, 5))
        return linear(whole * kept @ value, weights["output"])

    assert_gradients(answer, gradients(thinned, {"x": x}, cotangent, layer.weights))


@check("robustness")
def test_inputs_are_left_as_they_were(candidate, draw):
    """Neither x nor the mask is modified, in evaluation or in training, followed or not."""
    layer, x = candidate(hidden_dim=7, dropout_rate=0.5), draw(2, 5, 7)
    mask, cotangent = draw.mask(2, 5, 5), draw(2, 5, 7)
    calls = masked(x, mask, mask.float(), mask.long(), None, mask, None)
    followed = [*[None] * 4, cotangent, cotangent]
    for train in (False, True):
        for answer in layer.each(*calls, cotangents=followed, train=train, keep_inputs=True):
            for name, before in answer.call.arguments.items():
                after = answer.inputs.get(name)
                if before is not None and (after is None or not torch.equal(after, before)):
                    raise refuse(f"`{name}` was modified in place", answer)


@check("robustness")
def test_nothing_is_carried_over_between_calls(candidate, draw):
    """An output depends on its call alone, not on the lengths and masks of calls before it."""
    layer, x, other = candidate(hidden_dim=7, dropout_rate=0.1), draw(2, 5, 7), draw(3, 11, 7)
    calls = [{"x": x}, *masked(x, draw.mask(5, 5)), {"x": other}, *masked(other, draw.mask(11, 11))]
    assert_true(layer.each(*calls, {"x": x}))


@check("robustness")
def test_sequences_may_be_longer_than_any_buffer(candidate, draw):
    """There is no maximum length, with a mask or without one."""
    layer, x = candidate(hidden_dim=2, dropout_rate=0.1), draw(1, 1031, 2)
    whole = masked(x[:, :139], draw.mask(139, 139))
    assert_true(layer.each({"x": x}, *masked(x, draw.mask(1, 1, 1031)), *whole))


@check("budget")
def test_keeps_up_with_the_reference(race, draw):
    """Takes no more than the budget on many short sequences and on a few long ones."""
    size = {"hidden_dim": 2, "dropout_rate": 0.1}

    def padded():
        return masked(draw(1024, 4, 2), draw.padding(1024, 4)[:, None])[0]

    def causal():
        return masked(draw(1, 256, 2), torch.ones(1, 256, 256, dtype=torch.bool).tril())[0]

    race("many short sequences", padded, layer_truth, **size)
    race("a long sequence", causal, layer_truth, **size)


# --- what a senior interviewer asks next --------------------------------------------------------


def half_blind(draw):
    """A mask (2, 5, 5) whose third row, in each sequence, may attend to nothing."""
    mask = draw.mask(2, 5, 5)
    mask[:, 2] = False
    return mask


@check("masking", stretch=True)
def test_a_token_that_may_attend_to_nothing_leaves_as_the_output_bias(candidate, draw):
    """A fully masked row attends to nothing: the output bias is what remains."""
    layer, x, mask = candidate(hidden_dim=7, dropout_rate=0.1), draw(2, 5, 7), half_blind(draw)
    empty = torch.zeros(2, 5, 5, dtype=torch.bool)
    asking = draw.padding(2, 5)[..., None]  # some tokens see everything, the others nothing
    assert_true(layer.each(*masked(x, mask, mask.float(), empty, empty[:, :1], asking)))


@check("gradient", stretch=True)
def test_a_fully_masked_row_leaves_gradients_finite(candidate, draw):
    """Backward through a fully masked row gives true, finite gradients."""
    layer, x, cotangent = candidate(hidden_dim=7, dropout_rate=0.1), draw(2, 5, 7), draw(2, 5, 7)
    call = masked(x, half_blind(draw))[0]
    answer = layer.each(call, cotangents=[cotangent])[0]
    assert_gradients(answer, gradients(layer_truth, call, cotangent, layer.weights))


@check("numerics", stretch=True)
def test_double_precision_in_double_precision_out(candidate, draw):
    """A float64 layer gives a float64 output."""
    layer = candidate(hidden_dim=7, dropout_rate=0.1).to(torch.float64)
    x = draw(2, 5, 7).double()
    assert_true(layer.each({"x": x}, *masked(x, draw.mask(2, 5, 5))))


@check("numerics", stretch=True)
def test_half_precision_works_with_a_mask(candidate, draw):
    """float16 and bfloat16 stay what they are, and are as exact under a mask as they allow."""
    for dtype in (torch.float16, torch.bfloat16):
        layer, x = candidate(hidden_dim=7, dropout_rate=0.1).to(dtype), draw(2, 5, 7).to(dtype)
        assert_true(layer.each({"x": x}, *masked(x, draw.mask(5, 5), draw.mask(2, 1, 5))))


@check("robustness", stretch=True)
def test_inputs_need_not_be_contiguous(candidate, draw):
    """A transposed, strided x, or mask, gives the same output."""
    layer = candidate(hidden_dim=7, dropout_rate=0.1)
    x, mask = draw(7, 3, 5, 2).permute(1, 2, 0, 3)[..., 1], draw.mask(3, 5, 5)
    strided = mask.permute(2, 0, 1).contiguous().permute(1, 2, 0)
    assert_true(layer.each({"x": x}, *masked(x, strided), *masked(draw(3, 7, 5).mT, mask)))


@check("robustness", stretch=True)
def test_no_device_is_hard_coded(candidate, draw):
    """On torch's `meta` device, which only follows shapes, the same layer gives the same shape."""
    layer, x = candidate(hidden_dim=7, dropout_rate=0.1), draw(2, 5, 7)
    for answer in layer.each({"x": x}, *masked(x, draw.mask(2, 5, 5)), device="meta"):
        assert_shape(answer, (2, 5, 7))
