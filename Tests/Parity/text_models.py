"""The pretrained transformers of `transformers`: small configurations whose checkpoints are stored, and the published base
sizes, whose weights both sides compute. Tensors are filled by the formula."""

import torch
import transformers
from torch.nn import functional as F

import formula

CLASSES = 3
LENGTHS = (7, 1, 12, 3, 16)
BASE_LENGTHS = (9, 14)
SMALL_GAIN, BASE_GAIN = 1.0, 1.0
FAMILIES = ("roberta", "bert", "distilbert", "albert", "gpt2")

CONFIGURATIONS = {
    "roberta": transformers.RobertaConfig,
    "bert": transformers.BertConfig,
    "distilbert": transformers.DistilBertConfig,
    "albert": transformers.AlbertConfig,
    "gpt2": transformers.GPT2Config,
}
SMALL = {
    "roberta": dict(vocab_size=40, hidden_size=16, num_hidden_layers=2, num_attention_heads=4, intermediate_size=24,
                    max_position_embeddings=20, type_vocab_size=1, layer_norm_eps=1e-5, pad_token_id=1),
    "bert": dict(vocab_size=40, hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=24,
                 max_position_embeddings=18, type_vocab_size=2),
    "distilbert": dict(vocab_size=40, dim=16, n_layers=2, n_heads=4, hidden_dim=24, max_position_embeddings=18),
    "albert": dict(vocab_size=40, embedding_size=8, hidden_size=16, num_hidden_layers=4, num_hidden_groups=2,
                   inner_group_num=2, num_attention_heads=4, intermediate_size=24, max_position_embeddings=18),
    "gpt2": dict(vocab_size=40, n_embd=16, n_layer=2, n_head=4, n_positions=24, bos_token_id=0, eos_token_id=0),
}
# What AlbertConfig calls base is the largest size; RobertaConfig's vocabulary is BERT's.
BASE = {
    "roberta": dict(vocab_size=50265, max_position_embeddings=514, type_vocab_size=1, layer_norm_eps=1e-5, pad_token_id=1),
    "bert": {}, "distilbert": {}, "gpt2": {},
    "albert": dict(hidden_size=768, num_attention_heads=12, intermediate_size=3072),
}


def make(family: str, sizes: dict, outputs: int = CLASSES, gain: float = SMALL_GAIN) -> torch.nn.Module:
    """The model with a head of `outputs` classes (1: regression), in evaluation mode."""
    config = CONFIGURATIONS[family](**sizes, **({} if family == "gpt2" else {"num_labels": outputs}))
    config._attn_implementation = "eager"
    if family == "gpt2":
        model = transformers.GPT2LMHeadModel(config)
    else:
        model = getattr(transformers, type(config).__name__.replace("Config", "ForSequenceClassification"))(config)
    formula.fill(model, gain)
    model.tie_weights()
    return model.eval()


def sequences(vocabulary: int, lengths: tuple[int, ...]) -> list[torch.Tensor]:
    """Tokens from 3 on, so that none is a padding token."""
    flat = 3 + (formula.unit("text.tokens", sum(lengths)) + 1) / 2 * (vocabulary - 3)
    return list(torch.from_numpy(flat.astype("int64")).split(lengths))


def segments(lengths: tuple[int, ...]) -> list[torch.Tensor]:
    """0 in the first half of each sequence, then 1."""
    return [(torch.arange(n) >= (n + 1) // 2).long() for n in lengths]


def forward(model: torch.nn.Module, family: str, lengths: tuple[int, ...]) -> torch.Tensor:
    """Logits of the padded batch: [N, outputs], or of GPT-2 those of the real tokens [T, vocabulary]."""
    tokens = sequences(model.config.vocab_size, lengths)
    padding = model.config.pad_token_id or 0
    ids = torch.nn.utils.rnn.pad_sequence(tokens, batch_first=True, padding_value=padding)
    mask = torch.nn.utils.rnn.pad_sequence([torch.ones_like(t) for t in tokens], batch_first=True)
    extra = {}
    if family in ("bert", "albert"):
        extra["token_type_ids"] = torch.nn.utils.rnn.pad_sequence(segments(lengths), batch_first=True)
    logits = model(input_ids=ids, attention_mask=mask, **extra).logits
    return logits[mask.bool()] if family == "gpt2" else logits


def next_tokens(vocabulary: int, lengths: tuple[int, ...]) -> torch.Tensor:
    """The token behind each, -100 behind the last of a sequence."""
    return torch.cat([torch.cat([t[1:], torch.tensor([-100])]) for t in sequences(vocabulary, lengths)])


def loss(logits: torch.Tensor, family: str, vocabulary: int, lengths: tuple[int, ...]) -> torch.Tensor:
    if family == "gpt2":
        return F.cross_entropy(logits, next_tokens(vocabulary, lengths))
    if logits.shape[1] == 1:
        return F.mse_loss(logits, targets(len(lengths)).to(logits.dtype))
    return F.cross_entropy(logits, formula.labels(len(lengths), CLASSES))


def targets(count: int) -> torch.Tensor:
    return formula.values("text.targets", (count, 1), 2)
