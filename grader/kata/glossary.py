"""The field's names for things: what a parameter is, told by what people call it.

`kata.toml` says what each of a kata's parameters means; a submission's own names are looked up
here. This is the one place where names are read for their meaning.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import cache

MEANINGS = {
    "query": "q query queries qs xq query_states",
    "key": "k key keys ks xk key_states",
    "value": "v value values vs val vals xv value_states",
    "input": "x input inputs hidden hidden_states embeddings tokens sequence src",
    "context": "context memory encoder_output encoder_outputs enc source kv",
    "mask": "mask attention_mask attn_mask att_mask masks key_padding_mask padding_mask",
    "dropout": "dropout dropout_rate p p_drop pdrop rate prob",
    "width": "emb nhid nembd dmodel hiddendim hiddensize embeddim",
    "heads": "h nhead nheads numheads",
    "kv_heads": "n_kv num_kv n_groups num_groups",
    "length": "t n_ctx seqlen maxlen",
    "temperature": "temperature temp tau",
    "state": "cache kv_cache past past_kv past_key_value past_key_values layer_past past_cache "
    "kv_state prev previous memory_state",
}
"""What a kata's parameters may mean, and names for it that no rule below would tell."""

ROLES = ("query", "key", "value")
ROLE_WORDS = {word: role for role in ROLES for word in MEANINGS[role].split() if "_" not in word}
OUTPUT_WORDS = set("o out output outputs dense final merge combine".split())
"""Words for the projection that comes last; beside the word for another role they say nothing."""
WIDTH_WORDS = set(
    "d dim dims size model embed embd emb embedding embeddings hidden hid hiddens feat feats "
    "feature features channel channels state units width in out input output".split()
)
BESIDE_WIDTH = WIDTH_WORDS | set(
    "n num ch inner attn attention att token x q k v kq qk kv qkv inp planes latent total full "
    "proj projection query key value context memory encoder decoder".split()
)
LETTERS = {"d", "D", "C", "E"}
"""What formulas call a width."""
COUNT_WORDS = {"dim", "dims", "axis", "axes", "index", "idx", "id", "num", "n", "size", "layer"}
"""Words that go with whole numbers alone."""
LENGTH_WORDS = set("len length lengths seqlen maxlen positions position ctx".split())
MASK_WORDS = set("visible visibility allowed attend attendable keep pad padding".split())
HEAD_WORDS = {"head", "heads", "nhead", "nheads", "numheads"}
ELSEWHERE_DROPPED = set(
    "resid residual res proj out output ff ffn mlp fc hidden emb embd embedding embeddings path "
    "input block".split()
)
CONFIG_WORDS = set(
    "config cfg conf configuration args params hparams hps opt opts settings".split()
)
OPTIONS = re.compile(
    r"scale|bias|causal|train|weights?$|eps|debug|return|dtype|device|cache|past|need|"
    r"valid_len|verbose|layer_id|norm|activation|flash"
)
"""Names that clearly mean something that no kata passes by its place."""
NOISE = set(
    "fc w b weight weights bias biases proj projection projections projector linear linears lin "
    "layer layers to f net matrix mat attn attention att self head heads mha fn map transform wt "
    "param params p m kernel conv c".split()
)
GLUED = re.compile(
    r"^(?:w|b|x|fc|lin|linear|to|proj|weight|bias)?"
    r"(q|query|queries|k|key|keys|v|value|values|o|out|output)"
    r"(?:w|b|fc|lin|linear|proj|projection|layer|weight|bias|net|mat|matrix|conv)?$"
)
GROUPS = {"qkv": ROLES, "qk": ROLES[:2], "kv": ROLES[1:], "kvs": ROLES[1:]}
"""Words for roles that share a weight, in the order of its rows."""


@cache
def words(name: str) -> tuple[str, ...]:
    """The words of an identifier in lower case: `d_model`, `dModel` and `DModel` are d, model."""
    return tuple(w.lower() for w in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name))


def _listed(name: str, meanings: Collection[str]) -> str | None:
    told = {name.lower(), "".join(words(name))}
    return next((m for m in meanings if told & set(MEANINGS[m].split())), None)


# --- what a layer is built from ---------------------------------------------------------------


def built_from(name: str) -> str | None:
    """What a constructor's parameter of that name is, or None where the name does not say.

    Beside the MEANINGS: `head_dim`; `query_width` and so on, of which the company decides whether
    it is a width; `config`; `other_dropout`, elsewhere than on the weights; `scale`; and the flags
    `bias`, `causal`, `batch_first`, `device`, `dtype`, `layer`.
    """
    for tell in (_dropping, _about_heads, _flag, _about_length, _about_width, _lone_word):
        means = tell(name, words(name))
        if means is not None:
            return means
    return None


def _dropping(_: str, said: tuple[str, ...]) -> str | None:
    if not any("drop" in word for word in said):
        return None
    return "other_dropout" if set(said) & ELSEWHERE_DROPPED else "dropout"


def _about_heads(name: str, said: tuple[str, ...]) -> str | None:
    told, listed = set(said), _listed(name, ("heads", "kv_heads"))
    if listed is None and not told & HEAD_WORDS:
        return None
    if told & {"dim", "dims", "size", "d", "width", "features", "channels"}:
        return "head_dim"
    shared = listed == "kv_heads" or told & {"kv", "key", "value", "groups"}
    return "kv_heads" if shared else "heads"


def _flag(_: str, said: tuple[str, ...]) -> str | None:
    told = set(said)
    if said and said[-1] in CONFIG_WORDS:
        return "config"
    if {"batch", "first"} <= told:
        return "batch_first"
    if "layer" in told and told & {"idx", "id", "index"}:
        return "layer"
    return next((flag for flag in ("bias", "causal", "device", "dtype") if flag in told), None)


