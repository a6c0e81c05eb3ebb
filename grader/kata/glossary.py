"""The field's names for things: what a parameter is, told by what people call it.

`kata.toml` says what each of a kata's parameters means; a submission's own names are looked up
here. This is the one place where names are read for their meaning.
"""

from __future__ import annotations

import re

MEANINGS = {
    "query": "q query queries xq query_states",
    "key": "k key keys xk key_states",
    "value": "v value values xv value_states",
    "input": "x input inputs hidden hidden_states embeddings tokens sequence src",
    "context": "context memory encoder_output encoder_outputs enc source kv",
    "mask": "mask attention_mask attn_mask masks key_padding_mask padding_mask",
    "dropout": "dropout dropout_rate drop p p_drop pdrop attn_drop attn_pdrop drop_rate "
    "dropout_p dropout_prob attn_dropout",
    "width": "hidden_dim d_model n_embd embed_dim emb emb_dim dim n_feat n_state hidden_size "
    "model_dim hidden embedding_dim d channels",
    "heads": "num_heads h heads n_head n_heads nhead num_attention_heads nheads head",
    "kv_heads": "num_kv_heads n_kv_heads kv_heads num_key_value_heads n_kv_head",
    "length": "block_size context_length max_seq_len max_len max_length seq_len n_ctx",
    "temperature": "temperature temp tau t",
}
"""What each meaning is called by the field's best-known files."""
KNOWN = {name: meaning for meaning, names in MEANINGS.items() for name in names.split()}
ELSEWHERE = re.compile(
    r"drop|scale|bias|causal|train|weights?$|temperature|eps|debug|return|dtype|device"
)
"""Names that clearly mean something that no kata passes by its place."""


def meaning(name: str) -> str | None:
    """What a parameter of that name is in this field, or None where the name does not say."""
    word = name.lower()
    if word in KNOWN:
        return KNOWN[word]
    if "mask" in word:
        return "mask"
    if "drop" in word:
        return "dropout"
    return None


def speaks_of_padding(name: str) -> bool:
    """Whether a mask's name says that it is about padding."""
    return "pad" in name.lower()


def means_something_else(name: str) -> bool:
    """Whether the name says that it is an option nobody asked for: a scale, an eps, a dtype."""
    return bool(ELSEWHERE.search(name.lower()))


def attention_role(name: str) -> str | None:
    """Query, key or value, where just one word of a parameter's name is one of them."""
    if meaning(name) == "mask":
        return None
    told = {meaning(word) for word in name.lower().split("_")} & {"query", "key", "value"}
    return told.pop() if len(told) == 1 else None
