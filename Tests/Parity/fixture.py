"""What all generators share: running a model once in float64 as the reference, measuring how far PyTorch's own float32
is from it, and writing (or, with --check, comparing) fixture files."""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import torch
from torch.nn import functional as F

import tensor_file

FOLDER = Path(__file__).parent / "Fixtures"
FULL_LIMIT = 4096
SAMPLES = 256

torch.set_num_threads(int(os.environ.get("PARITY_THREADS", "2")))
torch.use_deterministic_algorithms(True)


def relative_error(actual: torch.Tensor, expected: torch.Tensor) -> float:
    """max |actual - expected| / max |expected|: the measure of every parity test."""
    expected = expected.double()
    largest = expected.abs().max().item()
    difference = (actual.double() - expected).abs().max().item()
    return difference / largest if largest > 0 else difference


def reference(
    run: Callable[..., dict[str, torch.Tensor]], bound: float, variants: list[dict] = [{}], describe: str = ""
) -> tuple[dict[str, torch.Tensor], list[str]]:
    """Runs `run(dtype=float64)` as the truth and `run(dtype=float32, **variant)` for every variant, asserts that float32
    stays within `bound`, and returns the truth in float32 with the names of the gradients that vanish mathematically
    (a convolution's bias before batch normalization, attention's key bias): there only rounding noise is left to compare."""
    truth = run(dtype=torch.float64)
    largest = max((t.abs().max().item() for n, t in truth.items() if n.startswith("grad.")), default=0.0)
    vanishing = []
    for name, tensor in truth.items():
        if not name.startswith("grad."):
            continue
        size = tensor.abs().max().item()
        if size < 1e-10 * largest:
            vanishing.append(name.removeprefix("grad."))
        else:
            assert size > 1e-5 * largest, f"{name} is too small to test anything: {size} of {largest}"
    worst, where = 0.0, ""
    for variant in variants:
        for name, tensor in run(dtype=torch.float32, **variant).items():
            if name.removeprefix("grad.") in vanishing and name.startswith("grad."):
                assert tensor.abs().max().item() < 1e-5 * largest, name
                continue
            error = relative_error(tensor, truth[name])
            if error > worst:
                worst, where = error, f"{name} {variant}"
    print(f"{describe}: float32 within {worst:.2g} of float64 ({where}); vanishing gradients: {len(vanishing)}")
    assert worst < bound, f"badly conditioned fixture: {worst} at {where}"
    return {n: t.float() if t.is_floating_point() else t for n, t in truth.items()}, vanishing


def kink_margin(run: Callable[[], object]) -> float:
    """The smallest distance of any ReLU input from 0, and of any max-pooling window's two largest positive values from each
    other, each relative to its layer's standard deviation, while `run` runs. Rounding may push an input closer than a few
    1e-7 over the kink, and then gradients differ by per cents between two correct programs: inputs are so chosen
    (`choose_input.py`) that the margin is wide."""
    smallest = [float("inf")]
    relu, max_pool = F.relu, F.max_pool2d

    def watched_relu(x: torch.Tensor) -> torch.Tensor:
        z = x.detach()
        smallest[0] = min(smallest[0], (z.abs().min() / z.std()).item())
        return relu(x)

    def watched_pool(x: torch.Tensor, size: int) -> torch.Tensor:
        windows = x.detach().unfold(2, size, size).unfold(3, size, size).flatten(-2)
        top = windows.topk(2, dim=-1).values
        gaps = (top[..., 0] - top[..., 1])[top[..., 0] > 0]
        smallest[0] = min(smallest[0], (gaps.min() / x.detach().std()).item())
        return max_pool(x, size)

    F.relu, F.max_pool2d = watched_relu, watched_pool
    try:
        run()
    finally:
        F.relu, F.max_pool2d = relu, max_pool
    return smallest[0]


def summarized(tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Replaces every gradient of more than 4096 elements by NAME.summary (float64 [2]: sum, L2 norm) and NAME.sample
    (float32 [256]: elements i * (numel div 256))."""
    out = {}
    for name, tensor in tensors.items():
        if not name.startswith("grad.") or tensor.numel() <= FULL_LIMIT:
            out[name] = tensor
            continue
        flat = tensor.reshape(-1)
        out[name + ".summary"] = torch.stack([flat.double().sum(), flat.double().norm()])
        stride = flat.numel() // SAMPLES
        out[name + ".sample"] = flat[torch.arange(SAMPLES) * stride].clone()
    return out


def write(name: str, tensors: dict[str, torch.Tensor], metadata: dict[str, object]) -> None:
    for key, tensor in tensors.items():
        assert torch.isfinite(tensor.double()).all(), key
    path = FOLDER / f"{name}.safetensors"
    text = {key: value if isinstance(value, str) else json.dumps(value) for key, value in metadata.items()}
    data = tensor_file.encode(tensors, text)
    if "--check" in sys.argv:
        stored, stored_text = tensor_file.read(path)
        assert stored_text == text, f"{path}: metadata differ"
        assert stored.keys() == tensors.keys(), f"{path}: names differ: {stored.keys() ^ tensors.keys()}"
        vanishing = json.loads(text.get("vanishing", "[]"))
        for key, tensor in tensors.items():
            assert stored[key].shape == tensor.shape and stored[key].dtype == tensor.dtype, f"{path}: {key}: shape or type"
            if key.removeprefix("grad.").removesuffix(".summary").removesuffix(".sample") not in vanishing:
                assert relative_error(tensor, stored[key]) < 1e-5, f"{path}: {key}: values"
        print(f"{path.name}: as stored")
        return
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)
    again, _ = tensor_file.read(path)
    assert all(torch.equal(again[key], tensor) for key, tensor in tensors.items()) and len(again) == len(tensors)
    print(f"{path.name}: {len(tensors)} tensors, {len(data)} bytes")


def write_json(name: str, document: object) -> None:
    path = FOLDER / f"{name}.json"
    text = json.dumps(document, indent=1) + "\n"
    if "--check" in sys.argv:
        assert json.loads(path.read_text()) == json.loads(text), f"{path}: differs"
        print(f"{path.name}: as stored")
        return
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    print(f"{path.name}: {len(text)} bytes")
