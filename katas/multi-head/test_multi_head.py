"""What multi-head attention is, claim by claim: heads apart, each attending, together again."""

import math
from functools import partial

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
from grader.report.verdict import Fault, Verdict

SHAPES = [  # B, S, H, head_dim: primes, so that no two axes can be taken for each other
    (1, 1, 3, 2),
    (2, 5, 1, 7),
    (3, 7, 2, 5),
    (2, 11, 3, 7),
    (2, 3, 5, 1),
]
DTYPES = [
    torch.bool,
    *(torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64),
    *(torch.float16, torch.bfloat16, torch.float32, torch.float64),
]


def multi_head(weights, x, attention_mask=None, *, num_heads, kept=None):
    """The definition in float64: project, heads apart, torch's attention, together, project.

    kept (B, H, S, S): what dropout multiplies the weights with.
    """
    query, key, value = (
        linear(x, weights[role]).unflatten(-1, (num_heads, -1)).transpose(1, 2)
        for role in ("query", "key", "value")
    )
    context = attend(query, key, value, attention_mask, kept)
    return linear(context.transpose(1, 2).flatten(-2), weights["output"])


def attend(query, key, value, mask, kept):
    """Torch's attention; its weights are what identity values give, and can then be thinned."""
    if kept is None:
        return attention(query, key, value, mask)
    each_key = torch.eye(key.size(-2)).expand(*key.shape[:2], -1, -1)
    return attention(query, key, each_key, mask) * kept @ value


def truth(answer):
    """What the definition makes of the call behind an answer."""
    request = answer.request
    return multi_head(
        request.weights, **answer.call.arguments, num_heads=request.construct["num_heads"]
    )


def assert_attends(answers, scores=0.0):
    """Every call was answered as the definition has it."""
    for answer in answers:
        assert_matches(answer, truth(answer), scores=scores)


def under(x, *masks):
    """One call for each mask."""
    return [{"x": x, "attention_mask": mask} for mask in masks]


def bias_of(projection):
    """Its bias, or the zeros that having none amounts to."""
    rows = len(projection.weight)
    return torch.zeros(rows) if projection.bias is None else projection.bias


def choose(layer, role, weight):
    """Give a role this weight and, where it has a bias, zeros for it."""
    bias = layer.weights[role].bias
    layer.weights[role] = Projection(weight, None if bias is None else torch.zeros_like(bias))


@check("rules")
def test_computes_attention_itself(candidate, draw):
    """Attention is written out: torch's own is not called, in training or in evaluation."""
    layer, x = candidate(hidden_dim=6, num_heads=3, dropout_rate=0.2), draw(2, 5, 6)
    layer.each({"x": x}, *under(x, draw.mask(5, 5)))
    layer.each({"x": x}, *under(x, draw.mask(5, 5)), train=True)


@check("rules")
def test_its_weights_are_four_projections_and_nothing_more(candidate):
    """Query, key, value and output projection are all there is to learn."""
    extras = candidate.layout.extras
    if extras:
        raise refuse(f"parameters beyond the four projections: {', '.join(extras)}")


@check("shape")
def test_output_has_the_shape_of_x(candidate, draw):
    """The output is (B, S, D) like x, also with one sequence, one token or one head."""
    for num_heads, head_dim in ((1, 3), (3, 2)):
        layer = candidate(hidden_dim=num_heads * head_dim, num_heads=num_heads)
        shapes = [(*size, num_heads * head_dim) for size in ((1, 1), (1, 7), (5, 1), (2, 3))]
        calls = [{"x": draw(*shape)} for shape in shapes]
        for shape, answer in zip(shapes, layer.each(*calls), strict=True):
            assert_shape(answer, shape)


@check("equivalence")
def test_is_attention_in_every_head_merged_and_projected(candidate, draw):
    """The output is Concat(head_1, …, head_H) through the output projection."""
    for batch, length, num_heads, head_dim in SHAPES:
        layer = candidate(hidden_dim=num_heads * head_dim, num_heads=num_heads)
        assert_attends(layer.each({"x": draw(batch, length, num_heads * head_dim)}))


