"""text-baselines: TextCNN and BiLSTM on padded batches by torch.nn, and rotary positions by `transformers`."""

import torch
from torch import nn
from torch.nn import functional as F
from transformers.models.llama.modeling_llama import apply_rotary_pos_emb

import fixture
import formula
from text_models import CLASSES, LENGTHS, sequences

VOCABULARY, EMBEDDING, FILTERS, WIDTHS, HIDDEN, GAIN = 40, 6, 5, (2, 3, 5), 4, 1.5
HEADS, WIDTH = 3, 8


class TextCNN(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(VOCABULARY, EMBEDDING)
        self.convs = nn.ModuleList(nn.Conv1d(EMBEDDING, FILTERS, w, padding=w - 1) for w in WIDTHS)
        self.classifier = nn.Linear(len(WIDTHS) * FILTERS, CLASSES)

    def forward(self, tokens: list[torch.Tensor]) -> torch.Tensor:
        rows = []
        for sequence in tokens:
            x = self.embedding(sequence).T[None]
            rows.append(torch.cat([F.relu(conv(x)).amax(-1) for conv in self.convs], 1))
        return self.classifier(torch.cat(rows))


class BiLSTM(nn.Module):
    def __init__(self, pooling: str, layers: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(VOCABULARY, EMBEDDING)
        self.lstm = nn.LSTM(EMBEDDING, HIDDEN, batch_first=True, bidirectional=True)
        self.upper = nn.ModuleList(
            nn.LSTM(2 * HIDDEN, HIDDEN, batch_first=True, bidirectional=True) for _ in range(layers - 1))
        self.classifier = nn.Linear(2 * HIDDEN, CLASSES)
        self.pooling = pooling

    def forward(self, tokens: list[torch.Tensor]) -> torch.Tensor:
        lengths = torch.tensor([len(t) for t in tokens])
        x = self.embedding(nn.utils.rnn.pad_sequence(tokens, batch_first=True))
        packed = nn.utils.rnn.pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        for lstm in (self.lstm, *self.upper):
            packed, (last, _) = lstm(packed)
        states, _ = nn.utils.rnn.pad_packed_sequence(packed, batch_first=True)
        real = (torch.arange(states.shape[1]) < lengths[:, None])[..., None]
        if self.pooling == "max":
            pooled = states.masked_fill(~real, -torch.inf).amax(1)
        elif self.pooling == "mean":
            pooled = (states * real).sum(1) / lengths[:, None]
        else:
            pooled = last.transpose(0, 1).flatten(1)
        return self.classifier(pooled)


MODELS = {
    "textcnn": TextCNN, "bilstm-max": lambda: BiLSTM("max", 1), "bilstm-mean": lambda: BiLSTM("mean", 2),
    "bilstm-last": lambda: BiLSTM("last", 1),
}


def run(name: str, dtype: torch.dtype) -> dict[str, torch.Tensor]:
    model = MODELS[name]()
    formula.fill(model, GAIN)
    model = model.to(dtype)
    logits = model(sequences(VOCABULARY, LENGTHS))
    loss = F.cross_entropy(logits, formula.labels(len(LENGTHS), CLASSES))
    loss.backward()
    return {"logits": logits.detach(), "loss": loss.detach()} | {f"grad.{n}": p.grad for n, p in model.named_parameters()}


def rotary(dtype: torch.dtype) -> dict[str, torch.Tensor]:
    rows = formula.values("text.rotary", (sum(LENGTHS), HEADS * WIDTH)).to(dtype).requires_grad_()
    places = torch.cat([torch.arange(n) for n in LENGTHS])
    angles = places[:, None] * 10_000.0 ** (-torch.arange(0, WIDTH, 2, dtype=torch.float64) / WIDTH)
    angles = torch.cat([angles, angles], 1).to(dtype)
    heads = rows.reshape(1, -1, HEADS, WIDTH).transpose(1, 2)
    turned, _ = apply_rotary_pos_emb(heads, heads, angles.cos()[None], angles.sin()[None])
    turned = turned.transpose(1, 2).reshape(-1, HEADS * WIDTH)
    (turned * formula.values("text.rotary.weights", tuple(turned.shape)).to(dtype)).sum().backward()
    return {"turned": turned.detach(), "grad.rows": rows.grad}


def main() -> None:
    tensors = {"tokens": torch.cat(sequences(VOCABULARY, LENGTHS))}
    for name in MODELS:
        result, vanishing = fixture.reference(lambda dtype: run(name, dtype), 1e-5, describe=name)
        assert not vanishing, name
        tensors |= {f"{name}/{key}": tensor for key, tensor in result.items()}
    result, _ = fixture.reference(rotary, 1e-5, describe="rotary")
    tensors |= {f"rotary/{key}": tensor for key, tensor in result.items()}
    fixture.write("text-baselines", tensors, {
        "lengths": list(LENGTHS), "gain": GAIN, "vocabulary": VOCABULARY, "embedding": EMBEDDING, "filters": FILTERS,
        "widths": ",".join(map(str, WIDTHS)), "hidden": HIDDEN, "heads": HEADS, "width": WIDTH, "tolerance": 1e-5})


if __name__ == "__main__":
    main()
