"""What a submission costs beside the reference: its laps, its storages, and what they grow with.

A call is made from the axes that `kata.toml` gives its arguments, so any size can be asked for: on
torch's `meta` device, which follows shapes alone, also those that nobody could allocate. Each size
is doubled in turn, and what the number of operations and the largest tensor do then tells a
Python loop from a broadcast product.

What is counted is the candidate's word: a lint, like the banned calls, and never a way to be
accepted.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor

from grader.bank.draw import Draw
from grader.exchange.answer import MAX_LINES, Answer, read
from grader.exchange.layout import Layout
from grader.exchange.request import After, Call, Request
from grader.judge.conversation import Conversation
from grader.kata.axes import LEAD
from grader.kata.entry_point import Parameter
from grader.kata.kata import Kata
from grader.report.verdict import CandidateFrame, Fault, Verdict
from grader.worker.storages import STAGES
from grader.worker.wire import Message

MOST = 2**62
"""No storage is larger, whatever a reply says."""


@dataclass(frozen=True)
class Storage:
    """One tensor's storage, and the submission's own line that made it."""

    elements: int = 0
    bytes: int = 0
    frame: CandidateFrame | None = None


@dataclass(frozen=True)
class Cost:
    """What the calls of one request took."""

    operations: int
    """Torch's own, one for each call that reaches a kernel or makes a view."""
    peak: int
    """Bytes that lived at one time, inputs and parameters apart."""
    work: int = 0
    """Multiplications, and whatever else as many as would take as long."""
    hardest: CandidateFrame | None = None
    """The line of the submission that does most of it."""
    largest: Mapping[str, Storage] = field(default_factory=dict)
    """The largest storage made for the scores, up to the weights, and for the context after."""

    @property
    def elements(self) -> int:
        """Those of the largest storage of all: a wider dtype makes it no larger."""
        return max((storage.elements for storage in self.largest.values()), default=0)


def cost_of(reply: Message) -> Cost:
    """The cost in a reply to a request that asked for it; a Fault where it has not its form."""
    try:
        said = reply["memory"]
        largest = {s: _storage(said["largest"][s]) for s in STAGES if s in said["largest"]}
        operations, peak, work = (_count(said[n]) for n in ("operations", "peak", "work"))
        return Cost(operations, peak, work, _line(said["hardest"]), largest)
    except (KeyError, TypeError, ValueError):
        raise Fault(Verdict.RUNTIME_ERROR, "the answer is malformed (memory)") from None


def _storage(said: Message) -> Storage:
    return Storage(_count(said["elements"]), _count(said["bytes"]), _line(said["frame"]))


def _line(frame: Message | None) -> CandidateFrame | None:
    if frame is None or not 0 < int(frame["line"]) < MAX_LINES:
        return None
    return CandidateFrame(int(frame["line"]), str(frame["function"]), str(frame["text"]))


def _count(value: object) -> int:
    if not isinstance(value, int) or not 0 <= value < MOST:
        raise ValueError(value)
    return value


FEW = {"batch": 3, "rows": 6, "heads": 2, "width": 12}
"""Sizes that are doubled in turn: small, so that three loops in one another come to an end."""

Sizes = Mapping[str, Any]


@dataclass(frozen=True)
class Lap:
    """Seconds of the work, and of the way there and back: to get the inputs and give answers."""

    work: float
    way: float


@dataclass
class Side:
    """The submission, or the solution beside it, in a worker of its own."""

    conversation: Conversation
    layout: Layout

    @property
    def steady(self) -> bool:
        """Whether its clock stands still while the machine is busy with something else."""
        return self.conversation.moment().worked is not None

    def move_to(self, processor: int) -> None:
        """Let its worker run on one processor only, where the system lets the judge say so."""
        self.conversation.move_to(processor)

    def prepare(self, request: Request) -> None:
        """Build a request's layers, for laps of it; raises Fault where that is not possible."""
        reply = self.conversation.prepare(request.preparation(self.layout))
        read(reply, replace(request, calls=()), self.layout)

    def lap(self, request: Request) -> tuple[tuple[Answer, ...], Lap]:
        """Have what was prepared answer the calls of a request, against the clock."""
        reply, work, way = self.conversation.clocked(request.remainder(self.layout))
        return read(reply, request, self.layout), Lap(work, way)

    def cost(self, request: Request) -> Cost:
        """What the calls of a measuring request took; raises Fault where there is no answer."""
        reply = self.conversation.run(request.encode(self.layout))
        if not reply.get("cut"):  # so many operations that the rest was not waited for
            read(reply, request, self.layout)
        return cost_of(reply)


