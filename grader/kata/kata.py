"""A kata is a folder of data: read it, list them all, and say which one was meant."""

from __future__ import annotations

import ast
import difflib
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from grader.kata.axes import Axes, size
from grader.kata.entry_point import ROLES, EntryPoint, Parameter
from grader.kata.example import Example, read_example
from grader.kata.glossary import MEANINGS
from grader.kata.keys import slips
from grader.kata.paths import data_root
from grader.kata.refused import Refused


class KataError(Exception):
    """A kata whose folder is not right, as the message says: our fault, and so no `Refused`."""


BANNED = tuple(
    "torch.nn.functional.scaled_dot_product_attention "
    "torch.nn.functional.multi_head_attention_forward "
    "torch.nn.MultiheadAttention "
    "torch.nn.attention "
    "torch._native_multi_head_attention "
    "torch._scaled_dot_product_attention_math "
    "torch.ops.aten._scaled_dot_product_flash_attention "
    "torch.ops.aten._scaled_dot_product_flash_attention_for_cpu "
    "torch.ops.aten._scaled_dot_product_efficient_attention "
    "torch.ops.aten._scaled_dot_product_cudnn_attention "
    "torch.ops.aten._flash_attention_forward "
    "torch.ops.aten._efficient_attention_forward".split()
)
"""What every kata bans: torch's own attention and the kernels behind it. A kata may add to it."""


@dataclass(frozen=True)
class Role:
    """A weight by its part in the kata: its (out, in) sizes, and names of its own if it has any."""

    out: str
    width: str
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Kata:
    """One kata: its folder, and what `kata.toml` says."""

    slug: str
    folder: Path
    solution: Path
    title: str
    rung: int
    level: str
    par_minutes: int
    summary: str
    entry: EntryPoint
    roles: Mapping[str, Role]
    """The weights by role; sizes are arithmetic on constructor parameters."""
    fused: tuple[str, ...]
    """Roles that may share one weight, in the order of its rows."""
    banned: tuple[str, ...]
    budget_limit: float
    """How many times the solution's time a submission may take."""
    budget_memory: float = 4.0
    """How many times the solution's memory: in its largest tensor, and in all at one time."""
    columns: tuple[str, ...] = ()
    """Roles that may share one weight side by side, in the order of its columns."""
    track: str = "own"
    """The ladder that it is a rung of."""
    after: tuple[str, ...] = ()
    """The katas that it builds on."""
    asked: str = ""
    """How often interviews ask for it, in a word; empty where nothing is known."""
    example: Example | None = None
    """What `kata try` works out, where the statement does."""
    fewest_pitfalls: int = 12
    """How many known mistakes the gate asks for at least."""

    def shapes(self, construct: Mapping[str, Any]) -> dict[str, tuple[int, int]]:
        """The (out, in) sizes of every role for a construction."""
        known = {n: v for n, v in construct.items() if isinstance(v, int)}
        return {name: (size(r.out, known), size(r.width, known)) for name, r in self.roles.items()}

    def construction(self, heads: int, head_dim: int, shared: int = 1) -> dict[str, Any] | None:
        """A construction with so many heads, where the kata has heads, of that width each.

        shared: how many heads share keys and values, where the kata counts the heads of those
        apart: so many times more query heads there are. None where nothing means a width.
        """
        meant = {p.means: p.name for p in self.entry.construct}
        if "width" not in meant:
            return None
        made = dict(self.entry.probe)
        for means in ("heads", "kv_heads"):
            if means in meant:
                made[meant[means]] = heads
        if "heads" in meant and "kv_heads" in meant:
            made[meant["heads"]] = heads = heads * shared
        made[meant["width"]] = (heads if "heads" in meant else 1) * head_dim
        return made

    def heads(self, construct: Mapping[str, Any]) -> int:
        """How many heads a construction has; one where the kata has none."""
        name = self.entry.meaning("heads")
        return 1 if name is None else int(construct[name])

    @cached_property
    def banks(self) -> tuple[Path, ...]:
        """The files of the hidden bank."""
        return tuple(sorted(self.folder.glob("test_*.py")))

    @cached_property
    def announced(self) -> tuple[str, ...]:
        """The checks the bank's text announces, whatever becomes of it when it is run."""
        return tuple(name for bank in self.banks for name in _announced(bank))

    def text(self, name: str) -> str:
        """One of the kata's documents, such as `README.md`."""
        return (self.folder / name).read_text(encoding="utf-8")

    def table(self, name: str) -> dict[str, Any]:
        """One of the kata's tables, such as `questions.toml`."""
        return read_toml(self.folder / name)


