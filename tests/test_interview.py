"""The mock interview without a terminal: its flow, its record, its scores; and as a script."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from grader.interview.candidate_side import Driver
from grader.interview.editor import command as editor_command
from grader.interview.flow.moves import Failed, Saved
from grader.interview.flow.position import Step, position
from grader.interview.flow.progress import fold
from grader.interview.record import log
from grader.interview.record.owner import Owner, myself
from grader.interview.round import questions, rounds
from grader.interview.round.event import CANDIDATE, HOST
from grader.interview.round.plan import Round, unpack
from grader.interview.say import Say
from grader.interview.score import marks
from grader.interview.score.scorecard import Dimension, hire, make_card
from grader.interview.screens.dial import dial
from grader.kata.kata import find
from grader.kata.refused import Refused
from grader.practice.clock import LONGEST_GAP, Stopwatch
from grader.practice.store import WAIT_SECONDS, Store, Unavailable
from grader.practice.workspace import Saves
from tests.rehearsal import (
    CLOSE,
    CODE,
    CODE_TOML,
    EVERYTHING,
    PROVE,
    QUESTIONS,
    QUESTIONS_TOML,
    TALK,
    TWIST,
    TWIST_TOML,
    Rehearsal,
    verdict,
    whole_round,
)

SOLUTION = find("sdpa").solution

# --- the flow ---------------------------------------------------------------------------------


def test_an_answer_is_on_record_before_the_model_answer_is_shown() -> None:
    it = Rehearsal()
    assert "What is the formula?" in it.begin()
    assert "softmax(QKᵀ/√d)V" not in "\n".join(it.said)
    said = it.line("my words")
    assert it.events[-1].data["text"] == "my words"
    assert it.trace.index("recorded answer") < it.trace.index("softmax(QKᵀ/√d)V")
    assert "softmax(QKᵀ/√d)V" in said
    assert "How close were you?" in said
    assert "1 to 4" in it.line("5")
    it.line("3")
    assert it.state.scores == {(0, 0): 3}
    assert it.state.stage == 0, "the candidate says when to go on"
    assert "Write it" in it.line("")


def test_a_whole_round_alone_ends_with_its_score() -> None:
    it = whole_round()
    assert it.status == 0
    assert it.kinds[-1] == "ended"
    assert [g.accepted for g in it.state.grades] == [False, True, True]
    assert it.state.prediction == {(3, 0): True, (3, 1): False}
    card = make_card(it.state)
    assert {d.name: d.score for d in card.dimensions} == {
        "communication": 3, "problem solving": 2, "technical competency": 4, "testing": 3,
    }  # fmt: skip
    assert card.hire == "leaning hire"
    assert card.questions[-1].score == 1, "an unanswered question is missed"
    assert any("kata explain no-scale" in line for line in card.practise)


def test_from_every_point_of_the_record_the_round_goes_on() -> None:
    """A crash leaves a beginning of the record; each of them can be gone on with."""
    whole = whole_round()
    for length in range(1, len(whole.events)):
        kept = whole.events[:length]
        again = Rehearsal(events=list(kept))
        assert position(again.state) == position(fold(whole.plan, kept))
        assert again.begin(), length
        if again.flow.here.step in (Step.SEEING, Step.PROVING):
            assert again.judged, "what the judge was asked for is asked for again"
        if again.status is None:
            assert again.flow.here.step not in (Step.BEGIN, Step.END)


def test_with_an_interviewer_no_answer_is_shown_and_no_score_asked() -> None:
    it = Rehearsal(stages=(TALK, QUESTIONS, CLOSE))
    it.begin()
    assert "interviewer" in it.host("joined", owner="x")
    assert "softmax(QKᵀ/√d)V" not in it.line("my words")
    it.host("score", stage=0, item=0, score=4)
    it.line("", "an answer")
    assert it.flow.here.step is Step.DISCUSS
    it.host("next", stage=1, item=0)
    it.line("another", "", "")
    assert it.flow.here.step is Step.WAIT
    it.host("rating", dimension="communication", score=3)
    it.host("rating", dimension="problem solving", score=4)
    assert it.status is None, "the interviewer ends it"
    it.host("ended")
    assert it.status == 0
    it.host("left")
    assert it.state.host, "who ends a round, and then goes, keeps the scorecard to themselves"
    assert not any("Because" in said or "How close" in said for said in it.said)
    assert make_card(it.state).hosted


def test_an_interviewer_who_leaves_leaves_the_candidate_to_rate() -> None:
    it = Rehearsal(stages=(TALK, CLOSE))
    it.begin()
    it.host("joined", owner="x")
    it.line("my words", "", "")
    assert it.flow.here.step is Step.WAIT
    said = it.host("left")
    assert "How close were you?" in said
    it.line("3", "3", "3")
    assert it.status == 0


def test_nobody_scores_an_answer_without_having_seen_the_model() -> None:
    it = Rehearsal(stages=(TALK, CLOSE))
    it.begin()
    it.host("joined", owner="x")
    assert "softmax(QKᵀ/√d)V" not in it.line("my words")
    said = it.host("left")
    assert "softmax(QKᵀ/√d)V" in said
    assert "How close were you?" in said
    assert "Enter goes on" in it.host("joined", owner="y"), "nothing is asked any more, and so said"


def test_the_interviewer_moves_on_only_what_both_see() -> None:
    it = Rehearsal()
    it.begin()
    it.host("joined", owner="x")
    it.host("next", stage=0, item=1)
    it.host("next", stage=1, item=-1)
    assert it.state.stage == 0
    it.host("next", "half an ans", stage=0, item=0)
    assert it.state.replies[0, 0].text == "half an ans"
    assert it.typed == ""


# --- time -------------------------------------------------------------------------------------


def test_a_time_box_warns_once_then_moves_on_with_what_was_typed() -> None:
    it = Rehearsal()
    it.begin()
    assert "left for" not in it.wait(40)
    assert "left for “Shapes”" in it.wait(10)
    assert "left for" not in it.wait(5)
    it.typed = "half a sen"
    said = it.wait(6, typed="half a sen")
    assert "is up" in said
    assert "kept" in said
    assert it.typed == ""
    assert it.state.stage == 1
    assert it.state.replies[0, 0].text == "half a sen"
    assert it.state.replies[0, 0].cut
    assert "softmax(QKᵀ/√d)V" in said, "the model answer is not lost"


def test_what_the_clock_cut_off_is_scored_at_the_close() -> None:
    it = Rehearsal(stages=(TALK, CLOSE))
    it.begin()
    it.wait(61, typed="cut off")
    assert it.state.stage == 1
    said = it.line("")
    assert "Not scored yet: What is the formula?" in said
    it.line("2")
    assert it.state.scores == {(0, 0): 2}


def test_typed_words_outside_a_question_are_kept_too() -> None:
    it = Rehearsal(stages=(CODE, CLOSE))
    it.begin()
    it.wait(121, typed="a remark")
    assert it.state.notes == [("candidate", 0, "a remark")]


@pytest.mark.parametrize("way", ["/more", "host", "plan", "close"])
def test_some_boxes_may_be_overrun_and_it_is_noted(way: str) -> None:
    stage = {"plan": Rehearsal().plan.stages[0].__class__(**{**TALK.__dict__, "overrun": True}),
             "close": CLOSE}.get(way, TALK)  # fmt: skip
    it = Rehearsal(stages=(stage,) if way == "close" else (stage, CLOSE))
    it.begin()
    if way == "/more":
        it.line("/more")
    if way == "host":
        it.host("overrun", stage=0)
    assert "overrun" in it.wait(61)
    assert it.wait(10) == ""
    assert it.state.stage == 0
    assert it.kinds.count("overtime") == 1
    assert dial(it.state, it.elapsed).style == "bad"
    assert make_card(it.state).stages[0].overrun


def test_the_clock_counts_only_while_somebody_is_at_it(monkeypatch) -> None:
    ticks = [100.0]
    watch = Stopwatch(30.0, lambda: ticks[0])
    ticks[0] += 2
    assert watch.read() == 32
    ticks[0] += 3600  # the lid was closed
    assert watch.read() == 32 + LONGEST_GAP
    ticks[0] -= 50
    assert watch.read() == 32 + LONGEST_GAP, "never backwards"
    real = Stopwatch()
    for wrong in (0.0, time.time() + 10_000):
        monkeypatch.setattr(time, "time", lambda wrong=wrong: wrong)
        assert 0 <= real.read() < 3, "the wall clock has no say"


def test_drafts_are_kept_and_come_back() -> None:
    it = Rehearsal()
    it.begin()
    it.wait(6, typed="half a tho")
    assert it.events[-1].kind == "draft"
    it.wait(1, typed="half a thought")
    it.stop(typed="half a thought")
    assert it.status == 130
    assert "--resume 1" in it.said[-1]
    again = Rehearsal(events=list(it.events))
    again.begin()
    assert again.typed == "half a thought"


# --- code, predictions, commands --------------------------------------------------------------


def test_code_is_graded_on_demand_and_on_save_and_hints_are_counted() -> None:
    it = Rehearsal(stages=(CODE, CLOSE))
    it.begin()
    it.line("/grade")
    it.tell(Saved())
    assert [order.kata for order in it.judged] == ["masked-dropout"] * 2
    said = it.graded(accepted=False)
    assert "WRONG ANSWER" in said
    assert "line 7: no scale" in said
    assert "equivalence 1/4" in said
    assert "/next" in it.graded()
    it.line("/hint")
    assert it.state.hints == {0: 1}


def test_a_verdict_that_comes_late_belongs_to_its_stage() -> None:
    it = Rehearsal()
    it.begin()
    it.line("/next", "", "/grade")
    it.wait(121)
    assert it.state.stage == 2
    it.graded()
    assert it.state.grades[0].stage == 1
    assert it.flow.here.step is Step.ASK


def test_a_file_that_is_gone_is_said_and_the_round_goes_on() -> None:
    it = Rehearsal(stages=(PROVE, CLOSE))
    it.begin()
    it.line("I compare")
    assert it.flow.here.step is Step.PROVING
    assert "no file" in it.tell(Failed(0, "masked-dropout", "there is no file x"))
    assert it.flow.here.step is Step.SCORE


@pytest.mark.parametrize(
    ("words", "choice"),
    [("1", "zeros"), ("2.", "nan"), ("NaN", "nan"), ("uniform", "uniform"), ("raises", "error"),
     ("the plain mean of the values", "uniform"), ("9", None), ("dunno", None), ("it", None)],
)  # fmt: skip
def test_a_prediction_is_a_number_a_key_or_words(words: str, choice: str | None) -> None:
    it = Rehearsal(stages=(TWIST, CLOSE))
    it.begin()
    it.line(words)
    assert it.state.replies[0, 0].choice == choice
    it.observed("nan")
    if choice is None:
        assert it.flow.here.step is Step.MARK
        it.line("y")
        assert it.state.prediction == {(0, 0): True}
    else:
        assert it.state.prediction == {(0, 0): choice == "nan"}


def test_an_experiment_that_could_not_run_is_nobodys_mistake() -> None:
    it = Rehearsal(stages=(TWIST, CLOSE))
    it.begin()
    it.line("1")
    assert "does not run" in it.observed("", "your code does not run")
    assert it.state.prediction == {(0, 0): None}
    assert it.flow.here.step is Step.PREDICT


@pytest.mark.parametrize(
    ("typed", "said"),
    [("/hlep", "did you mean /help?"), ("/xyzzy", "/help shows them all"), ("/help", "/next"),
     ("/grade", "no code in this stage"), ("/note", "/note and your words"), ("/where", "left in"),
     ("", "/next to go on without one"), (" /√d is the scale", "A model answer")],
)  # fmt: skip
def test_commands_explain_themselves(typed: str, said: str) -> None:
    it = Rehearsal()
    it.begin()
    assert said in it.line(typed)


# --- scores -----------------------------------------------------------------------------------


def code_scores(*grades: tuple[float, dict], hints: int = 0) -> tuple[int | None, int | None]:
    it = Rehearsal(stages=(CODE, CLOSE))
    it.begin()
    for _ in range(hints):
        it.line("/hint")
    for seconds, data in grades:
        it.line("/grade")
        it.elapsed = seconds
        it.graded(**data)
    return marks.technical(it.state)[0], marks.testing(it.state)[0]


RIGHT, WRONG = {"accepted": True}, {"accepted": False}


@pytest.mark.parametrize(
    ("grades", "hints", "technical", "testing"),
    [
        ([], 0, 1, 1),
        ([(5, WRONG | {"verdict": "internal_error", "required": [0, 0]})], 0, None, None),
        ([(10, RIGHT)], 0, 4, 4),
        ([(10, RIGHT)], 1, 3, 4),
        ([(10, RIGHT)], 2, 2, 4),
        ([(10, RIGHT | {"stars": 1})], 0, 3, 4),
        ([(10_000, RIGHT)], 0, 3, 4),
        ([(5, WRONG), (10, RIGHT)], 0, 4, 3),
        ([(n, WRONG) for n in range(5)] + [(9, RIGHT)], 0, 4, 1),
        ([(5, WRONG)], 0, 1, 1),
        ([(5, WRONG | {"required": [19, 20]})], 0, 2, 1),
        ([(1, WRONG | {"verdict": "invalid_submission"}), (10, RIGHT)], 0, 4, 4),
    ],
)
def test_code_is_scored_by_its_rule(grades, hints, technical, testing) -> None:
    assert code_scores(*grades, hints=hints) == (technical, testing)


@pytest.mark.parametrize(
    ("scores", "says"),
    [
        ((4, 4, 4, 4), "strong hire"), ((4, 4, 4, 3), "strong hire"),
        ((3, 3, 4, 4), "leaning hire"), ((4, 4, 1, 4), "leaning no hire"),
        ((2, 2, 3, 3), "leaning no hire"), ((1, 1, 1, 2), "strong no hire"),
        ((None, 4, 4, 4), "undecided"), ((3, 3, None, None), "leaning hire"),
    ],
)  # fmt: skip
def test_the_hire_scale_follows_from_the_four(scores, says: str) -> None:
    names = ("communication", "problem solving", "technical competency", "testing")
    assert hire(tuple(map(Dimension, names, scores, [()] * 4))) == says


def test_nobody_is_hired_for_code_that_nobody_saw() -> None:
    for stages, says in (((TALK, CODE, CLOSE), "undecided"), ((TALK, CLOSE), "strong hire")):
        it = Rehearsal(stages=stages)
        it.begin()
        it.host("joined", owner="x")
        it.host("rating", dimension="communication", score=4)
        it.host("rating", dimension="problem solving", score=4)
        it.host("ended")
        assert make_card(it.state).hire == says


def test_the_card_as_text_fits_a_narrow_screen_and_hides_nothing() -> None:
    from rich.console import Console

    from grader.render.terminal.scorecard import to_text

    console = Console(width=40, record=True, file=open(os.devnull, "w"))  # noqa: SIM115, PTH123
    console.print(to_text(make_card(whole_round().state, number=7)))
    text = console.export_text()
    assert max(map(len, text.splitlines())) <= 40
    for part in ("Round 7", "LEANING HIRE", "Predicted, then seen", "Why 1?", "a note", "explain"):
        assert part in text


# --- questions and rounds ---------------------------------------------------------------------


def test_questions_are_drawn_by_level_with_a_seed_and_never_twice() -> None:
    plan = Round("r", "r", "senior", 3, (CODE, QUESTIONS, QUESTIONS, CLOSE))
    drawn = [questions.draw(plan, seed) for seed in range(8)]
    assert drawn[0] == questions.draw(plan, 0)
    assert len({json.dumps(d) for d in drawn}) > 1
    for one in drawn:
        asks = [q["ask"] for stage in one.values() for q in stage]
        assert len(asks) == len(set(asks)) == 4
    first = [q["level"] for q in drawn[0]["1"]]
    assert first == ["senior"] * 2
    many = Round("r", "r", "mid", 3, (CODE, QUESTIONS.__class__(**{
        **QUESTIONS.__dict__, "count": 50}), CLOSE))  # fmt: skip
    levels = [q["level"] for q in questions.draw(many, 1)["1"]]
    assert levels == sorted(levels, key=["mid", "junior", "senior"].index)
    assert len(levels) == len(find("masked-dropout").table("questions.toml")["question"])


def test_the_rounds_that_come_along_can_all_be_held() -> None:
    ready = rounds.ready_rounds()
    assert {(r.level, r.minutes) for r in ready} == {
        (level, minutes) for level in ("junior", "mid", "senior") for minutes in (20, 30, 45)
    } | {("mid", 40), ("senior", 60)}
    for plan in ready:
        assert unpack(plan.pack()) == plan
        assert "\n" not in plan.stages[0].prompt.replace("\n\n", "")


GOOD = (
    'title = "t"\nlevel = "mid"\nminutes = 2\n'
    '[[stage]]\nkind = "talk"\ntitle = "Shapes"\nminutes = 1\nprompt = "p"\n'
    '[[stage]]\nkind = "close"\ntitle = "Close"\nminutes = 1\n'
)
TALKS = 'kind = "talk"\ntitle = "Shapes"\nminutes = 1\nprompt = "p"'
BAD_ROUNDS = {
    "is not TOML": ("title", "title = ="),
    "says `stages_`, which is not known there": ("[[stage]]", "[[stages_]]"),
    "has no stages": (GOOD[GOOD.index("[[stage]]") :], ""),
    "unknown level": ('"mid"', '"staff"'),
    "did you mean `mid`": ('"mid"', '"middle"'),
    "above 0": ("minutes = 2", "minutes = -2"),
    "at most 1440": ("minutes = 2", "minutes = nan"),
    "that is not a number of minutes": ("minutes = 2", "minutes = 1" + "0" * 400),
    "a number that nobody can mean": ("minutes = 2", "minutes = 1" + "0" * 5000),
    "a number of minutes": ("minutes = 2", "minutes = true"),
    "sum to 2": ("minutes = 2", "minutes = 3"),
    'stage 1 "Shapes" is of the unknown kind `tall`: did you mean `talk`?': ('"talk"', '"tall"'),
    "stage 1 has no `title`": ('title = "Shapes"\n', ""),
    "needs one": ('prompt = "p"', ""),
    "is not a text": ('prompt = "p"', "prompt = 3"),
    "did you mean `prompt`?": ("prompt", "promt"),
    "a list of texts": ('prompt = "p"', 'prompt = "p"\nlook_for = "x"'),
    "true or false": ('prompt = "p"', 'prompt = "p"\noverrun = "yes"'),
    'does not end with its "close"': ('kind = "close"', 'kind = "talk"\nprompt = "q"'),
    "did you mean `sdpa`?": (TALKS, CODE_TOML.replace('"sdpa"', '"spda"') + "\nminutes = 1"),
    "has no experiment": (TALKS, TWIST_TOML.replace('["padded-row"]', "[]") + "\nminutes = 1"),
    "unknown experiment": (TALKS, TWIST_TOML.replace("padded-row", "x") + "\nminutes = 1"),
    "cannot be asked of `self-attention`": (
        TALKS, TWIST_TOML.replace("sdpa", "self-attention") + "\nminutes = 1",
    ),
    "a whole number from 1 to 50": (TALKS, QUESTIONS_TOML.replace("1", "0") + "\nminutes = 1"),
    "no code to draw them from": (
        TALKS, QUESTIONS_TOML.replace('katas = ["sdpa"]', "") + "\nminutes = 1",
    ),
    "is not UTF-8": ("Shapes", "\udcff"),
    "nested too deeply": ('prompt = "p"', "prompt = " + "[" * 5000),
}  # fmt: skip


@pytest.mark.parametrize("complaint", BAD_ROUNDS)
def test_a_bad_round_names_file_stage_fault_and_remedy(complaint: str, tmp_path: Path) -> None:
    old, new = BAD_ROUNDS[complaint]
    assert old in GOOD
    file = tmp_path / "mine.toml"
    file.write_bytes(GOOD.replace(old, new, 1).encode("utf-8", "surrogateescape"))
    with pytest.raises(Refused) as raised:
        rounds.load(file)
    message = str(raised.value)
    assert complaint in message
    assert str(file) in message
    assert "\n" not in message
    assert ":" in message.removeprefix(str(file)), "a remedy follows"


def test_a_good_round_is_good(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(GOOD)
    assert rounds.load(tmp_path / "mine.toml").name == "mine"
    odd = tmp_path / os.fsdecode(b"\x1b[2J\xff.toml")
    odd.write_text(GOOD)
    assert rounds.load(odd).name == "·[2J·", "it can be shown, and kept"
    for missing in (tmp_path / "none.toml", tmp_path):
        with pytest.raises(Refused, match="name the TOML file"):
            rounds.load(missing)


# --- the small parts --------------------------------------------------------------------------


def test_no_line_is_wider_than_the_screen_and_none_moves_the_cursor() -> None:
    words = "a word " * 30 + "\n" + "    indented " * 9 + "\x1b[2J\r" + "\n" + "x" * 200
    for columns in (20, 40, 80):
        lines = list(Say(words, indent=2).wrapped(columns))
        assert max(map(len, lines)) <= columns
        assert "\x1b" not in "".join(lines)
        assert "\r" not in "".join(lines)
        assert "".join("".join(lines).split()).count("x") == 200


def test_the_clock_is_always_to_be_seen() -> None:
    it = Rehearsal()
    it.begin()
    for columns in (28, 40, 60, 100, 200):
        for elapsed, shown in ((0.0, "1:00"), (50.0, "0:10"), (75.0, "0:15")):
            line = "".join(t for _, t in dial(it.state, elapsed, busy=True).parts(columns))
            assert shown in line
            assert len(line) <= max(columns, 40)
    assert dial(it.state, 0).style == ""
    assert dial(it.state, 50).style == "warn"
    assert dial(it.state, 61).style == "bad"


@pytest.mark.parametrize(
    ("visual", "editor", "says"),
    [(None, None, "neither $VISUAL nor $EDITOR is set"), ("", "nothere -w", "`nothere`"),
     ("'vi", None, "$VISUAL cannot be read"), (None, "  ", "neither")],
)  # fmt: skip
def test_a_missing_editor_names_the_variable_and_another_way(
    visual, editor, says, monkeypatch
) -> None:
    for name, value in (("VISUAL", visual), ("EDITOR", editor)):
        monkeypatch.delenv(name, raising=False)
        if value is not None:
            monkeypatch.setenv(name, value)
    with pytest.raises(Refused, match="elsewhere") as raised:
        editor_command(Path("sdpa.py"))
    assert says in str(raised.value)


def test_an_editor_may_have_arguments(monkeypatch) -> None:
    monkeypatch.setenv("VISUAL", f"'{sys.executable}' -c 'pass'")
    assert editor_command(Path("a b.py")) == [sys.executable, "-c", "pass", "a b.py"]


def test_a_save_is_noticed_when_the_file_stands_still(tmp_path: Path) -> None:
    file = tmp_path / "x.py"
    watch = Saves(file)
    assert not watch.saved()
    file.write_text("half")
    assert not watch.saved(), "perhaps the editor is still writing"
    file.write_text("the whole")
    assert not watch.saved()
    assert watch.saved()
    assert not watch.saved()


def test_a_process_is_not_taken_for_another() -> None:
    me = myself()
    assert me.alive
    assert not Owner(me.pid, "1", me.boot).alive, "an id that is used again"
    assert not Owner(me.pid, me.started, "another boot").alive
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    assert not Owner(ended.pid, me.started, me.boot).alive


# --- the record -------------------------------------------------------------------------------


@pytest.fixture
def store(tmp_path: Path):
    with Store(tmp_path / "home") as opened:
        yield opened


def held(store: Store, *stages) -> log.Entry:
    stages = stages or EVERYTHING
    plan = Round("r", "A round", "mid", sum(s.minutes for s in stages), stages)
    number = log.begin(store, plan, {"seed": 1, "folder": str(store.root), "questions": {}})
    entry = log.entry(store, number)
    assert entry is not None
    return entry


def test_a_round_that_runs_elsewhere_is_not_taken_over(store: Store) -> None:
    entry = held(store)
    assert entry.running
    other = subprocess.Popen(["sleep", "60"])
    try:
        from grader.interview.record import owner

        there = Owner(other.pid, owner._started(other.pid), myself().boot)
        store.write(lambda db: db.execute("update rounds set owner = ?", (there.pack(),)))
        with pytest.raises(Refused, match=str(other.pid)):
            log.claim(store, entry.id)
    finally:
        other.kill()
        other.wait()
    log.claim(store, entry.id)


def test_what_another_version_wrote_does_not_stop_a_round(store: Store) -> None:
    entry = held(store, TALK, CLOSE)
    log.append(store, entry.id, CANDIDATE, "stage", {"stage": 0, "why": "begin"}, elapsed=1.0)
    log.append(store, entry.id, CANDIDATE, "answer", {"stage": None}, elapsed=2.0)
    log.append(store, entry.id, HOST, "hologram", {"shape": [1]}, elapsed=2.0)
    log.append(store, entry.id, CANDIDATE, "score", {"stage": 0, "item": 0}, elapsed=3.0)
    state = fold(entry.plan, log.events(store, entry.id))
    assert position(state).step is Step.ASK
    assert state.elapsed == 3.0
    card = log.card(store, entry.id)
    assert card is not None
    assert not card.ended
    assert log.card(store, 99) is None


class Silent:
    """A screen that only remembers."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def say(self, words: Say) -> None:
        self.said.append(words.text)

    def type(self, text: str) -> None:
        pass

    def edit(self, command) -> None:
        pass