def sizes_of(kata: Kata, kinds: Mapping[str, int], chosen: Sizes) -> dict[str, Any]:
    """A size for every word of the kata's axes, by what it is a size of; `chosen` wins."""
    usual = {word: kinds[kind] for word, kind in kata.entry.kinds.items()}
    return kata.entry.sized(usual) | dict(chosen)


def sized_request(kata: Kata, sizes: Sizes, draw: Draw, device: str) -> Request:
    """A measuring request at these sizes: where the kata has a mask, without one and with one."""
    entry = kata.entry
    given = {
        p.name: _argument(kata, p, sizes, draw, device)
        for p in entry.call
        if p.required or p.mask or p.name in sizes
    }
    without = {n: value for n, value in given.items() if entry.mask is None or n != entry.mask.name}
    calls = [given] if entry.mask is None or entry.mask.required else [without, given]
    return Request(
        {p.name: sizes.get(p.name, p.sample) for p in entry.construct},
        {},
        tuple(Call(arguments) for arguments in calls),
        device=device,
        measure=True,
        warm={n: _vector(value) for n, value in without.items()},
        axes=entry.axes,
    )


def step_request(kata: Kata, sizes: Sizes, draw: Draw, device: str) -> Request:
    """The same, and a further call that goes on from the last with a single row more."""
    request = sized_request(kata, sizes, draw, device)
    kinds = kata.entry.kinds
    one = {**sizes, **{word: 1 for word in sizes if kinds.get(word) == "rows"}}
    short = sized_request(kata, one, draw, device).calls[-1]
    state = {kata.entry.state: After(len(request.calls) - 1)}
    step = replace(short, arguments={**short.arguments, **state})
    return replace(request, calls=(*request.calls, step))


def _argument(kata: Kata, parameter: Parameter, sizes: Sizes, draw: Draw, device: str) -> Any:
    axes = kata.entry.axes.get(parameter.name)
    if axes is None:
        return sizes.get(parameter.name, parameter.sample)
    shape = axes.shape(sizes, (sizes[LEAD],) if axes.lead else ())
    dtype = getattr(torch, parameter.dtype or ("bool" if parameter.mask else "float32"))
    if device == "meta":
        return torch.empty(shape, dtype=dtype, device=device)
    if parameter.mask:
        return draw.mask(*shape)
    return draw(*shape) if dtype.is_floating_point else torch.zeros(shape, dtype=dtype)


def _vector(value: Any) -> Any:
    """Of a tensor, as much as a lazy layer needs to know its sizes."""
    if not isinstance(value, Tensor):
        return value
    return torch.zeros((1,) * (value.dim() - 1) + value.shape[-1:], dtype=value.dtype)


@dataclass(frozen=True)
class Growth:
    """What calls cost at some sizes, and with each of them doubled."""

    kata: Kata
    sizes: Mapping[str, int]
    once: Cost
    twice: Mapping[str, Cost]
    usual: tuple[str, ...] = ()
    """Products that the reference makes as well: no waste in this kata."""

    @property
    def loop(self) -> tuple[str, str]:
        """What a Python loop runs over, and a sentence that says so; empty where there is none."""
        kinds = self.kata.entry.kinds
        for kind in FEW:
            for word, cost in self.twice.items():
                many, fewer = cost.operations, self.once.operations
                # Vectorised code takes as many whatever the size; a loop takes one more a turn.
                if kinds[word] == kind and many - fewer >= self.sizes[word]:
                    counts = f"{many} torch operations, {fewer} for half the {kind}"
                    return kind, f"{counts}: a Python loop over the {kind}"
        return "", ""

    @property
    def products(self) -> tuple[str, ...]:
        """What comes of a product that keeps rows, columns and width: scores, context or both."""
        found = (stage for stage in STAGES if stage not in self.usual)
        return tuple(stage for stage in found if self._keeps_all(stage))

    @property
    def square(self) -> str:
        """`pairs` where the largest tensor grows with the rows twice, `matrix` with the width."""
        rows, width = (
            max(self._powers(stage, kind) for stage in self.once.largest or ("",))
            for kind in ("rows", "width")
        )
        return "matrix" if width > 1 else "pairs" if rows > 1 else ""

    def _powers(self, stage: str, kind: str) -> int:
        own = (word for word in self.twice if self.kata.entry.kinds[word] == kind)
        return sum(self._power(stage, word) for word in own)

    def formula(self, stage: str) -> str:
        """The elements of a stage's largest tensor, as a product of sizes: `B·S·S·hidden_dim`."""
        words = sorted(self.twice, key=lambda w: list(FEW).index(self.kata.entry.kinds[w]))
        return "·".join(word for word in words for _ in range(self._power(stage, word)))

    def _keeps_all(self, stage: str) -> bool:
        """Whether a stage's largest tensor has two axes of rows and one of width, and is as large.

        Where one tensor is the largest in one way and another in another, it is not.
        """
        powers = {word: self._power(stage, word) for word in self.twice}
        kinds = self.kata.entry.kinds
        rows, width = (
            sum(power for word, power in powers.items() if kinds[word] == kind)
            for kind in ("rows", "width")
        )
        size = math.prod(self.sizes[word] ** power for word, power in powers.items())
        return rows > 1 and width > 0 and self._elements(self.once, stage) >= size

    def _power(self, stage: str, word: str) -> int:
        once, twice = (self._elements(c, stage) for c in (self.once, self.twice[word]))
        return max(round(math.log2(twice / once)), 0) if once and twice else 0

    @staticmethod
    def _elements(cost: Cost, stage: str) -> int:
        return cost.largest.get(stage, Storage()).elements