def _announced(bank: Path) -> Iterator[str]:
    """The checks a bank's text defines, or takes over by a line `test_… = …`, in their order."""
    try:
        tree = ast.parse(bank.read_text(encoding="utf-8"), bank.name)
    except (OSError, SyntaxError, ValueError) as error:
        raise KataError(f"{bank}: {error}") from error
    for node in tree.body:
        named: list[str] = []
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                named = [name]
            case ast.Assign(targets=targets):
                names = (n for target in targets for n in ast.walk(target))
                named = [n.id for n in names if isinstance(n, ast.Name)]
            case ast.AnnAssign(target=ast.Name(id=name)):
                named = [name]
        yield from (name for name in named if name.startswith("test_"))


def read_toml(path: Path) -> dict[str, Any]:
    """Parse a TOML file, naming it when it cannot be parsed."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise KataError(f"{path}: {error}") from error


def load(folder: Path, solutions: Path | None = None) -> Kata:
    """Read the kata in `folder`; its solution lies in `solutions`, beside the katas by default."""
    solutions = solutions or folder.parent.parent / "solutions"
    table = read_toml(folder / "kata.toml")
    for slip in slips(table):
        raise KataError(f"{folder / 'kata.toml'}: {slip}")
    try:
        entry = _entry(table)
        kata = Kata(
            slug=folder.name,
            folder=folder,
            solution=solutions / f"{folder.name}.py",
            title=table["title"],
            rung=table["rung"],
            level=table["level"],
            par_minutes=table["par_minutes"],
            summary=table["summary"],
            entry=entry,
            roles={name: _role(name, row) for name, row in table.get("weights", {}).items()},
            fused=tuple(table.get("fused", {}).get("roles", ())),
            columns=tuple(table.get("fused", {}).get("columns", ())),
            banned=(*BANNED, *table.get("rules", {}).get("banned", ())),
            budget_limit=table["budget"]["limit"],
            budget_memory=float(table["budget"].get("memory", Kata.budget_memory)),
            track=table.get("track", Kata.track),
            after=tuple(table.get("after", ())),
            asked=table.get("asked", ""),
            example=_example(table, entry),
            fewest_pitfalls=int(table.get("fewest_pitfalls", Kata.fewest_pitfalls)),
        )
        _assert_buildable(kata)
    except KeyError as error:
        raise KataError(f"{folder / 'kata.toml'}: {error} is missing") from error
    except (TypeError, ValueError, SyntaxError) as error:
        raise KataError(f"{folder / 'kata.toml'}: {error}") from error
    return kata


def _assert_buildable(kata: Kata) -> None:
    """The sizes of all weights follow from a construction, and only weights share a weight."""
    kata.shapes(kata.entry.probe)
    for role in (*kata.fused, *kata.columns):
        if role not in kata.roles:
            raise ValueError(f"[fused] {role!r} is no role: [weights] has {', '.join(kata.roles)}")


def _example(table: Mapping[str, Any], entry: EntryPoint) -> Example | None:
    built = {p.name: p.required for p in entry.construct}
    known = {
        "construct": built,
        "call": [p.name for p in entry.call],
        "weights": table.get("weights", {}),
    }
    needed = [*(name for name, required in built.items() if required), *entry.required]
    return read_example(table.get("example"), known, needed)


def _entry(table: Mapping[str, Any]) -> EntryPoint:
    """The entry point: `[entry]`, `[construct]`, `[call]`, `[returns]` and `[reads]` together."""
    entry, reads = table["entry"], dict(table.get("reads", {}))
    made = EntryPoint(
        name=entry["name"],
        kind=entry["kind"],
        construct=tuple(_parameter(n, row) for n, row in table.get("construct", {}).items()),
        call=tuple(_parameter(n, row) for n, row in table["call"].items()),
        returns=table["returns"]["axes"],
        state=table["returns"].get("state", ""),
        scores=reads.pop("scores", ""),
        multiples={word: int(row["multiple"]) for word, row in table.get("sizes", {}).items()},
        reads=reads,
        modules_only=entry.get("modules_only", False),
    )
    _assert_consistent(made)
    return made


def _parameter(name: str, row: Any) -> Parameter:
    """A parameter as its row says it; a bare text is a tensor's axes."""
    said = {"axes": row} if isinstance(row, str) else row
    if not isinstance(said, Mapping):
        raise TypeError(f"`{name}` = {row!r}: write its axes, or a table such as {{ probe = 12 }}")
    try:
        parameter = Parameter(name, **said)
        _ = parameter.value
        _ = parameter.axes and Axes.parse(parameter.axes)
    except (TypeError, ValueError, SyntaxError) as error:
        raise ValueError(f"`{name}`: {error}") from None
    return parameter