def test_what_cannot_be_recorded_is_said_and_recorded_later(store: Store, monkeypatch) -> None:
    entry = held(store, TALK, CLOSE)
    driver, screen = Driver(store, entry, Idle), Silent()
    driver.open(screen)
    real = log.append

    def full(*arguments, **named):
        raise Unavailable("the disk is full")

    monkeypatch.setattr(log, "append", full)
    driver.line("my answer")
    driver.line("/note a note")
    driver.line("3")
    assert sum("not on record yet: the disk is full" in s for s in screen.said) == 1
    assert driver.flow.here.step is Step.READY, "the round goes on all the same"
    monkeypatch.setattr(log, "append", real)
    driver.line("")
    kinds = [e.kind for e in log.events(store, entry.id)]
    assert kinds == ["begun", "stage", "answer", "note", "score", "stage"]
    assert driver.flow.state == fold(entry.plan, log.events(store, entry.id))
    driver.close()


@pytest.mark.parametrize("way", ["deleted", "damaged"])
def test_a_round_whose_record_is_lost_writes_it_anew(way: str, store: Store) -> None:
    entry = held(store, TALK, CLOSE)
    driver, screen = Driver(store, entry, Idle), Silent()
    driver.open(screen)
    driver.line("my answer")
    for file in store.root.glob("kata.db*"):
        if way == "deleted":
            file.unlink()
        else:
            file.write_bytes(b"damaged " * 1000)
    with Store(store.root) as elsewhere:
        assert log.unfinished(elsewhere) == []
        other = held(elsewhere, CLOSE)
    driver.line("3")
    assert sum("written anew: it is round 2" in said for said in screen.said) == 1
    assert driver.flow.here.step is Step.READY
    driver.line("/note a note")
    driver.close()
    with Store(store.root) as elsewhere:
        kinds = [e.kind for e in log.events(elsewhere, driver.flow.number)]
        assert kinds == ["begun", "stage", "answer", "score", "note"]
        assert [e.kind for e in log.events(elsewhere, other.id)] == ["begun"]
        found = log.entry(elsewhere, driver.flow.number)
    assert found is not None
    assert (found.at, found.plan) == (entry.at, entry.plan)


