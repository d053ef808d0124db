"""vgg16 and vgg16-bn: one training-mode step (dropout off) and one evaluation-mode forward."""

import torch
from torch.nn import functional as F

import fixture
import formula
from vgg_model import VGG16

GAINS = {False: 1.5, True: 1.4}
NORMALIZATION = ("running_mean", "running_var", "num_batches_tracked")
MARGIN = 1.5e-6


def run(batch_norm: bool, path: str, dtype: torch.dtype, layout=torch.contiguous_format, evaluate=True):
    model = VGG16(batch_norm)
    formula.fill(model, GAINS[batch_norm])
    model.to(dtype).to(memory_format=layout)
    x = formula.pictures(path, 4).to(dtype).to(memory_format=layout)
    logits = model.train()(x)
    loss = F.cross_entropy(logits, formula.labels(4, 10))
    loss.backward()
    out = {"output.logits": logits, "output.loss": loss}
    out |= {f"grad.{name}": p.grad for name, p in model.named_parameters()}
    if batch_norm:
        out |= {f"after.{name}": b for name, b in model.state_dict().items() if name.endswith(NORMALIZATION)}
    if evaluate:
        with torch.no_grad():
            out["output.evaluation.logits"] = model.eval()(x)
    return {name: tensor.detach().clone() for name, tensor in out.items()}


def make(name: str, batch_norm: bool, path: str, bound: float, tolerance: float) -> None:
    model = VGG16(batch_norm)
    count = sum(p.numel() for p in model.parameters())
    assert count == (15_253_578 if batch_norm else 15_245_130), count
    variants = [{}, {"layout": torch.channels_last}]
    tensors, vanishing = fixture.reference(lambda **kw: run(batch_norm, path, **kw), bound, variants, name)
    # A bias before batch normalization cannot change the loss.
    before_norm = [f"features.{i}.bias" for i, m in enumerate(model.features) if isinstance(m, torch.nn.Conv2d)]
    assert sorted(vanishing) == sorted(before_norm if batch_norm else [])
    margin = fixture.kink_margin(lambda: run(batch_norm, path, torch.float64, evaluate=False))
    assert margin > MARGIN, margin
    logits = tensors["output.logits"]
    assert logits.std(0).min() > 1e-3 * logits.abs().max(), "examples must differ"
    tensors["input.labels"] = formula.labels(4, 10)
    fixture.write(
        name,
        fixture.summarized(tensors),
        {"gain": GAINS[batch_norm], "input.path": path, "input.shape": [4, 3, 32, 32], "parameters": count,
         "state": {n: list(t.shape) for n, t in model.state_dict().items()}, "vanishing": vanishing, "tolerance": tolerance},
    )


if __name__ == "__main__":
    make("vgg16", False, "input.27", 5e-6, 1e-5)
    # Thirteen normalized layers of up to 4,608-term sums: float32 itself, PyTorch's too, is 2e-5 from the truth here.
    make("vgg16-bn", True, "input.4", 2.5e-5, 4e-5)