def _role(name: str, row: Any) -> Role:
    said = {"size": row} if isinstance(row, list) else row
    sizes = said.get("size", ()) if isinstance(said, Mapping) else ()
    if not isinstance(sizes, list) or len(sizes) != 2:
        raise ValueError(f"[weights] {name}: write its sizes, (out, in), as a list of two")
    return Role(str(sizes[0]), str(sizes[1]), tuple(said.get("names", ())))


def _assert_consistent(entry: EntryPoint) -> None:
    """Every part that is read is an argument, every text of axes can be read, meanings exist."""
    names = {p.name for p in entry.call}
    for role, argument in entry.reads.items():
        if role not in ROLES or argument not in names:
            known = ", ".join(sorted(names))
            raise ValueError(f"[reads] {role} = {argument!r}: the arguments are {known}")
    options = {p.name for p in entry.call if not (p.axes or p.required)}
    if entry.state and entry.state not in options:
        raise ValueError(f"[returns] state = {entry.state!r}: that is no argument without axes")
    for word in entry.multiples:
        if word not in {word for axes in entry.axes.values() for word in axes.words}:
            raise ValueError(f"[sizes] {word!r} is no axis of an argument")
    for text in (entry.returns, entry.scores):
        if text:
            Axes.parse(text)
    for parameter in (*entry.construct, *entry.call):
        if parameter.means and parameter.means not in MEANINGS:
            known = ", ".join(MEANINGS)
            raise ValueError(f"`{parameter.name}` means {parameter.means!r}: known are {known}")
    plain = (*entry.construct, *(p for p in entry.call if not p.axes))
    for name in (p.name for p in plain if p.required and p.probe is None):
        raise ValueError(f"`{name}` has neither axes nor a default: it needs a `probe`, to try")


def all_katas(root: Path | None = None) -> list[Kata]:
    """Every kata, by rung."""
    folders = ((root or data_root()) / "katas").glob("*/kata.toml")
    return sorted((load(f.parent) for f in folders), key=lambda k: (k.rung, k.slug))


def find(slug: str, root: Path | None = None) -> Kata:
    """The kata called `slug`; Refused guesses which was meant."""
    folder = (root or data_root()) / "katas" / slug
    known = [f.parent.name for f in folder.parent.glob("*/kata.toml")]
    if slug in known:
        return load(folder)
    guesses = difflib.get_close_matches(slug.replace("_", "-").lower(), known, n=1, cutoff=0.5)
    hint = f"did you mean `{guesses[0]}`?" if guesses else "`kata list` shows them all."
    raise Refused(f"there is no kata `{slug}`: {hint}")