@check("equivalence")
def test_agrees_with_the_multi_head_layer_of_torch(candidate, draw):
    """With the same weights, `torch.nn.MultiheadAttention` gives the same output."""
    layer, x, mask = candidate(hidden_dim=15, num_heads=3), draw(2, 7, 15), draw.mask(7, 7)
    torchs = torch.nn.MultiheadAttention(15, 3, batch_first=True, dtype=torch.float64)
    plain, masked = layer.each({"x": x}, *under(x, mask))
    with torch.no_grad():
        stacked = [layer.weights[role] for role in ("query", "key", "value")]
        torchs.in_proj_weight.copy_(torch.cat([p.weight for p in stacked]))
        torchs.in_proj_bias.copy_(torch.cat([bias_of(p) for p in stacked]))
        torchs.out_proj.weight.copy_(layer.weights["output"].weight)
        torchs.out_proj.bias.copy_(bias_of(layer.weights["output"]))
        thrice = [x.double()] * 3
        assert_matches(plain, torchs(*thrice)[0])
        assert_matches(masked, torchs(*thrice, attn_mask=~mask)[0])  # there, true hides


@check("equivalence")
def test_scores_are_divided_by_the_root_of_head_dim(candidate, draw):
    """The scale is √head_dim, however many heads share the features."""
    for num_heads, head_dim in ((12, 1), (1, 12), (3, 37)):
        layer = candidate(hidden_dim=num_heads * head_dim, num_heads=num_heads)
        x = draw(2, 5, num_heads * head_dim)
        assert_attends(layer.each({"x": x}, *under(x, torch.ones(5, 5))))


@check("equivalence")
def test_weights_of_a_query_sum_to_one_over_the_keys(candidate, draw):
    """In each head a query's weights sum to 1 over the keys: equal values give that value."""
    layer, x = candidate(hidden_dim=6, num_heads=3), draw(2, 5, 6)
    x[..., 0] = 1.0
    constant = torch.zeros(6, 6)
    constant[:, 0] = torch.arange(1.0, 7.0)
    choose(layer, "value", constant)
    choose(layer, "output", torch.eye(6))
    for answer in layer.each({"x": x}, *under(x, draw.mask(2, 3, 5, 5))):
        assert_matches(answer, torch.arange(1.0, 7.0).double().expand(2, 5, 6))


@check("equivalence")
def test_each_head_works_on_its_own_run_of_features(candidate, draw):
    """Head h reads features h·head_dim … of query, key and value, and writes to the same place."""
    layer, x = candidate(hidden_dim=15, num_heads=3), draw(2, 7, 15)
    choose(layer, "output", torch.eye(15))
    before = layer(x)
    assert_attends([before])
    for role in ("query", "key", "value"):
        weight = layer.weights[role].weight.clone()
        weight[5:10] = draw(5, 15) / 3
        layer.weights[role] = Projection(weight, layer.weights[role].bias)
        after = layer(x)
        changed = (after.output - before.output).abs().amax(dim=(0, 1)) > 1e-4
        if bool(changed[:5].any() or changed[10:].any()):
            raise refuse(f"the {role} features of head 1 changed what other heads return", after)
        assert_attends([after])
        before = after


@check("equivalence")
def test_the_order_of_tokens_carries_over(candidate, draw):
    """Permuting the tokens permutes the output: splitting and merging never mix tokens."""
    layer, x, order = candidate(hidden_dim=14, num_heads=2), draw(3, 5, 14), draw.permutation(5)
    plain, moved = layer.each({"x": x}, {"x": x[:, order]})
    assert_matches(plain, truth(plain))
    assert_matches(moved, truth(plain)[:, order])


@check("equivalence")
def test_each_sequence_is_attended_to_on_its_own(candidate, draw):
    """Changing one sequence of the batch leaves the output of the others as it is."""
    layer, x = candidate(hidden_dim=6, num_heads=2), draw(3, 5, 6)
    other = x.clone()
    other[1] = draw(5, 6) * 2
    assert_attends(layer.each({"x": x}, {"x": other}, {"x": x[:1]}))


@check("masking")
def test_attends_where_the_mask_is_true(candidate, draw):
    """True means "may attend", for every mask that broadcasts to the scores (B, H, S, S)."""
    layer, x = candidate(hidden_dim=21, num_heads=3), draw(2, 5, 21)
    shapes = [(5, 5), (1, 1, 5, 5), (2, 1, 1, 5), (2, 1, 5, 5), (1, 3, 5, 5), (2, 3, 5, 5)]
    assert_attends(layer.each(*under(x, *(draw.mask(*shape) for shape in shapes))))