def test_a_lost_record_is_noticed_with_nobody_typing(store: Store) -> None:
    entry = held(store, TALK, CLOSE)
    driver = Driver(store, entry, Idle)
    driver.open(Silent())
    for file in store.root.glob("kata.db*"):
        file.unlink()
    driver.pump()
    assert [e.kind for e in log.events(store, entry.id)] == ["begun", "stage"]
    driver.close()


def test_a_locked_record_neither_holds_up_the_screen_nor_loses_anything(store: Store) -> None:
    entry = held(store, TALK, CLOSE)
    driver, screen = Driver(store, entry, Idle), Silent()
    driver.open(screen)
    other = sqlite3.connect(store.file, isolation_level=None)
    other.execute("begin immediate")
    assert driver.store._patience < WAIT_SECONDS / 2, "it waits less than others do"
    driver.line("my answer")
    assert any("not on record yet" in said for said in screen.said)
    other.execute("rollback")
    driver.pump()
    assert screen.said[-1] == "Everything is on record again."
    assert [e.kind for e in log.events(store, entry.id)] == ["begun", "stage", "answer"]
    driver.close()


class Idle:
    """A judge that has nothing to do, or never gets done."""

    def __init__(self) -> None:
        self.called_off = False

    def grade_file(self, kata, path, on_check=None):
        from grader.judge.source import Cancelled

        while not self.called_off:
            time.sleep(0.01)
        raise Cancelled

    experiment = grade_file

    def start(self) -> None:
        pass

    def cancel(self) -> None:
        self.called_off = True

    def close(self) -> None:
        pass


