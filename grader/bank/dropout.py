"""Dropout on attention weights, judged from outside: the weights are read back from the output.

An output row is its query's weights times (values through the output projection). Where the keys
of all heads together are clearly fewer than the output's features, that system has one solution,
so any layer shows the weights it used, and whether it used weights at all: a layer that drops
values, context or output instead gives rows that no weights explain.

Whether chance decided on each weight alone is then a question about zeros and ones. Every test
below has a bound on how often a right layer fails it, so that the rate of false alarms is known.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from grader.bank.claims import assert_shape, refuse
from grader.bank.truth import linear
from grader.exchange.answer import Answer
from grader.kata.kata import Kata

FALSE_ALARM = 1e-9
"""How often a right layer may fail one claim about chance, at most."""
LEGIBLE = 2e-3
"""Smaller weights are left out of count: reading them back is exact to about 1e-6."""
BLUR = 1e-4
"""Of weights read back: far above what float32 leaves uncertain, far below LEGIBLE."""
NEARLY = 0.2
"""From a whole number of weights that survived: float32 leaves a hundredth uncertain."""
AXES = ("pass", "example", "head", "query", "key")
ALONG = ("passes", "examples", "heads", "queries", "keys")


def weights_of(kata: Kata, answer: Answer, output: Tensor | None = None) -> Tensor:
    """The attention weights (B, H, L, S) behind an answer's output (B, L, D), in float64.

    `output` puts another output in its place, such as the true one. H·S has to be well below D,
    two thirds of it or less. Raises Fault where no weights explain the output.
    """
    return Reading(kata, answer).weights(answer, answer.output if output is None else output)


@dataclass(frozen=True)
class Reading:
    """How weights are read back from what a layer returns for one and the same arguments."""

    kata: Kata
    answer: Answer

    @cached_property
    def rows(self) -> Tensor:
        """What each key adds to an output at weight 1, (B, H, S, D)."""
        weights = self.answer.build.weights
        handed = self.answer.call.arguments[self.kata.entry.reads["value"]]
        value, output = linear(handed, weights["value"]), weights["output"].weight.double()
        heads = self.kata.heads(self.answer.build.construct)
        return torch.einsum(
            "bshd,ohd->bhso",
            value.reshape(*value.shape[:2], heads, -1),
            output.reshape(len(output), heads, -1),
        )

    @cached_property
    def inverse(self) -> Tensor:
        """From an output without its bias to the weights of all heads."""
        inverse: Tensor = torch.linalg.pinv(self.rows.flatten(1, 2))
        return inverse

    def weights(self, answer: Answer, output: Tensor) -> Tensor:
        """The weights (B, H, L, S) behind an output (B, L, D); else a Fault of this answer."""
        bias = answer.build.weights["output"].bias
        mixed = output.double() - (0.0 if bias is None else bias.double())
        flat = mixed @ self.inverse
        unexplained = (mixed - flat @ self.rows.flatten(1, 2)).abs().max()
        if not bool(unexplained <= BLUR * mixed.abs().max().clamp(min=1.0)):
            raise refuse(_beside_the_weights(output), answer)
        batch, heads, keys, _ = self.rows.shape
        return flat.reshape(batch, -1, heads, keys).transpose(1, 2)

    def thinned(self, answer: Answer, plain: Tensor, rate: float) -> Tensor:
        """Which of these weights a training pass dropped, the others rescaled; else a Fault."""
        kept = self.weights(answer, answer.output)
        gone = kept.abs() <= BLUR
        wrong = ~gone & ~((kept - plain / (1 - rate)).abs() <= BLUR)
        if bool(wrong.any()):
            raise refuse(_what_is_wrong(kept, plain, gone, rate), answer)
        return gone


def dropped_weights(kata: Kata, answer: Answer, truth: Tensor, rate: float) -> Tensor:
    """Which weights (B, H, L, S) a training pass dropped; the others must have been rescaled.

    truth: what the same call gives without dropout. A weight that was 0 anyway counts as dropped.
    """
    _assert_fit(answer, truth)
    reading = Reading(kata, answer)
    return reading.thinned(answer, reading.weights(answer, truth), rate)


def assert_weights_are_dropped(
    kata: Kata, answers: Sequence[Answer], truth: Tensor, rate: float
) -> None:
    """Training passes of one layer on the same arguments are its `truth` without dropout, save
    that each attention weight is, on its own, 0 at this rate and else 1 / (1 − rate) as large.
    """
    for answer in answers:
        _assert_fit(answer, truth)
    reading = Reading(kata, answers[0])
    plain = reading.weights(answers[0], truth)
    gone = torch.stack([reading.thinned(answer, plain, rate) for answer in answers])
    seen = (plain > LEGIBLE).expand_as(gone)
    assert_left_to_chance(answers[0], gone, seen, rate)


def assert_share_is_dropped(answer: Answer, truth: Tensor, seen: Tensor, rate: float) -> None:
    """A training pass over tokens that are all alike dropped this share of the weights.

    truth: (1, L, D) what the call gives without dropout; seen: (L,) how many keys a query sees.
    Each output is then the true one, as many times as weights survived.
    """
    _assert_fit(answer, truth)
    bias = answer.build.weights["output"].bias
    added = 0.0 if bias is None else bias.double()
    got, plain = answer.output[0].double() - added, truth[0].double() - added
    times = (got * plain).sum(-1) / plain.square().sum(-1)
    if not bool((got - times[:, None] * plain).abs().max() <= BLUR * got.abs().max().clamp(min=1)):
        raise refuse(_beside_the_weights(answer.output), answer)
    kept = times * (1 - rate) * seen
    gone = seen.double() - kept
    share, total = gone.sum() / seen.sum(), seen.sum()
    surprise = total * (_against(share, rate) + _against(1 - share, 1 - rate))
    if bool(((times - 1).abs() <= BLUR).all()):
        told = f"of {len(seen)} tokens, at rate {rate:g}, nothing is dropped in training mode"
        raise refuse(told, answer)
    whole = (kept - kept.round()).abs().max() <= NEARLY
    if float(surprise) > math.log(2 / FALSE_ALARM) or not bool(whole):
        told = f"of {len(seen)} tokens, {float(share):.0%} of the weights are dropped in training"
        raise refuse(f"{told} mode, at a rate of {rate:.0%}", answer)


def assert_left_to_chance(answer: Answer, gone: Tensor, seen: Tensor, rate: float) -> None:
    """Each of the weights seen is gone at this rate, whatever became of the others.

    gone, seen: (pass, example, head, query, key).
    """
    _assert_frequency(answer, gone, seen, rate)
    _assert_spread(answer, gone, seen, rate)
    _assert_independence(answer, gone, seen, rate)
    _assert_pairs(answer, gone, seen, rate)


def _assert_fit(answer: Answer, truth: Tensor) -> None:
    assert_shape(answer, tuple(truth.shape))
    if not bool(torch.isfinite(answer.output).all()):
        raise refuse("values in training mode are not finite", answer)


def _beside_the_weights(output: Tensor) -> str:
    """The words for an output (B, L, D) that no weights explain."""
    if bool((output == 0).any()):
        return (
            "the output itself is dropped: leave out the dropout behind the output projection, "
            "only the weights have one here"
        )
    return "the output is no weighted sum of the values: more than the weights was changed"


def _what_is_wrong(kept: Tensor, plain: Tensor, gone: Tensor, rate: float) -> str:
    """The best-fitting words for weights that are neither 0 nor rescaled."""
    if bool(((kept - plain).abs() <= BLUR).all()):
        return f"in training mode, at rate {rate:g}, nothing is dropped"
    if bool((gone | ((kept - plain).abs() <= BLUR)).all()):
        return f"surviving weights are not rescaled by 1 / (1 − {rate:g})"
    if bool(((kept.sum(-1) - 1).abs() <= BLUR).all()):
        return "in training mode weights still sum to 1: dropout came before the softmax"
    return f"surviving weights are not the weights of eval mode divided by 1 − {rate:g}"


def _assert_frequency(answer: Answer, gone: Tensor, seen: Tensor, rate: float) -> None:
    """The rate holds for all weights, and for those of each pass, example, head, query and key.

    A frequency f in n draws at rate p is that far off at most 2 exp(−n KL(f, p)) of the time.
    """
    groups = [(gone & seen).sum().reshape(1), *_by_group(gone & seen)]
    sizes = [seen.sum().reshape(1), *_by_group(seen)]
    limit = math.log(2 * sum(len(group) for group in groups) / FALSE_ALARM)
    for what, counts, totals in zip(("", *AXES), groups, sizes, strict=True):
        share = counts / totals.clamp(min=1)
        surprise = totals * (_against(share, rate) + _against(1 - share, 1 - rate))
        worst = int(surprise.argmax())
        if float(surprise[worst]) > limit:
            where = f" of {what} {worst}" if what else ""
            told = f"{float(share[worst]):.0%} of the weights{where} are dropped in training mode"
            raise refuse(f"{told}, at a rate of {rate:.0%}", answer)


def _by_group(flags: Tensor) -> list[Tensor]:
    """How many flags are set for each index of each axis."""
    return [flags.movedim(axis, 0).flatten(1).sum(-1).double() for axis in range(flags.dim())]


def _against(share: Tensor, rate: float) -> Tensor:
    """One term of the divergence of a share from a rate."""
    return torch.where(share > 0, share * (share.clamp(min=1e-300) / rate).log(), 0.0)


def _assert_spread(answer: Answer, gone: Tensor, seen: Tensor, rate: float) -> None:
    """How many are dropped varies from row to row, and from pass to pass, as chance has it.

    Counts that are always the whole numbers nearest to n · p would come up together with the
    product of their probabilities, and an alarm asks for less than one in 10⁹.
    """
    for what, axes in (("row", (4,)), ("head", (3, 4)), ("pass", (1, 2, 3, 4))):
        totals = seen.sum(axes).flatten().double()
        counts = (gone & seen).sum(axes).flatten().double()
        mean = totals * rate
        if bool(((counts - mean).abs() >= 1).any()):
            continue
        odds = _binomial(totals, mean.floor(), rate)
        odds += torch.where(mean.ceil() > mean.floor(), _binomial(totals, mean.ceil(), rate), 0.0)
        if float(odds.clamp(max=1.0).log().sum()) < math.log(FALSE_ALARM):
            told = f"the same number of weights is dropped in every {what}"
            raise refuse(f"dropout does not decide on each weight alone: {told}", answer)


def _binomial(n: Tensor, k: Tensor, p: float) -> Tensor:
    """The probability of k in n draws at rate p."""
    ways = torch.lgamma(n + 1) - torch.lgamma(k + 1) - torch.lgamma(n - k + 1)
    return (ways + k * math.log(p) + (n - k) * math.log(1 - p)).exp()


def _assert_independence(answer: Answer, gone: Tensor, seen: Tensor, rate: float) -> None:
    """Two weights share their fate no more often than chance has it, however far apart they lie.

    Of every distance along all five axes at once the products of neighbours are summed. Each sum
    falls into three of independent terms, none of which strays beyond Bernstein's bound.
    """
    centred = torch.where(seen, gone.double() - rate, 0.0)
    sums = torch.fft.ifftn(torch.fft.fftn(centred).abs().square()).real
    sums[(0,) * sums.dim()] = 0.0  # of itself
    variance, size = (rate * (1 - rate)) ** 2, max(rate, 1 - rate) ** 2
    log = math.log(2 * 3 * sums.numel() / FALSE_ALARM)
    terms = float(seen.sum()) / 3 + 1
    margin = 3 * (math.sqrt(2 * terms * variance * log) + 2 * size * log / 3)
    worst = int(sums.abs().argmax())
    if float(sums.flatten()[worst].abs()) > margin:
        shift = torch.unravel_index(torch.tensor(worst), sums.shape)
        along = " and ".join(what for what, by in zip(ALONG, shift, strict=True) if int(by))
        told = f"its pattern repeats along the {along}"
        raise refuse(f"dropout does not decide on each weight alone: {told}", answer)


def _assert_pairs(answer: Answer, gone: Tensor, seen: Tensor, rate: float) -> None:
    """No two passes, examples, heads, queries or keys drop alike, or one what the other keeps.

    For two of them the products at all places are independent: Bernstein's bound holds for the sum.
    """
    centred = torch.where(seen, gone.double() - rate, 0.0)
    variance, size = (rate * (1 - rate)) ** 2, max(rate, 1 - rate) ** 2
    log = math.log(2 * sum(n * n for n in gone.shape) / FALSE_ALARM)
    for axis, what in enumerate(AXES):
        rows, both = (t.movedim(axis, 0).flatten(1) for t in (centred, seen.double()))
        margin = (2 * (both @ both.T) * variance * log).sqrt() + 2 * size * log / 3
        over = (rows @ rows.T).abs() - margin
        if bool((over.fill_diagonal_(-1.0) > 0).any()):
            one, other = torch.unravel_index(over.argmax(), over.shape)
            told = f"what becomes of {what} {int(one)} tells what becomes of {what} {int(other)}"
            raise refuse(f"dropout does not decide on each weight alone: {told}", answer)