@check("masking")
def test_a_mask_of_ones_and_zeros_means_the_same_in_any_dtype(candidate, draw):
    """1 may attend and 0 may not, as bool, integers or floats; an explicit None hides nothing."""
    layer, x, mask = candidate(hidden_dim=10, num_heads=2), draw(3, 5, 10), draw.mask(3, 1, 1, 5)
    masks = [mask.to(dtype) for dtype in DTYPES]
    assert_attends(layer.each(*under(x, *masks, draw.mask(5, 5).long(), None)))


@check("masking")
def test_every_sequence_and_every_head_obeys_its_own_mask(candidate, draw):
    """Equal sizes, such as B = H = S, or sizes of 1 make no axis of the mask pass for another."""
    some = [(3, 5), (5, 5), (2, 3), (3, 3), (1, 5)]  # B = H, B = S, H = S, all of them, B = 1
    for num_heads, sizes in ((3, some), (1, [(3, 5), (5, 5), (1, 5)])):
        layer, calls = candidate(hidden_dim=6, num_heads=num_heads), []
        for batch, length in sizes:
            shapes = [(), (batch, 1), (1, num_heads), (batch, num_heads)]
            masks = [draw.mask(*shape, length, length) for shape in shapes]
            padding = draw.padding(batch, length)[:, None, None, :]
            calls += under(draw(batch, length, 6), padding, *masks)
        assert_attends(layer.each(*calls))


@check("masking")
def test_hidden_tokens_have_no_influence(candidate, draw):
    """What hidden tokens hold does not matter: to the others it is as if they were not there."""
    layer, x, visible = candidate(hidden_dim=10, num_heads=2), draw(2, 7, 10), draw.mask(7)
    other = torch.where(visible[:, None], x, draw(2, 7, 10) * 3)
    mask = visible.expand(2, 1, 1, 7)
    *among, alone = layer.each(*under(x, mask), *under(other, mask), {"x": x[:, visible]})
    assert_attends([alone])
    for answer in among:
        assert_shape(answer, (2, 7, 10))
        if bool((answer.output[:, visible] - alone.output).abs().max() > 1e-3):
            raise refuse("what hidden tokens hold reaches the output of the others", answer)
    assert_attends(among)


@check("masking")
def test_padding_changes_nothing_for_the_tokens_before_it(candidate, draw):
    """Sequences of several lengths, padded to one, give what each gives alone."""
    layer, x, real = candidate(hidden_dim=15, num_heads=3), draw(3, 7, 15), draw.padding(3, 7)
    alone = [{"x": tokens[None, keep]} for tokens, keep in zip(x, real, strict=True)]
    assert_attends(layer.each(*under(x, real[:, None, None, :]), *alone))


@check("masking")
def test_a_single_visible_key_is_all_there_is(candidate, draw):
    """With all keys but one hidden, a head's context is that key's value."""
    layer, x = candidate(hidden_dim=14, num_heads=2), draw(3, 5, 14)
    choose(layer, "output", torch.eye(14))
    chosen = torch.stack([draw.permutation(5) for _ in range(6)]).view(3, 2, 5, 1)
    mask = torch.zeros(3, 2, 5, 5, dtype=torch.bool).scatter(-1, chosen, True)
    value = linear(x, layer.weights["value"]).unflatten(-1, (2, 7)).transpose(1, 2)
    picked = value.gather(2, chosen.expand(-1, -1, -1, 7))
    assert_matches(layer(x, mask), picked.transpose(1, 2).flatten(-2))


def extreme(draw, visible, visible_score, hidden_score):
    """x (1, 9, 32) and a mask whose scores, exact in float32, lie at these ends.

    Feature 0 is 1 and makes the queries, feature 1 makes the keys; the rest is free.
    """
    steps = torch.tensor([0.0, 1.0, 2.0]).repeat(3) / 128  # each step is 0.78 in the scores
    towards = -math.copysign(1.0, visible_score)
    x = draw(1, 9, 32)
    x[..., 0] = 1.0
    x[..., 1] = torch.where(visible, visible_score / 100 + towards * steps, hidden_score / 100)
    return {"x": x, "attention_mask": visible.expand(1, 1, 9, 9)}


