"""Follow-up questions: drawn by level from the katas, with a seed, none of them twice."""

from __future__ import annotations

import random
from typing import Any

from grader.interview.round.plan import Round, Stage
from grader.interview.round.rounds import prose
from grader.kata.kata import find
from grader.kata.keys import LEVELS


def draw(plan: Round, seed: int) -> dict[str, list[dict[str, Any]]]:
    """The questions of each stage that asks some, by the stage's index."""
    chance = random.Random(seed)
    asked: set[str] = set()
    drawn: dict[str, list[dict[str, Any]]] = {}
    for index, stage in enumerate(plan.stages):
        if stage.kind == "questions":
            chosen = _choose(plan, stage, chance, asked)
            asked |= {question["ask"] for question in chosen}
            drawn[str(index)] = chosen
    return drawn


def _choose(
    plan: Round, stage: Stage, chance: random.Random, asked: set[str]
) -> list[dict[str, Any]]:
    """As many as the stage asks, of the round's level first, then of the nearest, lower first.

    The katas take turns, so that one with many questions does not crowd out the others.
    """
    slugs = list(stage.katas or plan.katas)
    chance.shuffle(slugs)
    pools = {slug: [q for q in _questions(slug) if q["ask"] not in asked] for slug in slugs}
    chosen: list[dict[str, Any]] = []
    for level in _nearest(plan.level):
        turns = {slug: [q for q in pool if q["level"] == level] for slug, pool in pools.items()}
        for pool in turns.values():
            chance.shuffle(pool)
        while any(turns.values()) and len(chosen) < stage.count:
            for pool in turns.values():
                if pool and len(chosen) < stage.count:
                    chosen.append(pool.pop())
    return chosen


def _nearest(level: str) -> list[str]:
    own = LEVELS.index(level)
    return sorted(LEVELS, key=lambda other: (abs(LEVELS.index(other) - own), LEVELS.index(other)))


def _questions(slug: str) -> list[dict[str, Any]]:
    return [
        {
            "kata": slug,
            "level": str(q["level"]),
            "ask": prose(str(q["ask"])),
            "answer": prose(str(q["answer"])),
            "look_for": [str(point) for point in q["look_for"]],
        }
        for q in find(slug).table("questions.toml").get("question", ())
    ]
