"""preresnet20 and preresnet29-bottleneck: one training-mode step and one evaluation-mode forward."""

import torch
from torch.nn import functional as F

import fixture
import formula
from preresnet_model import PreResNet

GAIN = 1.5
MARGIN = 2.5e-6
NORMALIZATION = ("running_mean", "running_var", "num_batches_tracked")


def run(depth: int, bottleneck: bool, path: str, dtype: torch.dtype, layout=torch.contiguous_format, evaluate=True):
    model = PreResNet(depth, bottleneck=bottleneck)
    formula.fill(model, GAIN)
    model.to(dtype).to(memory_format=layout)
    x = formula.pictures(path, 4).to(dtype).to(memory_format=layout)
    labels = formula.labels(4, 10)
    logits = model.train()(x)
    loss = F.cross_entropy(logits, labels)
    loss.backward()
    out = {"output.logits": logits, "output.loss": loss}
    out |= {f"grad.{name}": p.grad for name, p in model.named_parameters()}
    out |= {f"after.{name}": b for name, b in model.state_dict().items() if name.endswith(NORMALIZATION)}
    if evaluate:
        with torch.no_grad():
            out["output.evaluation.logits"] = model.eval()(x)
    return {name: tensor.detach().clone() for name, tensor in out.items()}


def check_model() -> None:
    counts = {20: (False, 270_000), 56: (False, 850_000), 110: (False, 1_700_000), 164: (True, 1_700_000)}
    for depth, (bottleneck, published) in counts.items():
        count = sum(p.numel() for p in PreResNet(depth, bottleneck=bottleneck).parameters())
        assert abs(count - published) < 0.04 * published, (depth, count)
    # The identity path: with the last convolution of a block at zero, a block without a change of shape is the identity.
    block = PreResNet(20).layer1[1]
    block.conv2.weight.data.zero_()
    x = torch.randn(2, 16, 4, 4, generator=torch.Generator().manual_seed(0))
    assert torch.equal(block(x), x)


def make(name: str, depth: int, bottleneck: bool, path: str) -> None:
    variants = [{}, {"layout": torch.channels_last}]
    tensors, vanishing = fixture.reference(
        lambda **kw: run(depth, bottleneck, path, **kw), 8e-6, variants, name
    )
    assert not vanishing
    margin = fixture.kink_margin(lambda: run(depth, bottleneck, path, torch.float64, evaluate=False))
    assert margin > MARGIN, margin
    logits = tensors["output.logits"]
    assert logits.std(0).min() > 1e-3 * logits.abs().max(), "examples must differ"
    tensors["input.labels"] = formula.labels(4, 10)
    model = PreResNet(depth, bottleneck=bottleneck)
    fixture.write(
        name,
        fixture.summarized(tensors),
        {"gain": GAIN, "input.path": path, "input.shape": [4, 3, 32, 32],
         "parameters": sum(p.numel() for p in model.parameters()), "vanishing": vanishing, "tolerance": 1e-5},
    )


if __name__ == "__main__":
    check_model()
    make("preresnet20", 20, False, "input.39")
    make("preresnet29-bottleneck", 29, True, "input.32")
    # Names, shapes and parameter counts of every size, to check a port without any weight.
    fixture.write_json("preresnet-names", {
        f"preresnet{depth}": {
            "bottleneck": bottleneck,
            "parameters": sum(p.numel() for p in PreResNet(depth, bottleneck=bottleneck).parameters()),
            "state": {n: list(t.shape) for n, t in PreResNet(depth, bottleneck=bottleneck).state_dict().items()},
        }
        for depth, bottleneck in ((20, False), (164, True))
    } | {
        f"preresnet{depth}": {
            "bottleneck": False, "parameters": sum(p.numel() for p in PreResNet(depth).parameters())
        }
        for depth in (56, 110)
    })