@check("masking")
def test_hidden_keys_stay_hidden_when_their_scores_dominate(candidate, draw):
    """A hidden key gets weight 0 even where its score is 10⁴ and the visible ones are −10⁴."""
    layer, visible = candidate(hidden_dim=32, num_heads=2), draw.mask(9)
    for role, feature, gain in (("query", 0, 400.0), ("key", 1, 1.0)):
        weight = torch.zeros(32, 32)
        weight[::16, feature] = gain  # the first feature of either head, 16 features wide
        choose(layer, role, weight)
    ends = [(-1e4, 1e4), (1e4, -1e4), (1e4, 1e4), (-1e4, -1e4)]
    assert_attends(layer.each(*(extreme(draw, visible, *end) for end in ends)), scores=1e4)


@check("dropout")
def test_nothing_is_dropped_in_eval_mode_or_at_rate_zero(candidate, draw):
    """In eval mode at any rate, and in training at rate 0, the output is the true one each time."""
    x, mask = draw(2, 5, 6), draw.mask(2, 1, 1, 5)
    for rate, train in ((0.5, False), (0.0, True)):
        layer = candidate(hidden_dim=6, num_heads=3, dropout_rate=rate)
        assert_attends(layer.each({"x": x}, *under(x, mask, mask), train=train))


@check("dropout")
def test_each_weight_is_dropped_on_its_own_and_survivors_are_rescaled(candidate, draw):
    """In training each weight is 0 at the given rate, or else 1 / (1 − rate) times itself."""
    for rate, mask in ((0.3, None), (0.6, draw.mask(4, 2, 7, 7, visible=0.8))):
        layer = candidate(hidden_dim=26, num_heads=2, dropout_rate=rate)
        calls = under(draw(4, 7, 26), *[mask] * 4)
        answers = layer.each(*calls, train=True, seeds=[draw.integer(0, 2**31), None, None, None])
        assert_weights_are_dropped(answers, [truth(answer) for answer in answers], rate)


def assert_true_gradients(layer, calls, draw):
    """x and every projection get the gradients of the definition, in each of the calls."""
    cotangents = [draw(*call["x"].shape) for call in calls]
    answers = layer.each(*calls, cotangents=cotangents)
    assert_attends(answers)
    for answer, cotangent in zip(answers, cotangents, strict=True):
        assert_gradients(answer, true_gradients(answer, cotangent))


def true_gradients(answer, cotangent, **options):
    """Those of x and of every projection; what a mask of floats gets is nobody's business."""
    definition = partial(multi_head, num_heads=answer.request.construct["num_heads"], **options)
    found = gradients(definition, answer.call.arguments, cotangent, answer.request.weights)
    found.pop("input attention_mask", None)
    return found


@check("gradient")
def test_gradients_reach_x_and_every_projection(candidate, draw):
    """x and all weights and biases have the true gradients, under masks and without one."""
    layer, x = candidate(hidden_dim=15, num_heads=3), draw(2, 7, 15)
    masks = draw.mask(2, 1, 1, 7), draw.mask(2, 3, 7, 7)
    calls = under(x, None, *masks, masks[0].long(), masks[1].float())
    assert_true_gradients(layer, calls, draw)


@check("gradient")
def test_gradients_in_training_follow_what_was_dropped(candidate, draw):
    """In training, backward goes through the very weights that survived, and their rescaling."""
    layer, x = candidate(hidden_dim=26, num_heads=2, dropout_rate=0.4), draw(2, 7, 26)
    # Smaller scores: no weight is so small that it looks dropped.
    choose(layer, "query", layer.weights["query"].weight / 5)
    masks = draw.mask(2, 1, 1, 7), draw.mask(2, 2, 7, 7).long()
    cotangents = [draw(2, 7, 26) for _ in range(3)]
    answers = layer.each(*under(x, None, *masks), cotangents=cotangents, train=True)
    for answer, cotangent in zip(answers, cotangents, strict=True):
        kept = ~dropped_weights(answer, truth(answer), 0.4) / 0.6
        assert_gradients(answer, true_gradients(answer, cotangent, kept=kept))


@check("numerics")
def test_scores_of_ten_thousand_stay_finite(candidate, draw):
    """Scores of ±10⁴ give the true, finite output: the softmax does not overflow."""
    layer, x = candidate(hidden_dim=32, num_heads=2), draw.signs(2, 7, 32)
    choose(layer, "query", 50 * torch.eye(32))
    choose(layer, "key", 50 * torch.diag(draw.signs(32)))  # 16 · 50² / √16 where all signs agree
    x[:, 1] = x[:, 0]
    assert_attends(layer.each(*under(x, None, draw.mask(2, 1, 1, 7))), scores=1e4)


