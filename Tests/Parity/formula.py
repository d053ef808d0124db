"""Numbers that Python and Swift compute exactly alike, so that no fixture has to store 15 million weights.

    h           = mix32((i * 2654435761 + fnv1a32(P)) mod 2^32)
    u(P, i)     = h / 2^31 - 1                                                  in [-1, 1), exact in float64
    weight      = float32(scale * u)   scale = sqrt(3 / fan_in) * gain          tensors of two and more dimensions
    bias        = float32(0.1 * u)                                              1-D tensors named *.bias
    norm weight = float32(1 + 0.1 * u)                                          1-D tensors named *.weight

P is the tensor's path as UTF-8, i its row-major (C order) element index, fan_in the product of all dimensions but the
first. mix32 is the finalizer of MurmurHash3: without it neighbouring weights form a regular pattern, sums over them cancel,
and float32 has no digits left to compare. Everything is computed in float64, one operation at a time in the order written (`sqrt(3 / fan_in)` first, then
`* gain`, then `* u`), and rounded once to float32 (round to nearest even).
"""

import math

import numpy as np
import torch

MULTIPLIER = 2654435761
MASK = np.uint64(0xFFFFFFFF)


def fnv1a32(text: str) -> int:
    digest = 2166136261
    for byte in text.encode("utf-8"):
        digest = ((digest ^ byte) * 16777619) & 0xFFFFFFFF
    return digest


def mix32(h: np.ndarray) -> np.ndarray:
    h = h ^ (h >> np.uint64(16))
    h = (h * np.uint64(0x85EBCA6B)) & MASK
    h = h ^ (h >> np.uint64(13))
    h = (h * np.uint64(0xC2B2AE35)) & MASK
    return h ^ (h >> np.uint64(16))


def unit(path: str, count: int) -> np.ndarray:
    """u(path, 0) ... u(path, count - 1) as float64 [count]."""
    index = np.arange(count, dtype=np.uint64)
    hashed = (index * np.uint64(MULTIPLIER) + np.uint64(fnv1a32(path))) & MASK
    return mix32(hashed).astype(np.float64) / 2147483648.0 - 1.0


def values(path: str, shape: tuple[int, ...], scale: float = 1.0) -> torch.Tensor:
    """float32(scale * u) in `shape`: what inputs are made with."""
    array = (scale * unit(path, math.prod(shape))).astype(np.float32)
    return torch.from_numpy(array.reshape(shape))


def pictures(path: str, count: int, side: int = 32) -> torch.Tensor:
    """[count, 3, side, side]: float32(0.5 * u(path, i) + u(path + ".mean", n * 3 + c)). The offset per picture and channel
    keeps pictures apart after the network's average pooling."""
    noise = 0.5 * unit(path, count * 3 * side * side).reshape(count, 3, side, side)
    mean = unit(path + ".mean", count * 3).reshape(count, 3, 1, 1)
    return torch.from_numpy((noise + mean).astype(np.float32))


def parameter(path: str, shape: tuple[int, ...], gain: float = 1.0) -> torch.Tensor:
    """The value of the parameter at `path`, by the rules above."""
    if len(shape) >= 2:
        return values(path, shape, math.sqrt(3.0 / math.prod(shape[1:])) * gain)
    if path.endswith("bias"):
        return values(path, shape, 0.1)
    return torch.from_numpy((1.0 + 0.1 * unit(path, math.prod(shape))).astype(np.float32).reshape(shape))


def fill(module: torch.nn.Module, gain: float = 1.0) -> None:
    """Fills every parameter of `module` by its state_dict path. Running statistics keep their start: mean 0, variance 1."""
    with torch.no_grad():
        for path, tensor in module.named_parameters():
            tensor.copy_(parameter(path, tuple(tensor.shape), gain))


def labels(count: int, classes: int) -> torch.Tensor:
    """(7 i + i div 3 + 3) mod classes, int64 [count]."""
    index = torch.arange(count)
    return (7 * index + index // 3 + 3) % classes