def _about_length(name: str, said: tuple[str, ...]) -> str | None:
    spans = set(said) & LENGTH_WORDS or _is_length(set(said)) or _listed(name, ("length",))
    return "length" if spans else None


def _lone_word(name: str, said: tuple[str, ...]) -> str | None:
    scale = {"scale", "scaling"} & set(said)
    return _listed(name, ("temperature", "dropout")) or ("scale" if scale else None)


def _is_length(told: set[str]) -> bool:
    spans = told & {"block", "context", "seq", "sequence", "tokens"}
    return bool(spans and told & {"size", "max", "n", "num"} and "dim" not in told)


def _about_width(name: str, said: tuple[str, ...]) -> str | None:
    """A width, the width of a head, or that of one role's input, which may be either."""
    told = set(said)
    roles = [ROLE_WORDS[word] for word in said if word in ROLE_WORDS]
    if len(said) == 2 and len(roles) == 1:
        if "d" in told:
            return "head_dim"
        if told & {"dim", "size"} and not any(word in {"q", "k", "v"} for word in said):
            return f"{roles[0]}_width"
    if told in ({"qk", "d"}, {"qkv", "d"}) or "".join(said) in ("dk", "dv", "dq"):
        return "head_dim"
    if said and told <= BESIDE_WIDTH and told & WIDTH_WORDS:
        return "width"
    return "width" if name in LETTERS else _listed(name, ("width",))


def speaks_of_counts(name: str) -> bool:
    """Whether a name says that it is a whole number: an axis, an index, a size."""
    return bool(set(words(name)) & COUNT_WORDS)


# --- what a call is given ---------------------------------------------------------------------


def called_with(name: str) -> str | None:
    """What a call's parameter of that name is, or None where the name does not say."""
    said = set(words(name))
    if "mask" in name.lower() or (said & MASK_WORDS and not said & {"len", "lens", "idx", "size"}):
        return "mask"
    if any("drop" in word for word in words(name)):
        return "dropout"
    listed = _listed(name, ("query", "key", "value", "input", "context", "temperature", "state"))
    if listed:
        return listed
    derived = built_from(name)
    return derived if derived in ("head_dim", "width", "scale", "heads") else None


def is_option(name: str) -> bool:
    """Whether the name says that it is an option nobody asked for: a scale, an eps, a dtype."""
    return bool(OPTIONS.search(name.lower())) or called_with(name) in ("dropout", "temperature")


def speaks_of_padding(name: str) -> bool:
    """Whether a mask's name says that it is about padding."""
    return "pad" in name.lower()


def speaks_of_order(name: str) -> bool:
    """Whether a mask's name says that it hides the future."""
    return bool(re.search(r"causal|future|ahead|subsequent|tri[lu]", name.lower()))


def attention_role(name: str) -> str | None:
    """Query, key or value, where just one word of a parameter's name is one of them."""
    if called_with(name) == "mask":
        return None
    told = {ROLE_WORDS.get(word) for word in words(name)} - {None}
    return told.pop() if len(told) == 1 else None


# --- whose weight is which --------------------------------------------------------------------


def weight_roles(name: str) -> tuple[str, ...]:
    """The roles that a parameter's name speaks of: one, those that share it, or none.

    The innermost word that says something counts; a filler beside it does not hide it.
    """
    for segment in reversed(re.sub(r"\.(weight|bias)$", "", name).split(".")):
        if segment.lower() in {"c_proj", "fc"}:
            return ("output",)
        spoken = [word for word in words(segment) if word not in NOISE]
        if not spoken:
            continue
        group = next((GROUPS[word] for word in spoken if word in GROUPS), None)
        told = {_word_role(word) for word in spoken} - {None}
        strong = told - {"output"}
        if group is not None or len(strong) > 1:
            return group or ()
        return tuple(strong or told)  # type: ignore[arg-type]
    return ()


def speaks_of_roles(name: str) -> bool:
    """Whether a parameter's name claims a role, be it one that two claim."""
    spoken = {_word_role(word) for word in words(name) if word not in NOISE}
    return bool(spoken - {None, "output"}) or bool(weight_roles(name))


def speaks_of_bias(name: str) -> bool:
    """Whether a parameter of no module of its own is called a bias: `bias`, `b`, `b_a`."""
    return "." not in name and bool({"b", "bias", "biases"} & set(words(name)))


def _word_role(word: str) -> str | None:
    if word in ROLE_WORDS:
        return ROLE_WORDS[word]
    if word in OUTPUT_WORDS:
        return "output"
    glued = GLUED.match(word)
    return _word_role(glued.group(1)) if glued and glued.group(1) != word else None


SHORT = {
    "attn": "attention", "att": "attention", "atten": "attention", "sa": "self attention",
    "mha": "multi head attention", "mhsa": "multi head self attention", "mh": "multi head",
    "msa": "multi head self attention", "multihead": "multi head", "multiheaded": "multi head",
    "selfattention": "self attention", "selfattn": "self attention", "dotproduct": "dot product",
    "sdpa": "scaled dot product attention", "csa": "causal self attention",
}  # fmt: skip
"""What names of definitions abbreviate."""


def nearness(name: str, wanted: str) -> int:
    """How many words of the wanted name another name has too, written out or not."""
    theirs = " ".join(SHORT.get(word, word) for word in words(name)).split()
    theirs = [word for word in theirs if len(word) > 2]
    return sum(any(a.startswith(b) or b.startswith(a) for a in theirs) for b in words(wanted))