@check("robustness")
def test_inputs_are_left_as_they_were(candidate, draw):
    """Neither x nor the mask is modified: in evaluation, in training, with gradients or without."""
    layer, x = candidate(hidden_dim=6, num_heads=2, dropout_rate=0.5), draw(2, 5, 6)
    mask = draw.mask(2, 2, 5, 5)
    calls = under(x, None, mask, mask.float(), mask.long())
    for train in (False, True):
        for cotangents in (None, [torch.ones(2, 5, 6)] * 4):
            for answer in layer.each(*calls, train=train, cotangents=cotangents, keep_inputs=True):
                assert_untouched(answer)


def assert_untouched(answer):
    """Every tensor that was passed still holds what it held."""
    for name, before in answer.call.arguments.items():
        after = answer.inputs.get(name)
        if before is not None and (after is None or not torch.equal(after, before)):
            raise refuse(f"`{name}` was modified in place", answer)


@check("robustness")
def test_nothing_is_carried_over_between_calls(candidate, draw):
    """A call's output depends on that call alone, whatever sizes and masks came before it."""
    layer, x = candidate(hidden_dim=6, num_heads=3), draw(2, 5, 6)
    mask, *others = (draw.mask(2, 3, 5, 5) for _ in range(3))
    pairs = [draw.mask(*shape) for shape in ((2, 1, 1, 5), (5, 5)) for _ in range(2)]
    between = {"x": draw(1, 7, 6)}
    assert_attends(layer.each(*under(x, None, mask), between, *under(x, None, mask, *others)))
    assert_attends(layer.each(*under(x, *pairs)))


@check("robustness")
def test_sequences_may_be_longer_than_any_buffer(candidate, draw):
    """There is no maximum length, with a mask or without: over a thousand tokens, then a few."""
    layer = sharp(candidate)
    x, mask = draw(1, 1031, 2), draw.mask(1031)
    mask[-3:] = False  # what lies behind a block of 1024 counts as well
    calls = under(x, None, mask.expand(1, 1, 1, 1031))
    calls += under(draw(2, 263, 2), draw.mask(2, 1, 1, 263), draw.mask(263, 263))
    assert_attends(layer.each(*calls, {"x": draw(1, 3, 2)}))


def sharp(candidate):
    """A layer whose tokens attend to a few others, however many there are: scores of about ±2."""
    layer = candidate(hidden_dim=2, num_heads=1)
    for role, gain in (("query", 2.0), ("key", 1.0)):
        choose(layer, role, gain * torch.eye(2))
    return layer


INDIVISIBLE = [(12, 5, 5), (10, 3, 9), (7, 2, 6)]
"""D, H and an S for which some wrong reshape or chunk would come out even."""


def refusal(candidate, draw, hidden_dim, num_heads, length):
    """The error that an indivisible construction and its call end with, or None: a result."""
    layer, x = candidate(hidden_dim=hidden_dim, num_heads=num_heads), draw(1, length, hidden_dim)
    for weights in (layer.weights, {}):
        layer.weights = weights
        try:
            layer(x)
        except Fault as fault:
            error = candidate.exchanges[-1].error
            if fault.verdict is not Verdict.RUNTIME_ERROR or error is None:
                raise
            if error["frames"]:
                return error
            # Not the submission's error: its weights have other shapes, so it keeps its own.
        else:
            return None
    return error


@check("robustness")
def test_heads_that_do_not_divide_the_features_never_give_a_result(candidate, draw):
    """Where num_heads does not divide hidden_dim there is an error, and no output."""
    for hidden_dim, num_heads, length in INDIVISIBLE:
        if refusal(candidate, draw, hidden_dim, num_heads, length) is None:
            raise refuse(f"hidden_dim={hidden_dim} with num_heads={num_heads} gave a result")


@check("budget")
def test_keeps_up_with_the_reference(race, draw):
    """Takes no more than the budget on many sequences, in many heads, and on a long sequence."""
    sizes = [  # B, S, D, H, mask: each large where others are small, to show one kind of loop
        ("many short sequences", 256, 4, 4, 2, (256, 1, 1, 4)),
        ("many heads", 1, 4, 96, 96, (1, 96, 4, 4)),
        ("a long sequence", 1, 256, 2, 1, (1, 1, 256, 256)),
    ]
    for name, batch, length, width, num_heads, mask in sizes:
        race(
            name,
            partial(next, in_turn(draw, (batch, length, width), mask)),
            partial(multi_head, num_heads=num_heads),
            hidden_dim=width,
            num_heads=num_heads,
            dropout_rate=0.0,
        )