def test_the_clock_goes_on_while_the_judge_works(store: Store) -> None:
    ticks = [0.0]
    entry = held(store, CODE, CLOSE)
    driver = Driver(store, entry, Idle, lambda: ticks[0])
    driver.open(Silent())
    driver.line("/grade")
    for _ in range(40):
        ticks[0] += 3.1
        driver.pump()
    assert driver.busy
    assert driver.flow.state.stage == 1
    driver.close()
    assert not driver.judge._thread.is_alive(), "what it was at was called off"


def test_what_was_saved_just_before_a_stage_ended_is_graded(store: Store) -> None:
    driver = Driver(store, held(store, CODE, CLOSE), Idle)
    driver.open(Silent())
    driver.line("/next")
    assert not driver.busy, "an untouched file is not graded"
    driver.close()
    driver = Driver(store, held(store, CODE, CLOSE), Idle)
    driver.open(Silent())
    (store.root / "masked-dropout.py").write_text("x = 1\n")
    driver.line("/next")
    assert driver.busy
    driver.close()


def test_the_elapsed_time_goes_on_from_the_last_heartbeat(store: Store) -> None:
    entry = held(store, TALK, CLOSE)
    log.append(store, entry.id, CANDIDATE, "stage", {"stage": 0, "why": "begin"}, elapsed=10.0)
    log.beat(store, entry.id, 12.0)
    again = log.entry(store, entry.id)
    assert again is not None
    driver = Driver(store, again, Idle, lambda: 0.0)
    assert driver.watch.read() == 12.0
    driver.close()


def test_events_of_both_sides_stand_in_one_order(store: Store) -> None:
    entry = held(store, TALK, CLOSE)
    driver, screen = Driver(store, entry, Idle), Silent()
    driver.open(screen)
    log.append(store, entry.id, HOST, "joined", {"owner": myself().pack()}, elapsed=0.0)
    driver.line("an answer")
    driver.watch._ticks = lambda: time.monotonic() + 5
    driver.pump()
    events = log.events(store, entry.id)
    assert [e.kind for e in events][:4] == ["begun", "stage", "joined", "answer"]
    assert [e.seq for e in events] == list(range(1, len(events) + 1))
    assert driver.flow.state == fold(entry.plan, events)
    assert any("interviewer has joined" in said for said in screen.said)
    driver.close()


def test_verdicts_name_what_is_needed_to_score_them() -> None:
    """`verdicts.summary` and what the tests call a verdict have the same keys."""
    from grader.interview.flow.verdicts import summary
    from grader.report.verdict import Report, Submission

    report = Report("sdpa", 1, "cpu", 0.0, Submission("x.py"))
    assert set(summary(report, 1)) == set(verdict())
