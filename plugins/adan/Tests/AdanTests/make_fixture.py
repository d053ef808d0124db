"""Writes adan.safetensors: 60 steps of Adan on a small network, computed from the paper's formulas by torch's tensor operations.

    python make_fixture.py [--check-timm]

The problem: logits tanh(x W1^T + b1) W2^T + b2, mean cross entropy, all examples in every step; `start/NAME`, `input`, `target`. For
each configuration `CONFIGURATION/after/NAME` the weights after the last step, `CONFIGURATION/losses` the loss before each; its options
are in the metadata. Everything in float64. --check-timm compares the formulas with timm's Adan, too.
"""

import json
import sys
from pathlib import Path

import torch
from safetensors.torch import save_file

STEPS = 60
CONFIGURATIONS = {
    "default": {"lr": 0.02},
    "decay": {"lr": 0.02, "weightDecay": 0.1},
    "betas": {"lr": 0.05, "beta1": 0.9, "beta2": 0.5, "beta3": 0.95, "epsilon": 1e-4, "weightDecay": 0.02},
}

torch.manual_seed(12)
start = {"w1": torch.randn(5, 3) * 0.5, "b1": torch.randn(5) * 0.1, "w2": torch.randn(4, 5) * 0.5, "b2": torch.zeros(4)}
start = {name: value.double() for name, value in start.items()}
inputs, targets = torch.randn(16, 3).double(), torch.randint(0, 4, (16,))


def loss_of(w):
    hidden = torch.tanh(inputs @ w["w1"].T + w["b1"])
    return torch.nn.functional.cross_entropy(hidden @ w["w2"].T + w["b2"], targets)


def adan(options):
    """Algorithm 1, with the corrections of the authors' program."""
    beta1, beta2, beta3 = options.get("beta1", 0.98), options.get("beta2", 0.92), options.get("beta3", 0.99)
    epsilon, decay, rate = options.get("epsilon", 1e-8), options.get("weightDecay", 0.0), options["lr"]
    weights = {name: value.clone().requires_grad_() for name, value in start.items()}
    memory = {name: [torch.zeros_like(value) for _ in range(3)] + [None] for name, value in start.items()}
    losses = []
    for t in range(1, STEPS + 1):
        loss = loss_of(weights)
        losses.append(loss.item())
        gradients = torch.autograd.grad(loss, list(weights.values()))
        with torch.no_grad():
            for (name, w), g in zip(weights.items(), gradients):
                m, v, n, previous = memory[name]
                d = torch.zeros_like(g) if previous is None else g - previous
                m = beta1 * m + (1 - beta1) * g
                v = beta2 * v + (1 - beta2) * d
                n = beta3 * n + (1 - beta3) * (g + beta2 * d) ** 2
                memory[name] = [m, v, n, g]
                step = m / (1 - beta1**t) + beta2 * v / (1 - beta2**t)
                w.copy_((w - rate * step / ((n / (1 - beta3**t)).sqrt() + epsilon)) / (1 + rate * decay))
    return {name: w.detach() for name, w in weights.items()}, losses


def timm_adan(options):
    from timm.optim import Adan

    weights = {name: value.clone().requires_grad_() for name, value in start.items()}
    betas = (options.get("beta1", 0.98), options.get("beta2", 0.92), options.get("beta3", 0.99))
    optimizer = Adan(
        weights.values(), lr=options["lr"], betas=betas, eps=options.get("epsilon", 1e-8),
        weight_decay=options.get("weightDecay", 0.0), foreach=False)
    for _ in range(STEPS):
        optimizer.zero_grad()
        loss_of(weights).backward()
        optimizer.step()
    return {name: w.detach() for name, w in weights.items()}


out = {f"start/{name}": value for name, value in start.items()} | {"input": inputs, "target": targets}
for name, options in CONFIGURATIONS.items():
    after, losses = adan(options)
    out |= {f"{name}/after/{key}": value for key, value in after.items()}
    out[f"{name}/losses"] = torch.tensor(losses, dtype=torch.float64)
    if "--check-timm" in sys.argv:
        for key, value in timm_adan(options).items():
            torch.testing.assert_close(after[key], value, rtol=1e-6, atol=1e-9)
        print(f"{name}: as timm's Adan")
save_file(out, Path(__file__).parent / "adan.safetensors", metadata={"configurations": json.dumps(CONFIGURATIONS)})