def in_turn(draw, shape, mask):
    """Fresh arguments of one call after another: without a mask and with one."""
    while True:
        yield {"x": draw(*shape)}
        yield {"x": draw(*shape), "attention_mask": draw.mask(*mask)}


# --- what a senior interviewer asks next --------------------------------------------------------


@check("robustness", stretch=True)
def test_heads_that_do_not_divide_the_features_are_refused_at_once(candidate, draw):
    """Building a layer whose num_heads does not divide hidden_dim raises ValueError or asserts."""
    for hidden_dim, num_heads, length in INDIVISIBLE:
        error = refusal(candidate, draw, hidden_dim, num_heads, length)
        sizes = f"hidden_dim={hidden_dim}, num_heads={num_heads}"
        if error is None:
            raise refuse(f"{sizes} gave a result")
        if error["stage"] != "construct":
            raise refuse(f"{sizes} can be built, and fails only when called: {error['type']}")
        if error["type"] not in ("ValueError", "AssertionError"):
            raise refuse(f"{sizes} is refused by {error['type']}, not ValueError or an assertion")


def with_blind_rows(draw):
    """Masks under which token 2 may attend to nothing: in all heads, and in the second alone."""
    everywhere, somewhere = draw.mask(2, 1, 5, 5), draw.mask(2, 3, 5, 5)
    everywhere[:, :, 2] = False
    somewhere[:, 1, 2] = False
    return everywhere, somewhere


@check("masking", stretch=True)
def test_a_token_that_may_attend_to_nothing_leaves_as_the_output_bias(candidate, draw):
    """A fully masked row of a head is a zero context; in every head, the output bias remains."""
    layer, x = candidate(hidden_dim=6, num_heads=3), draw(2, 5, 6)
    nothing, rows = torch.zeros(2, 1, 1, 5), draw.mask(5)[:, None]
    calls = under(x, *with_blind_rows(draw), nothing, rows)
    assert_attends(layer.each(*calls, *under(x[:, :1], torch.zeros(1, 1))))


@check("gradient", stretch=True)
def test_a_fully_masked_row_leaves_gradients_finite(candidate, draw):
    """Backward through a fully masked row gives true, finite gradients."""
    layer, x = candidate(hidden_dim=6, num_heads=3), draw(2, 5, 6)
    assert_true_gradients(layer, under(x, *with_blind_rows(draw)), draw)


@check("numerics", stretch=True)
def test_double_precision_in_double_precision_out(candidate, draw):
    """A float64 layer gives a float64 output."""
    layer = candidate(hidden_dim=10, num_heads=2).to(torch.float64)
    assert_attends(layer.each(*under(draw(2, 5, 10).double(), None, draw.mask(2, 1, 1, 5))))


@check("numerics", stretch=True)
def test_half_precision_works_with_a_mask(candidate, draw):
    """float16 and bfloat16 stay what they are, and are as exact under a mask as they allow."""
    for dtype in (torch.float16, torch.bfloat16):
        layer, x = candidate(hidden_dim=10, num_heads=2).to(dtype), draw(2, 5, 10).to(dtype)
        assert_attends(layer.each(*under(x, None, draw.mask(2, 1, 5, 5))))


@check("robustness", stretch=True)
def test_x_need_not_be_contiguous(candidate, draw):
    """A transposed x, and a transposed mask, give the same output."""
    layer, mask = candidate(hidden_dim=6, num_heads=2), draw.mask(2, 1, 5, 5)
    strided = mask.permute(3, 1, 0, 2).contiguous().permute(2, 1, 3, 0)
    turned = draw(6, 5, 2).permute(2, 1, 0)
    calls = [{"x": draw(2, 6, 5).mT}, {"x": draw(5, 2, 6).transpose(0, 1)}]
    assert_attends(layer.each(*calls, *under(turned, strided)))


@check("robustness", stretch=True)
def test_no_device_is_hard_coded(candidate, draw):
    """On torch's `meta` device, which only follows shapes, the same code gives the same shape."""
    layer, x = candidate(hidden_dim=6, num_heads=2), draw(2, 5, 6)
    for answer in layer.each(*under(x, None, draw.mask(5, 5)), device="meta"):
        assert_shape(answer, (2, 5, 6))
