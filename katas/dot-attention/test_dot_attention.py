"""What attention with nothing to learn is, claim by claim: softmax(XXᵀ)X and not one thing more."""

import torch

from grader.bank import Definition, assert_matches, check, refuse, standard


def dot_attention(x, *, attend):
    """Torch's attention of x with itself; what that divides by is multiplied on before."""
    return attend(x.double() * x.size(-1) ** 0.5, x, x)


definition = Definition(dot_attention)

test_computes_attention_itself = standard.by_hand(definition)
test_result_has_the_shape_of_x = standard.shape(
    definition, "The result is (B, S, D) like x, also with one sequence, one token or one feature."
)
test_is_softmax_of_products_times_x = standard.formula(
    definition, "The result is softmax(XXᵀ)X, tokens of zeros and of a single one included."
)
test_scores_are_not_divided = standard.scale(
    definition, "Scores are the dot products as they are, whatever batch, length and width are."
)


@check("equivalence")
def test_weights_of_a_token_sum_to_one(candidate, draw):
    """Each token's weights sum to 1 over all tokens: a feature that all share comes back."""
    x = draw(3, 5, 4)
    x[..., 1] = 2.0
    answer = candidate.each({"x": x})[0]
    definition.agree([answer])
    if bool((answer.output[..., 1] - 2.0).abs().max() > 1e-4):
        raise refuse("of a feature that is 2 in every token, something else comes back", answer)


@check("equivalence")
def test_a_long_token_keeps_to_itself(candidate, draw):
    """Between tokens at right angles, one that is long attends to itself, and one of 0 to all."""
    axes = torch.linalg.qr(draw(2, 6, 6)).Q.contiguous()
    x = axes * torch.tensor([30.0, 5.0, 1.0, 0.1, 30.0, 0.0])[:, None]
    answer = candidate.each({"x": x})[0]
    definition.agree([answer])
    assert_matches(candidate.each({"x": axes * 30.0})[0], axes.double() * 30.0)


test_equal_sizes_do_not_mix_up_axes = standard.equal_sizes(definition)
test_each_sequence_of_a_batch_is_attended_to_on_its_own = standard.apart(definition)
test_permuting_the_tokens_permutes_the_result = standard.order(
    definition, "All tokens are treated alike: their order carries over, and nothing is causal."
)
test_x_has_its_gradient = standard.gradients(
    definition, "x has the true gradient, by all three parts that it plays."
)


@check("numerics")
def test_products_of_ten_thousand_stay_finite(candidate, draw):
    """Tokens 100 long have products of ±10⁴: results are true, and gradients finite."""
    axes = torch.linalg.qr(draw(3, 7, 7)).Q[:, :3]
    lengths = torch.tensor([100.0, 100.0, 70.0])[:, None]
    ends = torch.cat([axes * lengths, -axes * lengths, axes[:, :1] * 60.0, draw(3, 2, 7)], 1)
    calls = [{"x": ends}, {"x": ends[:, :4]}, {"x": axes * 100.0}, {"x": ends[:, 2:] * 0.2}]
    calls = [{"x": call["x"].contiguous()} for call in calls]
    pulls = [draw(*call["x"].shape) for call in calls]
    for answer in candidate.each(*calls, cotangents=pulls):
        assert_matches(answer, definition.true(answer), scores=1e4)
        # A weight is known to one part in a thousand there, and its gradient is 10⁴ times as large.
        if not bool(torch.isfinite(answer.gradients["input x"]).all()):
            raise refuse("the gradient of `x` is not finite", answer)
    definition.backward(draw, definition.layer(candidate), *({"x": c["x"] / 20} for c in calls))


test_x_is_left_as_it_was = standard.untouched(
    definition, "x is left as it was: values, shape and strides."
)
test_nothing_is_carried_over_between_calls = standard.nothing_kept(definition)


@check("robustness")
def test_nothing_is_drawn(candidate, draw):
    """The same x gives the same result each time: there are no weights, and nothing is dropped."""
    x = draw(2, 5, 6)
    definition.holds(definition.layer(candidate), *[{"x": x}] * 4)


test_sequences_may_be_longer_than_any_buffer = standard.any_length(definition)
test_memory_stays_within_the_budget = standard.memory(definition)
test_keeps_up_with_the_reference = standard.budget(definition)

# --- what a senior interviewer asks next --------------------------------------------------------

test_double_precision_in_double_precision_out = standard.double(definition)
test_half_precision_in_half_precision_out = standard.half(definition)
test_x_need_not_be_contiguous = standard.strided(definition)
test_no_device_is_hard_coded = standard.no_device(definition)
