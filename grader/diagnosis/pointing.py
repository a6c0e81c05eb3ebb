"""Where a mistake is to be looked for: told by the tree of the source, not by its letters.

A kind of place is a kind of node: a call by its name, an operator, an assignment. Where several
places are of a kind, the first or the last is meant where that is certain, and otherwise none is.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

CALLS = {
    "softmax": "softmax Softmax log_softmax softmin exp exp2 sigmoid softplus logsumexp",
    "product": "matmul bmm einsum mm baddbmm cdist",
    "mix": "matmul bmm einsum mm baddbmm",
    "division": "div div_ sqrt rsqrt true_divide isqrt",
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
    "rate": "dropout Dropout Dropout1d Dropout2d AlphaDropout",
    "detach": "detach detach_ no_grad requires_grad_ numpy",
    "maximum": "max amax",
    "exp": "exp exp2",
    "width": "Linear",
}
"""Names of the calls that make a place of a kind."""
LAST = ("mix", "merge", "return", "addition")
"""Kinds of which the last place in the source is meant."""
ELSE = {"division": "scaling"}
"""What is looked for where there is no place of a kind."""
FIRST = ("split", "reshape", "causal", "detach", "linear", "activation", "squash", "width", "rate")
"""Kinds of which the first is meant."""
TELLING = {"softmax": ("dim", "axis"), "dropout": ("p", "training"), "rate": ("p",)}
"""Arguments that such a mistake is made in, by their keywords."""
TURNED = ("transpose", "mT", "T", "permute", "swapaxes", "swapdims", "einsum", "cdist")
"""What stands in the product of queries and keys, and in no other."""


@dataclass(frozen=True, order=True)
class Place:
    """Some signs of one line; columns count characters from 0."""

    line: int
    begin: int
    end: int


def place_of(source: str, kind: str) -> Place | None:
    """The place of this kind; None where there is none, or no certain one."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return None
    found = sorted(set(_places(tree, kind))) or sorted(set(_places(tree, ELSE.get(kind, ""))))
    if kind in SPECIAL and SPECIAL[kind].words:  # a condition on it says more than where it is used
        speaking = sorted({_of_operator(n) for n in ast.walk(tree) if SPECIAL[kind].fits(n)})
        found = speaking or found
    if kind not in FIRST:  # where things are set up much is made that is used elsewhere
        within = initialising(tree)
        found = [place for place in found if place.line not in within] or found
    lines = source.split("\n")
    places = [_in_characters(place, lines) for place in found]
    if len({place.line for place in places}) <= 1 or kind in FIRST:
        return places[0] if places else None
    return places[-1] if kind in LAST else None


def initialising(tree: ast.AST) -> set[int]:
    """The lines of constructors."""
    return {
        number
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and node.name == "__init__"
        for number in range(node.lineno, (node.end_lineno or node.lineno) + 1)
    }


def _in_characters(place: Place, lines: list[str]) -> Place:
    """The tree counts bytes, and leaves out what is between an operator and what is before it."""
    raw = lines[place.line - 1].encode()
    begin, end = (len(raw[:n].decode(errors="ignore")) for n in (place.begin, place.end))
    spanned = lines[place.line - 1][begin:end]
    return Place(place.line, end - len(spanned.lstrip(" )")), end)


def _places(tree: ast.AST, kind: str) -> Iterator[Place]:
    names = set(CALLS.get(kind, "").split())
    special = SPECIAL.get(kind)
    for node in ast.walk(tree):
        if kind == "product" and not _turns(node):
            continue
        if isinstance(node, ast.Call) and _called(node) in names:
            yield _of_call(node, kind)
        elif isinstance(node, ast.Attribute) and kind == "detach" and node.attr == "data":
            yield _spanned(node.end_lineno, (node.end_col_offset or 0) - 4, node.end_col_offset)
        elif special is not None and special.fits(node):
            yield _of_operator(node)


def _turns(node: ast.AST) -> bool:
    """Whether something is transposed in it, or it says by itself how it is."""
    names = {n.attr for n in ast.walk(node) if isinstance(n, ast.Attribute)}
    return bool(names & set(TURNED))


def _called(node: ast.Call) -> str:
    match node.func:
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name
    return ""


def _of_call(node: ast.Call, kind: str) -> Place:
    """Its telling argument, or else its name."""
    for keyword in node.keywords:
        if keyword.arg in TELLING.get(kind, ()) and keyword.lineno == keyword.end_lineno:
            return _spanned(keyword.lineno, keyword.col_offset, keyword.end_col_offset)
    end = node.func.end_col_offset or 0
    return _spanned(node.func.end_lineno, end - len(_called(node)), end)


def _of_operator(node: ast.AST) -> Place:
    """The operator with what follows it; of anything else, its first line."""
    if isinstance(node, ast.BinOp) and node.left.end_lineno == node.right.end_lineno:
        return _spanned(
            node.right.end_lineno, node.left.end_col_offset or 0, node.right.end_col_offset
        )
    assert isinstance(node, ast.stmt | ast.expr)
    end = node.end_col_offset if node.end_lineno == node.lineno else node.col_offset + 1
    return _spanned(node.lineno, node.col_offset, end)


def _spanned(line: int | None, begin: int, end: int | None) -> Place:
    return Place(line or 1, begin, end or begin)


@dataclass(frozen=True)
class Special:
    """Nodes that are no calls: operators, statements and names that speak of the thing."""

    operators: tuple[type[ast.operator], ...] = ()
    statements: tuple[type[ast.stmt], ...] = ()
    words: tuple[str, ...] = ()
    factors: bool = False
    """Whether a product counts, of which one factor is a number or speaks of a scale."""

    def fits(self, node: ast.AST) -> bool:
        """Whether a node is such a place."""
        if isinstance(node, ast.BinOp):
            told = isinstance(node.op, ast.Mult) and any(map(_factor, (node.left, node.right)))
            return isinstance(node.op, self.operators) or (self.factors and told)
        if isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.Is | ast.IsNot):
            return False  # whether there is one at all
        if isinstance(node, ast.Compare | ast.UnaryOp):
            return any(_speaks_of(node, word) for word in self.words)
        return isinstance(node, self.statements) if self.statements else False


def _factor(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) or _speaks_of(node, "scale")


def _speaks_of(node: ast.AST, word: str) -> bool:
    named = [n.id for n in ast.walk(node) if isinstance(n, ast.Name)]
    named += [n.attr for n in ast.walk(node) if isinstance(n, ast.Attribute)]
    return any(word in name.lower() for name in named)


SPECIAL = {
    "product": Special((ast.MatMult,)),
    "mix": Special((ast.MatMult,)),
    "division": Special((ast.Div,)),
    "scaling": Special((ast.FloorDiv,), factors=True),
    "return": Special(statements=(ast.Return,)),
    "addition": Special((ast.Add,)),
    "inplace": Special(statements=(ast.AugAssign,)),
    "mask": Special(words=("mask",)),
}
