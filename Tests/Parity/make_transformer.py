"""transformer-mean and transformer-cls: two layers, ragged lengths, padding masked, dropout 0."""

import torch
from torch import nn
from torch.nn import functional as F

import fixture
import formula
from transformer_model import Classifier

SHAPE = {"vocabulary": 50, "longest": 16, "width": 16, "heads": 4, "hidden": 32, "layers": 2, "classes": 5}
LENGTHS = (7, 12, 1, 5, 12, 3)
GAIN = 2.0


def tokens() -> torch.Tensor:
    """[6, 12]: token 1 first, then ids from 2 to 49, then padding 0."""
    generator = torch.Generator().manual_seed(11)
    ids = torch.randint(2, SHAPE["vocabulary"], (len(LENGTHS), max(LENGTHS)), generator=generator)
    ids[:, 0] = 1
    return ids * (torch.arange(max(LENGTHS))[None, :] < torch.tensor(LENGTHS)[:, None])


def build(pooling: str, dtype: torch.dtype) -> Classifier:
    model = Classifier(**SHAPE, pooling=pooling)
    formula.fill(model, GAIN)
    return model.to(dtype)


def run(pooling: str, dtype: torch.dtype) -> dict[str, torch.Tensor]:
    model = build(pooling, dtype)
    logits = model(tokens())
    loss = F.cross_entropy(logits, formula.labels(len(LENGTHS), SHAPE["classes"]))
    loss.backward()
    out = {"output.logits": logits, "output.loss": loss}
    out |= {name: p for name, p in model.named_parameters()}
    out |= {f"grad.{name}": p.grad for name, p in model.named_parameters()}
    return {name: tensor.detach().clone() for name, tensor in out.items()}


def check_against_torch(pooling: str) -> None:
    """The same weights in nn.TransformerEncoder give the same hidden states and gradients at every real token."""
    ours = build(pooling, torch.float64)
    layer = nn.TransformerEncoderLayer(SHAPE["width"], SHAPE["heads"], SHAPE["hidden"], dropout=0.0, activation="gelu",
                                       batch_first=True, norm_first=True)
    theirs = nn.TransformerEncoder(layer, SHAPE["layers"], norm=nn.LayerNorm(SHAPE["width"]),
                                   enable_nested_tensor=False).double()
    theirs.load_state_dict(ours.encoder.state_dict())
    ids = tokens()
    real = ids != 0
    x = (ours.embedding(ids) + ours.position(torch.arange(ids.shape[1]))).detach()
    a, b = ours.encoder(x, real)[real], theirs(x, src_key_padding_mask=~real)[real]
    assert fixture.relative_error(a, b) < 1e-12
    expected = dict(zip(dict(theirs.named_parameters()), torch.autograd.grad(b.pow(3).sum(), list(theirs.parameters()))))
    actual = dict(zip(dict(ours.encoder.named_parameters()),
                      torch.autograd.grad(a.pow(3).sum(), list(ours.encoder.parameters()))))
    assert actual.keys() == expected.keys()
    assert all(fixture.relative_error(actual[n], expected[n]) < 1e-11 for n in expected)
    # Padding changes nothing: every sentence alone, cut to its length, gives the same logits.
    logits = ours(ids)
    for row, length in enumerate(LENGTHS):
        assert fixture.relative_error(ours(ids[row : row + 1, :length])[0], logits[row]) < 1e-12


def make(pooling: str) -> None:
    check_against_torch(pooling)
    tensors, vanishing = fixture.reference(lambda **kw: run(pooling, **kw), 5e-6, describe=f"transformer-{pooling}")
    assert not vanishing
    assert not tensors["grad.embedding.weight"][0].any(), "padding gets no gradient"
    tensors |= {"input.tokens": tokens(), "input.labels": formula.labels(len(LENGTHS), SHAPE["classes"]),
                "input.lengths": torch.tensor(LENGTHS)}
    fixture.write(f"transformer-{pooling}", tensors, {**SHAPE, "pooling": pooling, "gain": GAIN, "padding": 0, "tolerance": 1e-5})


if __name__ == "__main__":
    make("mean")
    make("cls")
