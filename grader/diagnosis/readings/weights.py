"""What the attention weights themselves say: who shares them out, their scale and their sums.

Asked is the X-ray: with the identity as value what comes out are the weights (L, S). Read are the
slope of their logarithm over QKᵀ and the sums of their rows (true: 1). What is compared, and by
which factor, is true as the kata's own weights have it: QKᵀ and 1/√d_k mostly, cosines and another
factor elsewhere. Not readable where the answer is no matrix of weights, or their logarithm no
straight line.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from grader.diagnosis.readings.forms import FORMS, multiple
from grader.diagnosis.readings.reading import TRUE, Reading
from grader.diagnosis.xray import HEADS, XRay, differ, effective_scale

LAWS: dict[str, Callable[[int, float], float]] = {
    TRUE: lambda _, true: true,
    "no-scale": lambda *_: 1.0,
    "scale-by-d": lambda width, true: true / math.sqrt(width),
    "scale-multiplied": lambda width, true: true * width,
    "softmax-base-two": lambda _, true: true * math.log(2),
    "scale-of-the-model": lambda _, true: true / math.sqrt(HEADS),
    "scale-of-three-widths": lambda _, true: true / math.sqrt(3),
}
"""Factors that have a name, by the width of query and key and the true factor there."""
EXACT = 5e-5
"""Of a weight: less than what bounded scores or half precision cost."""
LEGIBLE = 1e-3
"""Smaller weights may come out with less than single precision."""
ROUNDED = 2e-5
"""Relative: as near to a number of half precision comes by chance one number in ten, never all."""
CLOSE = 1e-3
"""Relative: two factors this close are one."""


WAYS: dict[str, tuple[int, bool]] = {
    TRUE: (-1, False),
    "softmax-over-queries": (-2, False),
    "weights-transposed": (-2, True),
    "query-key-swapped": (-1, True),
}
"""Over which axis weights may be normalised, and whether keys ask instead of queries."""
UNUSUAL = {
    "softmax-over-queries": "the weights sum to 1 over the queries",
    "weights-transposed": "row i of what meets the values is column i of the weights",
    "query-key-swapped": "each key shares out its weight among the queries",
}


def _unit(x: Tensor) -> Tensor:
    return torch.nn.functional.normalize(x, dim=-1)


def _normed(x: Tensor) -> Tensor:
    return torch.nn.functional.layer_norm(x, x.shape[-1:])


Compare = Callable[[Tensor, Tensor], Tensor]
COMPARISONS: tuple[tuple[str, Compare], ...] = (
    ("dot-products", lambda q, k: q @ k.T),
    ("cosine-scores", lambda q, k: _unit(q) @ _unit(k).T),
    ("cosine-scores", lambda q, k: _unit(q) @ k.T),
    ("cosine-scores", lambda q, k: q @ _unit(k).T),
    ("scores-of-normalised", lambda q, k: _normed(q) @ _normed(k).T),
    ("distance-for-dot-product", lambda q, k: -(torch.cdist(q, k) ** 2)),
    ("distance-for-dot-product", lambda q, k: -(torch.cdist(q, k) ** 2) / 2),
    ("distance-for-dot-product", lambda q, k: -torch.cdist(q, k)),
    ("distance-for-dot-product", lambda q, k: -torch.cdist(q, k, p=1)),
    ("compared-with-itself", lambda q, _: q @ q.T),
    ("compared-with-itself", lambda _, k: k @ k.T),
    ("activation-on-query-and-key", lambda q, k: q.relu() @ k.relu().T),
)
"""How a query and a key may be compared, the kata's own way among them; a distance of the other
sign has a negative scale."""


@dataclass(frozen=True)
class Law:
    """How the log-weights follow from queries and keys, and by which factor at each width."""

    way: str
    compared: str
    compare: Compare
    factors: tuple[float, ...]
    widths: tuple[int, ...]
    form: str = ""
    """What the scores become weights by, where it is not a softmax alone."""
    ruled: bool = False
    """Whether it holds among keys that should be seen only, though others get weight as well."""
    true: tuple[float, ...] = ()
    """The true factors."""

    @property
    def scale(self) -> str | None:
        """What the factors are called; None where they have no name."""
        for value, lawful in LAWS.items():
            expected = map(lawful, self.widths, self.true)
            pairs = zip(self.factors, expected, strict=True)
            if all(abs(factor / right - 1) < CLOSE for factor, right in pairs):
                return value
        return None


def law(xrays: Sequence[XRay]) -> Law | None:
    """The law that the weights obey; of several, the true comparison, then the true scale.

    Asked: the X-ray without a mask at two widths. Not readable: where log-weights are proportional
    to nothing that is known, neither among all keys that get weight nor among those that should; or
    where the true ones are not.
    """
    right = truth(xrays)
    if right is None:
        return None
    for ruled in (False, True):
        seen = [_seen(xray, ruled=ruled) for xray in xrays]
        found = [law for law in _laws(xrays, seen) if holds(law, xrays, seen)]
        found = [replace(law, true=right.factors, ruled=ruled) for law in found]
        same = [replace(law, compared=TRUE) for law in found if law.compare is right.compare]
        if found:
            return min(same or found, key=lambda law: law.scale != TRUE)
    return None


def truth(xrays: Sequence[XRay]) -> Law | None:
    """The law that the true weights obey, if it is one of those that are known."""
    exact = [replace(xray, weights=xray.truth) for xray in xrays]
    seen = [_seen(xray, ruled=False) for xray in exact]
    return next((law for law in _laws(exact, seen) if law.way == TRUE and holds(law, exact)), None)


def _seen(xray: XRay, *, ruled: bool) -> Tensor:
    """The keys that get weight; `ruled`, those of them that should."""
    return (xray.weights > 1e-12) & ((xray.truth > 1e-12) | torch.tensor(not ruled))


def formed(xrays: Sequence[XRay]) -> Law | None:
    """The law by which weights follow from QKᵀ otherwise than by one softmax of multiples of it.

    Asked: the X-ray without a mask at two widths. Not readable: where no known form gives them.
    """
    right = truth(xrays)
    if right is None or right.compare is not COMPARISONS[0][1]:
        return None
    if not all(bool(torch.isfinite(xray.weights).all()) for xray in xrays):
        return None
    for name, form in FORMS:
        factors = [multiple(form, xray) for xray in xrays]
        known = tuple(factor for factor in factors if factor is not None)
        if len(known) == len(xrays):
            widths = tuple(xray.width for xray in xrays)
            return Law(TRUE, TRUE, right.compare, known, widths, true=right.factors, form=name)
    return None


def holds(
    found: Law, xrays: Sequence[XRay], seen: Sequence[Tensor] = (), near: float = EXACT
) -> bool:
    """Whether a law gives these very weights; `near` as far as its factors are known.

    seen: among which keys, if not among all that get weight.
    """
    over, swapped = WAYS[found.way]
    seen = seen or [_seen(xray, ruled=False) for xray in xrays]
    for xray, visible, factor in zip(xrays, seen, found.factors, strict=True):
        if xray.sides is None:
            return False
        scores = factor * found.compare(*xray.sides)
        scores = (scores.T if swapped else scores).where(visible, -math.inf)
        given = xray.weights.where(visible, 0.0)
        given = given / given.sum(over, keepdim=True)
        if not torch.allclose(scores.softmax(over), given, rtol=0, atol=near):
            return False
    return True


def _laws(xrays: Sequence[XRay], seen: Sequence[Tensor]) -> Iterator[Law]:
    if not xrays or any(xray.sides is None for xray in xrays):
        return
    widths = tuple(xray.width for xray in xrays)
    for compared, compare in COMPARISONS:
        scores = [compare(*xray.sides) for xray in xrays if xray.sides is not None]
        for way, (over, swapped) in WAYS.items():
            factors = [
                effective_scale(xray, of, over=over, swapped=swapped, seen=visible)
                for xray, of, visible in zip(xrays, scores, seen, strict=True)
            ]
            known = tuple(factor for factor in factors if factor is not None)
            if len(known) == len(xrays):
                yield Law(way, compared, compare, known, widths)


def right(xrays: Sequence[XRay]) -> Reading | None:
    """Whether the weights are the true ones altogether; not readable where they are not."""
    return None if not xrays or any(map(differ, xrays)) else Reading("weights")


def rounded(xrays: Sequence[XRay]) -> Reading | None:
    """Whether the weights are numbers that half precision can hold; not readable where they differ.

    Asked: the X-ray without a mask. Unit: relative distance to the nearest such number.
    """
    weights = torch.cat([xray.weights[xray.weights > LEGIBLE] for xray in xrays] or [torch.ones(0)])
    if not len(weights) or not bool(torch.isfinite(weights).all()):
        return None
    for dtype in (torch.bfloat16, torch.float16):
        if float((weights.to(dtype).double() / weights - 1).abs().max()) < ROUNDED:
            words = f"each weight is one of the numbers that {str(dtype)[6:]} can hold"
            return Reading("precision", "half-precision-inside", "", words)
    return None


def way(found: Law | None) -> Reading | None:
    """Whether queries share out weight among keys, or how else the weights lie."""
    if found is None:
        return None
    return Reading("asks", found.way, "", UNUSUAL.get(found.way, ""))


def compared(found: Law | None) -> Reading | None:
    """Whether a query and a key are compared by their dot product, or how else."""
    if found is None:
        return None
    if found.form:
        words = "the weights follow from the scores by another rule than a softmax"
        return Reading("scores", found.form, "", words)
    return Reading("scores", found.compared, "", "the weights follow from another comparison"
                   if found.compared else "")  # fmt: skip


def scale(found: Law | None) -> Reading | None:
    """The factor between scores and log-weights at two widths: a constant, where both agree.

    Unit: the factor that the true weights have. Not readable: where no law is.
    """
    if found is None:
        return None
    if found.scale is not None:
        return Reading("scale", found.scale)
    one, two = found.factors
    if abs(one - two) <= CLOSE * abs(one) and one != 0:
        divisor = 1 / one
        nice = round(divisor, 2)
        factor = f"{divisor:.5g}" if abs(nice - divisor) > 1e-4 * abs(divisor) else f"{nice:g}"
        number = f"(1 / {factor})"
        return Reading("scale", "scale-constant", number, f"the scores are divided by {factor}, "
                       "whatever the width")  # fmt: skip
    told = " and ".join(
        f"{factor:.3g} at a width of {width}"
        for factor, width in zip(found.factors, found.widths, strict=True)
    )
    return Reading("scale", "scale-power", "", f"the scores are multiplied by {told}")


def sums(xrays: Sequence[XRay], found: Law | None) -> Reading | None:
    """What the weights of each query sum to: 1, another constant, or less where keys are few.

    Asked: the X-ray without a mask. Unit: the true sum is 1. Not readable: where the weights are
    negative, the sums fit no addition to the denominator, or are a factor of what is no softmax.
    """
    if not xrays:
        return None
    xray = xrays[0]
    weights = xray.weights
    if not bool(torch.isfinite(weights).all()) or bool((weights < -1e-6).any()):
        return None
    rows = weights.sum(-1)
    true = xray.truth.sum(-1)
    if torch.allclose(rows, true, atol=1e-4):
        return Reading("sums")
    columns = weights.sum(-2)
    if torch.allclose(columns, torch.ones_like(columns), atol=1e-4):
        return None  # a softmax over another axis, which an edit shows better
    if found is not None and float(rows.max() - rows.min()) < 1e-4:
        return Reading("sums", "weights-scaled", f"{float(rows.mean()):.6g}",
                       f"each query's weights sum to {float(rows.mean()):.3g}")  # fmt: skip
    return _epsilon(xray, found or truth(xrays))


def _epsilon(xray: XRay, found: Law | None) -> Reading | None:
    """What was added to a denominator of exponentials, the largest of them 1 or as it is.

    Of scores as the law has them, or as they should be.
    """
    if found is None or xray.sides is None:
        return None
    scores = found.factors[0] * found.compare(*xray.sides)
    seen = xray.truth > 0
    rows = xray.weights.sum(-1)
    for shifted in (scores - scores.where(seen, -torch.inf).amax(-1, keepdim=True), scores):
        total = shifted.exp().where(seen, 0.0).sum(-1)
        added = total * (1 / rows - 1)
        if float(added.std()) < 0.02 * abs(float(added.mean())) + 1e-5:
            number = f"{float(added.mean()):.3g}"
            return Reading("sums", "denominator-with-epsilon", number,
                           f"{number} is added to the softmax's denominator")  # fmt: skip
    return None
