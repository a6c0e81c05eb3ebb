"""What causal self-attention is, claim by claim: the past and nothing else, in every head."""

import math
from functools import partial

import torch

from grader.bank import (
    assert_gradients,
    assert_matches,
    assert_shape,
    assert_weights_are_dropped,
    attention,
    beyond,
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


def causal(weights, x, attention_mask=None, *, num_heads, kept=None, rows=None):
    """The definition in float64, by torch's operators: no later key is seen, and no masked one.

    kept (B, H, S, S): what dropout multiplies the weights with. rows: only these tokens' outputs,
    where there is no mask.
    """
    query, key, value = (
        linear(x, weights[role]).unflatten(-1, (num_heads, -1)).transpose(1, 2)
        for role in ("query", "key", "value")
    )
    visible = triangle(x.size(1))
    if rows is not None:
        query, visible = query[:, :, rows], visible[rows]
    if attention_mask is not None:
        visible = visible & (attention_mask != 0)
    context = attend(query, key, value, visible, kept)
    return linear(context.transpose(1, 2).flatten(-2), weights["output"])


def triangle(length):
    """True where key j is not later than query i: (S, S)."""
    return torch.ones(length, length, dtype=torch.bool).tril()


def attend(query, key, value, mask, kept):
    """Torch's attention; its weights are what identity values give, and can then be thinned."""
    if kept is None:
        return attention(query, key, value, mask)
    each_key = torch.eye(key.size(-2)).expand(*key.shape[:2], -1, -1)
    return attention(query, key, each_key, mask) * kept @ value


def truth(answer):
    """What the definition makes of the call behind an answer."""
    request = answer.request
    return causal(
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


def open_at_first(draw, *shape):
    """A random mask (…, S) under which every token may attend at least to the first one."""
    mask = draw.mask(*shape)
    mask[..., 0] = True
    return mask


@check("rules")
def test_computes_attention_itself(candidate, draw):
    """Attention is written out: torch's own is not called, in training or in evaluation."""
    layer, x = candidate(hidden_dim=6, num_heads=3, dropout_rate=0.2), draw(2, 5, 6)
    layer.each({"x": x}, *under(x, open_at_first(draw, 5, 5)))
    layer.each({"x": x}, *under(x, open_at_first(draw, 5, 5)), train=True)


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
def test_is_attention_to_the_past_in_every_head(candidate, draw):
    """Token i attends to tokens 0 … i in every head; the heads are merged and projected."""
    for batch, length, num_heads, head_dim in SHAPES:
        layer = candidate(hidden_dim=num_heads * head_dim, num_heads=num_heads)
        assert_attends(layer.each({"x": draw(batch, length, num_heads * head_dim)}))


@check("masking")
def test_what_comes_later_has_no_influence(candidate, draw):
    """Changing a token changes nothing before it: no token sees a later one."""
    layer, x = candidate(hidden_dim=10, num_heads=2), draw(2, 7, 10)
    cuts = (1, 2, 4, 6)
    calls = [{"x": torch.cat((x[:, :cut], draw(2, 7 - cut, 10) * 3), dim=1)} for cut in cuts]
    before, *after = layer.each({"x": x}, *calls)
    assert_shape(before, (2, 7, 10))
    for cut, answer in zip(cuts, after, strict=True):
        assert_shape(answer, (2, 7, 10))
        if bool(((answer.output - before.output)[:, :cut].abs() > 1e-3).any()):
            raise refuse(f"tokens before position {cut} see what comes from there on", answer)
        assert_attends([answer])


@check("masking")
def test_a_prefix_returns_what_it_does_in_the_whole_sequence(candidate, draw):
    """At any length, 2100 included, the first tokens leave as they do without the others."""
    layer, calls = candidate(hidden_dim=4, num_heads=2), []
    for length in (2, 7, 17):
        x, cut = draw(2, length, 4), draw.integer(1, length - 1)
        calls += [{"x": x}, {"x": x[:, :cut]}]
    assert_attends(layer.each(*calls))
    layer, x = sharp(candidate), draw(1, 2100, 2)
    whole, part = layer.each({"x": x}, {"x": x[:, :31]})
    assert_attends([part])
    assert_shape(whole, (1, 2100, 2))
    # To compare all rows would take longer than to compute them.
    rows = torch.cat((torch.arange(31), draw.permutation(2100)[:64], torch.arange(2090, 2100)))
    expected = causal(layer.weights, x, num_heads=1, rows=rows)
    wrong = beyond(whole, whole.output[:, rows], expected, own=lambda a: a.output[:, rows])
    if bool(wrong.any()):
        token = int(rows[wrong.any(-1)[0]].min())
        raise refuse(f"in a sequence of 2100 tokens, what token {token} returns is wrong", whole)


def sharp(candidate):
    """A layer whose tokens attend to a few others, however many there are: scores of about ±2."""
    layer = candidate(hidden_dim=2, num_heads=1)
    for role, gain in (("query", 2.0), ("key", 1.0)):
        choose(layer, role, gain * torch.eye(2))
    return layer


@check("masking")
def test_the_first_token_attends_to_itself_alone(candidate, draw):
    """The first token leaves as its own value, projected; with only itself visible, so does any."""
    layer, x = candidate(hidden_dim=10, num_heads=2), draw(3, 5, 10)
    own = linear(linear(x, layer.weights["value"]), layer.weights["output"])
    alone, among, only_self = layer.each({"x": x[:, :1]}, *under(x, None, torch.eye(5)))
    assert_matches(alone, own[:, :1])
    assert_shape(among, (3, 5, 10))
    if bool(((among.output - own)[:, 0].abs() > 1e-3).any()):
        raise refuse("the first token does not attend to itself alone", among)
    assert_attends([among])
    assert_matches(only_self, own)


@check("equivalence")
def test_agrees_with_the_multi_head_layer_of_torch(candidate, draw):
    """With the same weights and masks, `torch.nn.MultiheadAttention` gives the same output."""
    layer, x = candidate(hidden_dim=15, num_heads=3), draw(2, 7, 15)
    mask = open_at_first(draw, 2, 1, 1, 7)
    torchs = torch.nn.MultiheadAttention(15, 3, batch_first=True, dtype=torch.float64)
    plain, masked = layer.each({"x": x}, *under(x, mask))
    with torch.no_grad():
        stacked = [layer.weights[role] for role in ("query", "key", "value")]
        torchs.in_proj_weight.copy_(torch.cat([p.weight for p in stacked]))
        torchs.in_proj_bias.copy_(torch.cat([bias_of(p) for p in stacked]))
        torchs.out_proj.weight.copy_(layer.weights["output"].weight)
        torchs.out_proj.bias.copy_(bias_of(layer.weights["output"]))
        thrice = [x.double()] * 3
        hidden = {"attn_mask": ~triangle(7)}  # there, true hides
        assert_matches(plain, torchs(*thrice, **hidden)[0])
        hidden["key_padding_mask"] = ~mask[:, 0, 0]
        assert_matches(masked, torchs(*thrice, **hidden)[0])


@check("equivalence")
def test_scores_are_divided_by_the_root_of_head_dim(candidate, draw):
    """The scale is √head_dim, however many heads share the features."""
    for num_heads, head_dim in ((12, 1), (1, 12), (3, 37)):
        layer = candidate(hidden_dim=num_heads * head_dim, num_heads=num_heads)
        x = draw(2, 5, num_heads * head_dim)
        assert_attends(layer.each({"x": x}, *under(x, torch.ones(5, 5))))


@check("equivalence")
def test_weights_of_a_query_sum_to_one_over_the_keys(candidate, draw):
    """A query's weights sum to 1 over the keys it sees: equal values give that value."""
    layer, x = candidate(hidden_dim=6, num_heads=3), draw(2, 5, 6)
    x[..., 0] = 1.0
    constant = torch.zeros(6, 6)
    constant[:, 0] = torch.arange(1.0, 7.0)
    choose(layer, "value", constant)
    choose(layer, "output", torch.eye(6))
    for answer in layer.each({"x": x}, *under(x, open_at_first(draw, 2, 3, 5, 5))):
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
def test_each_sequence_is_attended_to_on_its_own(candidate, draw):
    """Changing one sequence of the batch leaves the output of the others as it is."""
    layer, x = candidate(hidden_dim=6, num_heads=2), draw(3, 5, 6)
    other = x.clone()
    other[1] = draw(5, 6) * 2
    assert_attends(layer.each({"x": x}, {"x": other}, {"x": x[:1]}))


@check("masking")
def test_attends_to_the_past_where_the_mask_is_true(candidate, draw):
    """The past is seen where the mask is true, whatever its shape and length."""
    layer, x = candidate(hidden_dim=21, num_heads=3), draw(2, 5, 21)
    shapes = [(5, 5), (1, 1, 5, 5), (2, 1, 1, 5), (2, 1, 5, 5), (1, 3, 5, 5), (2, 3, 5, 5)]
    assert_attends(layer.each(*under(x, *(open_at_first(draw, *shape) for shape in shapes))))
    mask = open_at_first(draw, 1, 1, 1, 1031)
    mask[..., -3:] = False  # what lies behind a block of 1024 counts as well
    masks = open_at_first(draw, 2, 1, 1, 263), open_at_first(draw, 263, 263)
    calls = [*under(draw(2, 263, 2), *masks), *under(draw(1, 1031, 2), mask)]
    assert_attends(sharp(candidate).each(*calls))


@check("masking")
def test_a_mask_of_ones_and_zeros_means_the_same_in_any_dtype(candidate, draw):
    """1 may attend and 0 may not, as bool, integers or floats; an explicit None hides nothing."""
    layer, x = candidate(hidden_dim=10, num_heads=2), draw(3, 5, 10)
    mask = open_at_first(draw, 3, 1, 1, 5)
    masks = [mask.to(dtype) for dtype in DTYPES]
    assert_attends(layer.each(*under(x, *masks, open_at_first(draw, 5, 5).long(), None)))


@check("masking")
def test_every_sequence_and_every_head_obeys_its_own_mask(candidate, draw):
    """Equal sizes, such as B = H = S, or sizes of 1 make no axis of the mask pass for another."""
    some = [(3, 5), (5, 5), (2, 3), (3, 3), (1, 5)]  # B = H, B = S, H = S, all of them, B = 1
    for num_heads, sizes in ((3, some), (1, [(3, 5), (5, 5), (1, 5)])):
        layer, calls = candidate(hidden_dim=6, num_heads=num_heads), []
        for batch, length in sizes:
            shapes = [(), (batch, 1), (1, num_heads), (batch, num_heads)]
            masks = [open_at_first(draw, *shape, length, length) for shape in shapes]
            padding = draw.padding(batch, length)[:, None, None, :]
            calls += under(draw(batch, length, 6), padding, *masks)
        assert_attends(layer.each(*calls))


@check("masking")
def test_a_mask_never_opens_the_future(candidate, draw):
    """Ones above the diagonal open nothing: with a mask of ones, only the past is seen."""
    layer, x = candidate(hidden_dim=6, num_heads=3), draw(2, 5, 6)
    shapes = [(5, 5), (1, 1, 1, 5), (2, 1, 1, 5), (2, 3, 5, 5)]
    ones = [torch.ones(*shape) for shape in shapes]
    assert_attends(layer.each(*under(x, *ones, torch.ones(5, 5).triu())))


@check("masking")
def test_hidden_tokens_have_no_influence_on_those_after_them(candidate, draw):
    """What a hidden token holds does not matter: to the others it is as if it were not there."""
    layer, x = candidate(hidden_dim=10, num_heads=2), draw(2, 7, 10)
    visible = open_at_first(draw, 7)
    visible[draw.integer(1, 5)] = False
    other = torch.where(visible[:, None], x, draw(2, 7, 10) * 3)
    mask = visible.expand(2, 1, 1, 7)
    *among, alone = layer.each(*under(x, mask), *under(other, mask), {"x": x[:, visible]})
    assert_attends([alone])
    for answer in among:
        assert_shape(answer, (2, 7, 10))
        if bool(((answer.output[:, visible] - alone.output).abs() > 1e-3).any()):
            raise refuse("what hidden tokens hold reaches the output of the others", answer)
    assert_attends(among)


@check("masking")
def test_padding_on_either_side_leaves_the_real_tokens_as_they_are(candidate, draw):
    """Padded on the right or on the left, sequences give for each real token what they do alone."""
    layer, x, real = candidate(hidden_dim=15, num_heads=3), draw(3, 7, 15), draw.padding(3, 7)
    left = real.flip(-1)
    see_self = left[:, None, None, :] | torch.eye(7, dtype=torch.bool)  # so that no row is empty
    calls = [*under(x, real[:, None, None, :]), *under(x.flip(1), see_self)]
    alone = [{"x": tokens[None, keep]} for tokens, keep in zip(x, real, strict=True)]
    assert_attends(layer.each(*calls, *alone))


@check("masking")
def test_hidden_keys_stay_hidden_when_their_scores_dominate(candidate, draw):
    """Future and masked keys get weight 0 even at scores of 10⁴ beside visible ones of −10⁴."""
    layer = candidate(hidden_dim=32, num_heads=2)
    for role, feature, gain in (("query", 0, 400.0), ("key", 1, 1.0)):
        weight = torch.zeros(32, 32)
        weight[::16, feature] = gain  # the first feature of either head, 16 features wide
        choose(layer, role, weight)
    masked, past = open_at_first(draw, 9), torch.arange(9) < 5
    calls = []
    for visible, mask in ((past, None), (masked, masked.expand(1, 1, 9, 9))):
        ends = [(-1e4, 1e4), (1e4, -1e4), (1e4, 1e4), (-1e4, -1e4)]
        calls += [under(extreme(draw, visible, *end), mask)[0] for end in ends]
    assert_attends(layer.each(*calls), scores=1e4)


def extreme(draw, visible, visible_score, hidden_score):
    """x (1, 9, 32) whose scores, exact in float32, lie at these ends.

    Feature 0 is 1 and makes the queries, feature 1 makes the keys; the rest is free.
    """
    steps = torch.tensor([0.0, 1.0, 2.0]).repeat(3) / 128  # each step is 0.78 in the scores
    towards = -math.copysign(1.0, visible_score)
    x = draw(1, 9, 32)
    x[..., 0] = 1.0
    x[..., 1] = torch.where(visible, visible_score / 100 + towards * steps, hidden_score / 100)
    return x


@check("dropout")
def test_nothing_is_dropped_in_eval_mode_or_at_rate_zero(candidate, draw):
    """In eval mode at any rate, and in training at rate 0, the output is the true one each time."""
    x, mask = draw(2, 5, 6), open_at_first(draw, 2, 1, 1, 5)
    for rate, train in ((0.5, False), (0.0, True)):
        layer = candidate(hidden_dim=6, num_heads=3, dropout_rate=rate)
        assert_attends(layer.each({"x": x}, *under(x, mask, mask), train=train))


@check("dropout")
def test_each_weight_is_dropped_on_its_own_and_survivors_are_rescaled(candidate, draw):
    """In training each weight is 0 at the given rate, or else 1 / (1 − rate) times itself."""
    for rate, mask in ((0.3, None), (0.6, open_at_first(draw, 4, 2, 7, 7))):
        layer = candidate(hidden_dim=26, num_heads=2, dropout_rate=rate)
        calls = under(draw(4, 7, 26), *[mask] * 6)
        answers = layer.each(*calls, train=True, seeds=[draw.integer(0, 2**31), *[None] * 5])
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
    definition = partial(causal, num_heads=answer.request.construct["num_heads"], **options)
    found = gradients(definition, answer.call.arguments, cotangent, answer.request.weights)
    found.pop("input attention_mask", None)
    return found


@check("gradient")
def test_gradients_reach_x_and_every_projection(candidate, draw):
    """x and all weights and biases have the true gradients, under masks and without one."""
    layer, x = candidate(hidden_dim=15, num_heads=3), draw(2, 7, 15)
    masks = open_at_first(draw, 2, 1, 1, 7), open_at_first(draw, 2, 3, 7, 7)
    calls = under(x, None, *masks, masks[0].long(), masks[1].float())
    assert_true_gradients(layer, calls, draw)


@check("gradient")
def test_gradients_in_training_follow_what_was_dropped(candidate, draw):
    """In training, backward goes through the very weights that survived, and their rescaling."""
    layer, x = candidate(hidden_dim=26, num_heads=2, dropout_rate=0.4), draw(2, 7, 26)
    # Smaller scores: no weight is so small that it looks dropped.
    choose(layer, "query", layer.weights["query"].weight / 5)
    masks = open_at_first(draw, 2, 1, 1, 7), open_at_first(draw, 2, 2, 7, 7).long()
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
    assert_attends(layer.each(*under(x, None, open_at_first(draw, 2, 1, 1, 7))), scores=1e4)


@check("robustness")
def test_inputs_are_left_as_they_were(candidate, draw):
    """Neither x nor the mask is modified: in evaluation, in training, with gradients or without."""
    layer, x = candidate(hidden_dim=6, num_heads=2, dropout_rate=0.5), draw(2, 5, 6)
    mask = open_at_first(draw, 2, 2, 5, 5)
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
    mask, *others = (open_at_first(draw, 2, 3, 5, 5) for _ in range(3))
    pairs = [open_at_first(draw, *shape) for shape in ((2, 1, 1, 5), (5, 5)) for _ in range(2)]
    between = {"x": draw(1, 7, 6)}
    assert_attends(layer.each(*under(x, None, mask), between, *under(x, None, mask, *others)))
    assert_attends(layer.each(*under(x, *pairs)))


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
            partial(causal, num_heads=num_heads),
            hidden_dim=width,
            num_heads=num_heads,
            dropout_rate=0.0,
        )


def in_turn(draw, shape, mask):
    """Fresh arguments of one call after another: without a mask and with one."""
    while True:
        yield {"x": draw(*shape)}
        yield {"x": draw(*shape), "attention_mask": open_at_first(draw, *mask)}


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
    """Masks that leave tokens nothing: padding on the left, and one row in one head alone."""
    left, somewhere = draw.padding(2, 5).flip(-1), open_at_first(draw, 2, 3, 5, 5)
    somewhere[:, 1, 2, :3] = False
    return left[:, None, None, :], somewhere


@check("masking", stretch=True)
def test_a_token_that_may_attend_to_nothing_leaves_as_the_output_bias(candidate, draw):
    """Under padding on the left the first tokens see nothing: the output bias is what remains."""
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
    x, mask = draw(2, 5, 10).double(), open_at_first(draw, 2, 1, 1, 5)
    assert_attends(layer.each(*under(x, None, mask)))


@check("numerics", stretch=True)
def test_half_precision_works_with_a_mask(candidate, draw):
    """float16 and bfloat16 stay what they are, and are as exact under a mask as they allow."""
    for dtype in (torch.float16, torch.bfloat16):
        layer, x = candidate(hidden_dim=10, num_heads=2).to(dtype), draw(2, 5, 10).to(dtype)
        assert_attends(layer.each(*under(x, None, open_at_first(draw, 2, 1, 5, 5))))


@check("robustness", stretch=True)
def test_x_need_not_be_contiguous(candidate, draw):
    """A transposed x, and a transposed mask, give the same output."""
    layer, mask = candidate(hidden_dim=6, num_heads=2), open_at_first(draw, 2, 1, 5, 5)
    strided = mask.permute(3, 1, 0, 2).contiguous().permute(2, 1, 3, 0)
    turned = draw(6, 5, 2).permute(2, 1, 0)
    calls = [{"x": draw(2, 6, 5).mT}, {"x": draw(5, 2, 6).transpose(0, 1)}]
    assert_attends(layer.each(*calls, *under(turned, strided)))


@check("robustness", stretch=True)
def test_no_device_is_hard_coded(candidate, draw):
    """On torch's `meta` device, which only follows shapes, the same code gives the same shape."""
    layer, x = candidate(hidden_dim=6, num_heads=2), draw(2, 5, 6)
    for answer in layer.each(*under(x, None, open_at_first(draw, 5, 5)), device="meta"):
        assert_shape(answer, (2, 5, 6))


@check("robustness", stretch=True)
def test_there_is_no_maximum_length(candidate, draw):
    """9001 tokens are fine too: on the `meta` device they cost nothing, and the shape follows."""
    layer = candidate(hidden_dim=2, num_heads=1)
    calls = [{"x": draw(1, length, 2)} for length in (5, 9001)]  # short first: lazy layers run it
    for call, answer in zip(calls, layer.each(*calls, device="meta"), strict=True):
        assert_shape(answer, tuple(call["x"].shape))
