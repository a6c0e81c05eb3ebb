"""Which line a mistake is to be looked for in: told by the tree of the source, not by its letters.

A kind of place is a kind of node: a call by its name, an operator, an assignment. Where several
lines have one, the first or the last is meant where that is certain, and otherwise none is.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

CALLS = {
    "softmax": "softmax Softmax log_softmax softmin exp exp2 sigmoid softplus logsumexp",
    "product": "matmul bmm einsum mm baddbmm cdist",
    "mix": "matmul bmm einsum mm baddbmm",
    "division": "div div_ sqrt rsqrt true_divide",
    "squash": "tanh clamp clip clamp_ clamp_max relu leaky_relu gelu elu silu abs sigmoid",
    "normalize": "normalize layer_norm LayerNorm rms_norm RMSNorm instance_norm norm std "
    "cosine_similarity",
    "feature": "elu relu softplus exp",
    "activation": "relu ReLU gelu GELU tanh Tanh sigmoid Sigmoid silu SiLU leaky_relu LeakyReLU "
    "elu ELU",
    "reshape": "reshape view",
    "split": "chunk split tensor_split hsplit unflatten view reshape unbind",
    "merge": "reshape view flatten cat concat",
    "linear": "linear",
    "cast": "double half bfloat16 autocast to type float",
    "causal": "tril triu tril_ triu_",
    "fill": "masked_fill masked_fill_ where",
    "mask": "masked_fill masked_fill_ where logical_not logical_not_",
    "dropout": "dropout Dropout Dropout1d Dropout2d AlphaDropout bernoulli rand rand_like",
    "detach": "detach detach_ no_grad requires_grad_ numpy",
    "maximum": "max amax",
    "exp": "exp exp2",
}
"""Names of the calls that make a place of a kind."""
LAST = ("mix", "merge", "return", "addition")
"""Kinds of which the last place in the source is meant."""
FIRST = ("product", "split", "reshape", "causal", "detach", "linear", "activation", "squash")
"""Kinds of which the first is meant."""


def line_of(source: str, kind: str) -> int | None:
    """The line of the place of this kind; None where there is none, or no certain one."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return None
    lines = sorted(set(_places(tree, kind)))
    if not lines:
        return None
    if kind in LAST:
        return lines[-1]
    return lines[0] if kind in FIRST or len(lines) == 1 else None


def _places(tree: ast.AST, kind: str) -> Iterator[int]:
    names = set(CALLS.get(kind, "").split())
    special = SPECIAL.get(kind)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _called(node) in names:
            yield node.func.end_lineno or node.lineno
        elif isinstance(node, ast.Attribute) and kind == "detach" and node.attr == "data":
            yield node.end_lineno or node.lineno
        elif special is not None and special.fits(node):
            yield node.lineno  # type: ignore[attr-defined]


def _called(node: ast.Call) -> str:
    match node.func:
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name
    return ""


@dataclass(frozen=True)
class Special:
    """Nodes that are no calls: operators, statements and names that speak of the thing."""

    operators: tuple[type[ast.operator], ...] = ()
    statements: tuple[type[ast.stmt], ...] = ()
    words: tuple[str, ...] = ()

    def fits(self, node: ast.AST) -> bool:
        """Whether a node is such a place."""
        if isinstance(node, ast.BinOp):
            return isinstance(node.op, self.operators)
        if isinstance(node, ast.Compare | ast.UnaryOp):
            return any(_speaks_of(node, word) for word in self.words)
        return isinstance(node, self.statements) if self.statements else False


def _speaks_of(node: ast.AST, word: str) -> bool:
    named = [n.id for n in ast.walk(node) if isinstance(n, ast.Name)]
    named += [n.attr for n in ast.walk(node) if isinstance(n, ast.Attribute)]
    return any(word in name.lower() for name in named)


SPECIAL = {
    "product": Special((ast.MatMult,)),
    "mix": Special((ast.MatMult,)),
    "division": Special((ast.Div, ast.FloorDiv)),
    "return": Special(statements=(ast.Return,)),
    "addition": Special((ast.Add,)),
    "inplace": Special(statements=(ast.AugAssign,)),
    "mask": Special(words=("mask",)),
}