def remedy(products: Sequence[str]) -> str:
    """What to do instead of multiplying all with all and summing later; empty if nobody did."""
    if not products:
        return ""
    return f"{' and '.join(products)} by a broadcast product; use a matrix product"


def growth(
    kata: Kata, side: Side, draw: Draw, device: str, reference: Side | None = None
) -> Growth:
    """Double each size in turn; raises Fault where the submission gives no answer.

    What the reference keeps of every pair the submission may keep too, and is not its fault.
    """
    few = sizes_of(kata, FEW, {})
    once = side.cost(sized_request(kata, few, draw, device))
    twice: dict[str, Cost] = {}
    for word in few:
        with contextlib.suppress(Fault):  # sizes that do not go together
            twice[word] = side.cost(sized_request(kata, {**few, word: 2 * few[word]}, draw, device))
    found = Growth(kata, few, once, twice)
    if reference is None or not found.products:
        return found
    return replace(found, usual=growth(kata, reference, draw, device).products)


# --- beside the reference -------------------------------------------------------------------------


YARDSTICK = {"batch": 8, "rows": 512, "heads": 8, "width": 512}
SMALL = {"batch": 2, "rows": 64, "heads": 8, "width": 64}
"""Where values are read: still one product too many is eight times what the scores take."""
UNFIT = (Verdict.RUNTIME_ERROR, Verdict.WRONG_ANSWER)
"""What comes of code that needs values, on a device that has none."""


def yardstick(kata: Kata) -> str:
    """The sizes of the yardstick, by a kata's own words."""
    kinds = {word: kind for word, kind in kata.entry.kinds.items() if word != LEAD}
    return ", ".join(f"{word} = {YARDSTICK[kind]}" for word, kind in kinds.items())


def costs(
    kata: Kata, sides: Sequence[Side], sizes: Mapping[str, Any], draw: Draw, device: str
) -> tuple[Cost, Cost]:
    """The cost of the submission and of the reference, at the largest sizes it can be told.

    `sizes` names those that are to be others than the yardstick's.
    """
    me, other = sides
    request = sized_request(kata, sizes_of(kata, YARDSTICK, sizes), draw, device="meta")
    try:
        return me.cost(request), other.cost(request)
    except Fault as fault:
        if fault.verdict not in UNFIT:
            raise
    most = {n: min(s, SMALL["rows"]) if isinstance(s, int) else s for n, s in sizes.items()}
    request = sized_request(kata, sizes_of(kata, SMALL, most), draw, device)
    return me.cost(request), other.cost(request)


def step_costs(
    kata: Kata, sides: Sequence[Side], sizes: Mapping[str, Any], draw: Draw
) -> tuple[Cost, Cost]:
    """What it costs both to go on from the yardstick's call with a row more, beyond that call.

    Raises Fault where that does not show, as of code that reads values.
    """
    chosen = sizes_of(kata, YARDSTICK, sizes)
    begin, further = (make(kata, chosen, draw, "meta") for make in (sized_request, step_request))
    mine, theirs = (_beyond(side.cost(begin), side.cost(further)) for side in sides)
    return mine, theirs


def _beyond(call: Cost, both: Cost) -> Cost:
    return replace(both, work=max(both.work - call.work, 0))
