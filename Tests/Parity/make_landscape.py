"""Curvature and sharpness of a tiny network's loss: the full Hessian by torch.func and its eigenvalues, SAM's and ASAM's
sharpness, and a filter-normalized direction (Li et al. 2018). All in float64 from float32 inputs and weights."""

import math

import torch
from torch.func import functional_call, hessian

import fixture
from formula import labels, parameter, values

SHAPES = {"0.weight": (6, 4), "0.bias": (6,), "2.weight": (3, 6), "2.bias": (3,)}
EXAMPLES = 20
RADIUS, ADAPTIVE_RADIUS, STEPS = 0.2, 0.5, 4


class Network(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = torch.nn.Sequential(torch.nn.Linear(4, 6), torch.nn.Tanh(), torch.nn.Linear(6, 3))

    def forward(self, x):
        return self.layers(x)


def weights(dtype):
    return {name: torch.as_tensor(parameter("landscape." + name, shape, gain=1.5)).to(dtype) for name, shape in SHAPES.items()}


def flat(tensors):
    return torch.cat([tensors[name].reshape(-1) for name in SHAPES])


def unflat(vector):
    out, start = {}, 0
    for name, shape in SHAPES.items():
        out[name] = vector[start : start + math.prod(shape)].reshape(shape)
        start += math.prod(shape)
    return out


def run(dtype=torch.float64):
    network = Network().to(dtype)
    x = torch.as_tensor(values("landscape.input", (EXAMPLES, 4), 1.5)).to(dtype)
    y = torch.as_tensor(labels(EXAMPLES, 3))
    w = flat(weights(dtype))

    def loss(vector):
        named = {"layers." + name: tensor for name, tensor in unflat(vector).items()}
        return torch.nn.functional.cross_entropy(functional_call(network, named, x), y)

    gradient = torch.func.grad(loss)
    matrix = hessian(loss)(w)
    assert (matrix - matrix.T).abs().max() < 1e-5 * matrix.abs().max()
    vector = torch.as_tensor(values("landscape.vector", (w.numel(),), 1)).to(dtype)

    def ascent(radius, scale, steps):
        u, found = torch.zeros_like(w), []
        for _ in range(steps):
            s = scale * gradient(w + scale * u)
            u = u + 2 * radius / steps * s / s.norm()
            u = u * min(1.0, (radius / u.norm()).item())
            found.append(loss(w + scale * u) - loss(w))
        return torch.stack(found).max()

    # One step as the papers write it.
    g = gradient(w)
    sam = loss(w + RADIUS * g / g.norm()) - loss(w)
    t = w.abs()
    asam = loss(w + ADAPTIVE_RADIUS * t * t * g / (t * g).norm()) - loss(w)
    assert torch.allclose(sam, ascent(RADIUS, torch.ones_like(w), 1), rtol=1e-4)
    assert torch.allclose(asam, ascent(ADAPTIVE_RADIUS, t, 1), rtol=1e-4)

    out = {
        "loss": loss(w), "gradient": g, "eigenvalues": torch.linalg.eigvalsh(matrix), "trace": matrix.trace(),
        "vector": vector, "product": matrix @ vector, "sam": sam, "asam": asam,
        "sam.steps": ascent(RADIUS, torch.ones_like(w), STEPS), "asam.steps": ascent(ADAPTIVE_RADIUS, t, STEPS),
    }
    # A convolution beside the linear layers: filters are slices along the first axis.
    for name, shape in {**SHAPES, "conv.weight": (4, 2, 3, 3)}.items():
        weight = torch.as_tensor(parameter("landscape." + name, shape, gain=1.5)).to(dtype)
        raw = torch.as_tensor(values(f"landscape.direction.{name}", shape, 1)).to(dtype)
        out[f"weight.{name}"], out[f"raw.{name}"] = weight, raw
        if weight.dim() <= 1:
            out[f"filter.{name}"] = torch.zeros_like(raw)
            out[f"layer.{name}"] = torch.zeros_like(raw)
            continue
        out[f"filter.{name}"] = torch.stack([d * (v.norm() / (d.norm() + 1e-10)) for d, v in zip(raw, weight)])
        out[f"layer.{name}"] = raw * (weight.norm() / (raw.norm() + 1e-10))
    return out


if __name__ == "__main__":
    truth = run()
    for name, tensor in run(torch.float32).items():
        error = fixture.relative_error(tensor, truth[name]) if truth[name].abs().max() > 0 else 0
        assert error < 1e-4, (name, error)
    tensors = {name: t.float() if name.startswith(("weight.", "raw.")) or name == "vector" else t for name, t in truth.items()}
    tensors["input"] = torch.as_tensor(values("landscape.input", (EXAMPLES, 4), 1.5)).float()
    tensors["labels"] = torch.as_tensor(labels(EXAMPLES, 3))
    fixture.write(
        "landscape", tensors,
        {"radius": RADIUS, "adaptive_radius": ADAPTIVE_RADIUS, "steps": STEPS, "parameters": list(SHAPES)})
