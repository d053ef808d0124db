"""vision-models: every network for pictures, narrow, over 20 steps of SGD; vision-names.json: parameter counts and a digest of
all names and shapes of the published networks."""

import sys

import torch
from torch.nn import functional as F

import fixture
import formula
import vision_models
from preresnet_model import PreResNet
from published_models import create_model, models

COUNT, STEPS, GAIN = 4, 20, 1.4
# The greatest is taken at which float64 itself ends the same in both layouts: deep networks normalized by few examples make so much
# of rounding that large steps tear the paths apart.
RATES = (0.01, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9)
# Of float64 over all steps, and of float32 in the first.
TOLERANCE, FLOAT32_TOLERANCE = 1e-6, 1e-4
# Gradients below this part of the model's largest are zero mathematically (of a bias before batch normalization): what is left
# of them is rounding, which is compared with the largest.
VANISHING = 1e-9


def digest(path: str, tensor: torch.Tensor) -> torch.Tensor:
    """[3]: the L2 norm and the products with two pseudo-random vectors, so that an error anywhere shows."""
    flat = tensor.detach().double().reshape(-1)
    probes = [torch.from_numpy(formula.unit(f"{path}.probe{k}", flat.numel())) for k in (1, 2)]
    return torch.stack([flat.norm()] + [flat @ probe for probe in probes])


def table(tensors: dict[str, torch.Tensor]) -> torch.Tensor:
    """A row of digests for each tensor, in the order of the paths' bytes."""
    return torch.stack([digest(path, tensors[path]) for path in sorted(tensors)])


def run(
    case: dict, path: str, dtype: torch.dtype = torch.float64, layout=torch.contiguous_format, rate: float = 0, steps: int = 1
) -> dict[str, torch.Tensor]:
    model = case["build"]()
    formula.fill(model, GAIN)
    model.to(dtype).to(memory_format=layout).train()
    x = formula.pictures(path, COUNT, case["side"]).to(dtype).to(memory_format=layout)
    labels = formula.labels(COUNT, vision_models.CLASSES)
    parameters = dict(model.named_parameters())
    statistics = {n: b for n, b in model.named_buffers() if n.endswith(("running_mean", "running_var"))}
    optimizer = torch.optim.SGD(model.parameters(), rate)
    out, losses = {}, []
    for step in range(steps):
        logits = model(x)
        loss = F.cross_entropy(logits, labels)
        optimizer.zero_grad()
        loss.backward()
        if step == 0:
            out["logits"] = logits.detach().clone()
            out["gradients"] = table({name: p.grad for name, p in parameters.items()})
        losses.append(loss.detach())
        optimizer.step()
    out["losses"] = torch.stack(losses)
    out["trained"] = table(parameters | statistics)
    with torch.no_grad():
        out["evaluation"] = model.eval()(x)
    return out


def run_fixed(
    case: dict, path: str, dtype: torch.dtype = torch.float64, layout=torch.contiguous_format
) -> dict[str, torch.Tensor]:
    """One small picture in evaluation mode, where nothing makes much of rounding, and the gradients of a weighted sum of the
    logits."""
    model = case["build"]()
    formula.fill(model, GAIN)
    model.to(dtype).to(memory_format=layout).eval()
    x = formula.pictures(path, 1, case["least"]).to(dtype).to(memory_format=layout)
    logits = model(x)
    (logits * formula.values("vision.weights", (1, vision_models.CLASSES)).to(dtype)).sum().backward()
    return {
        "fixed.logits": logits.detach(),
        "fixed.gradients": table({name: p.grad for name, p in model.named_parameters()}),
    }


def find_fixed(name: str, case: dict) -> tuple[str, dict[str, torch.Tensor]]:
    """The first picture for which float32 is well within the tolerance in both layouts."""
    for path in (f"vision.fixed.{number}" for number in range(40)):
        truth = run_fixed(case, path)
        worst = max(
            error(key, tensor.double(), truth[key]) for layout in (torch.channels_last, torch.contiguous_format)
            for key, tensor in run_fixed(case, path, torch.float32, layout).items()
        )
        if worst < FLOAT32_TOLERANCE / 4:
            print(f"{name} {path}: float32 within {worst:.2g} in evaluation mode")
            return path, truth
    raise AssertionError(f"{name}: no well-conditioned picture")


def error(key: str, actual: torch.Tensor, expected: torch.Tensor) -> float:
    if key.endswith(("gradients", "trained")):
        norms = expected[:, :1]
        return ((actual - expected).abs() / norms.where(norms > VANISHING * norms.max(), norms.max())).max().item()
    return fixture.relative_error(actual, expected)


def find(name: str, case: dict) -> tuple[str, list[str], float, dict[str, torch.Tensor]]:
    """An input, and what float32 is compared in: logits and gradients if for one of the first inputs PyTorch's own float32 is well
    within the tolerance in both layouts. Deep networks normalized by few examples are not: a ReLU's input that rounding moves
    over 0 changes their gradients by per cents. There float64 alone tells."""
    fits = []
    for path in (f"vision.{number}" for number in range(4)):
        truth = run(case, path)
        worst = {"logits": 0.0, "gradients": 0.0}
        for layout in (torch.channels_last, torch.contiguous_format):
            found = run(case, path, torch.float32, layout)
            for key in worst:
                worst[key] = max(worst[key], error(key, found[key].double(), truth[key]))
        print(f"{name} {path}: float32 within {worst}")
        fits.append((path, [key for key, value in worst.items() if value < FLOAT32_TOLERANCE / 3]))
        if len(fits[-1][1]) == 2:
            break
    path, good = max(fits, key=lambda fit: len(fit[1]))
    for rate in RATES:
        truth, other = (
            run(case, path, layout=layout, rate=rate, steps=STEPS) for layout in (torch.contiguous_format, torch.channels_last)
        )
        apart = max(error(key, other[key], truth[key]) for key in truth)
        print(f"{name} at {rate}: {apart:.2g} apart; loss {truth['losses'][0]:.3f} to {truth['losses'][-1]:.3f}")
        if apart < TOLERANCE / 100:
            return path, good, rate, truth
    raise AssertionError(f"{name}: no rate")


def names_digest(model: torch.nn.Module) -> str:
    """FNV-1a of all lines `path [extents]`, sorted, without counters."""
    lines = sorted(
        f"{path} {list(tensor.shape)}\n" for path, tensor in model.state_dict().items()
        if not path.endswith("num_batches_tracked")
    )
    return f"{formula.fnv1a32(''.join(lines)):08x}"


def published() -> dict[str, dict]:
    def entry(model: torch.nn.Module, shape: str, classes: int, **settings) -> dict:
        return {
            "shape": shape, "classes": classes, "settings": settings, "names": names_digest(model),
            "parameters": sum(p.numel() for p in model.parameters()),
        }

    large, small = "3x224x224", "3x32x32"
    found = {}
    with torch.device("meta"):
        for name in ("resnet18", "resnet34", "resnet50", "resnet101", "resnet152", "vgg11", "vgg13", "vgg16", "vgg19",
                     "vgg11_bn", "vgg13_bn", "vgg16_bn", "vgg19_bn", "densenet121", "densenet161", "densenet169",
                     "mobilenet_v2", "convnext_tiny"):
            basin = {"mobilenet_v2": "mobilenetv2"}.get(name, name.replace("_", "-"))
            found[basin] = entry(getattr(models, name)(), large, 1000)
        for size in ("tiny", "small"):
            found[f"vit-{size}"] = entry(create_model(f"vit_{size}_patch16_224"), large, 1000)
        for depth, widening in ((28, 10), (16, 4)):
            found[f"wrn{depth}-{widening}"] = entry(vision_models.WideResNet(depth, widening), small, 10)
        found["densenet-bc"] = entry(vision_models.densenet((16, 16, 16), 12, True, "norm_final"), small, 10)
        for depth in (8, 20, 56, 110, 164):
            found[f"preresnet{depth}"] = entry(PreResNet(depth, bottleneck=depth == 164), small, 10)
    # What the papers and packages say, so that the references above are not taken on trust.
    counts = {
        "resnet18": 11_689_512, "resnet34": 21_797_672, "resnet50": 25_557_032, "resnet101": 44_549_160,
        "resnet152": 60_192_808, "vgg11": 132_863_336, "vgg13": 133_047_848, "vgg16": 138_357_544, "vgg19": 143_667_240,
        "vgg16-bn": 138_365_992, "densenet121": 7_978_856, "densenet161": 28_681_000, "densenet169": 14_149_480,
        "mobilenetv2": 3_504_872, "convnext-tiny": 28_589_128, "vit-tiny": 5_717_416, "vit-small": 22_050_664,
        "wrn28-10": 36_479_194, "densenet-bc": 769_162,
    }
    for name, count in counts.items():
        assert found[name]["parameters"] == count, (name, found[name]["parameters"])
    return found


if __name__ == "__main__":
    fixture.write_json("vision-names", published())
    chosen = [a for a in sys.argv[1:] if not a.startswith("-")]
    tensors, metadata = {}, {}
    for name, case in vision_models.cases().items():
        if chosen and name not in chosen:
            continue
        path, float32, rate, found = find(name, case)
        fixed_path, fixed = find_fixed(name, case)
        found |= fixed
        tensors |= {f"{name}/{key}": tensor.double() if key == "losses" else tensor.float() for key, tensor in found.items()}
        metadata[name] = {
            "model": case["model"], "settings": case["settings"], "shape": [COUNT, 3, case["side"], case["side"]],
            "input": path, "float32": float32, "rate": rate, "fixedShape": [1, 3, case["least"], case["least"]], "fixedInput": fixed_path,
        }
    if not chosen:
        fixture.write("vision-models", tensors, {
            "cases": metadata, "gain": GAIN, "steps": STEPS, "float32Tolerance": FLOAT32_TOLERANCE,
            "tolerance": TOLERANCE, "vanishingBelow": VANISHING, "classes": vision_models.CLASSES,
        })
