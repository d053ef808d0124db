"""optimizers: SGD, Adam and AdamW of torch.optim on three problems, 100 steps, in float32 and float64; every one also
against a twin written from the formulas."""

from collections.abc import Callable

import torch
from torch.nn import functional as F

import fixture
import formula

KEPT = (1, 10, 100)
Weights = dict[str, torch.Tensor]


def quadratic_start(dtype: torch.dtype) -> Weights:
    return {"w": formula.values("quadratic.w", (8,), 2.0).to(dtype)}


def quadratic_gradient(weights: Weights) -> Weights:
    """a * (w - c), a_i = 0.5 + 0.25 i, c = u("quadratic.c", i)."""
    w = weights["w"]
    a = (0.5 + 0.25 * torch.arange(8, dtype=torch.float64)).to(w.dtype)
    return {"w": a * (w - formula.values("quadratic.c", (8,)).to(w.dtype))}


def rosenbrock_start(dtype: torch.dtype) -> Weights:
    return {"w": torch.tensor([-1.25, 1.0], dtype=dtype)}


def rosenbrock_gradient(weights: Weights) -> Weights:
    """Of (1 - x)^2 + 100 (y - x^2)^2."""
    x, y = weights["w"]
    d = y - x * x
    return {"w": torch.stack([-2 * (1 - x) - 400 * x * d, 200 * d])}


NETWORK = {"0.weight": (8, 4), "0.bias": (8,), "2.weight": (3, 8), "2.bias": (3,)}


def network_start(dtype: torch.dtype) -> Weights:
    return {name: formula.parameter(f"network.{name}", shape, 1.5).to(dtype) for name, shape in NETWORK.items()}


def network_gradient(weights: Weights) -> Weights:
    """Mean cross-entropy of Linear(4, 8), ReLU, Linear(8, 3) on six examples."""
    leaves = {name: w.detach().clone().requires_grad_() for name, w in weights.items()}
    x = formula.values("network.input", (6, 4)).to(weights["0.bias"].dtype)
    hidden = F.relu(F.linear(x, leaves["0.weight"], leaves["0.bias"]))
    loss = F.cross_entropy(F.linear(hidden, leaves["2.weight"], leaves["2.bias"]), formula.labels(6, 3))
    return dict(zip(leaves, torch.autograd.grad(loss, list(leaves.values()))))


PROBLEMS: dict[str, tuple[Callable, Callable, float, float]] = {  # start, gradient, rate of SGD, rate of Adam
    "quadratic": (quadratic_start, quadratic_gradient, 0.05, 0.01),
    "rosenbrock": (rosenbrock_start, rosenbrock_gradient, 0.0002, 0.02),
    "network": (network_start, network_gradient, 0.1, 0.01),
}

CONFIGS: dict[str, dict[str, object]] = {
    "sgd": {"kind": "sgd"},
    "sgd-decay": {"kind": "sgd", "weight_decay": 0.01},
    "sgd-momentum": {"kind": "sgd", "momentum": 0.9},
    "sgd-momentum-decay": {"kind": "sgd", "momentum": 0.9, "weight_decay": 0.01},
    "sgd-nesterov": {"kind": "sgd", "momentum": 0.9, "nesterov": True},
    "sgd-nesterov-decay": {"kind": "sgd", "momentum": 0.9, "nesterov": True, "weight_decay": 0.01},
    "adam": {"kind": "adam"},
    "adam-decay": {"kind": "adam", "weight_decay": 0.01},
    "adam-betas": {"kind": "adam", "betas": (0.8, 0.95), "eps": 1e-6},
    "adamw": {"kind": "adamw", "weight_decay": 0.01},
    "adamw-decay-strong": {"kind": "adamw", "weight_decay": 0.5},
}


def twin_step(config: dict, lr: float, step: int, w: torch.Tensor, g: torch.Tensor, state: dict) -> torch.Tensor:
    """One step by the formulas; `step` counts from 1. Returns the new weights."""
    decay = config.get("weight_decay", 0.0)
    if config["kind"] == "sgd":
        g = g + decay * w
        momentum = config.get("momentum", 0.0)
        if momentum:
            state["v"] = g if step == 1 else momentum * state["v"] + g
            g = g + momentum * state["v"] if config.get("nesterov") else state["v"]
        return w - lr * g
    b1, b2 = config.get("betas", (0.9, 0.999))
    if config["kind"] == "adamw":
        w = w * (1 - lr * decay)
    else:
        g = g + decay * w
    state["m"] = b1 * state.get("m", 0) + (1 - b1) * g
    state["v"] = b2 * state.get("v", 0) + (1 - b2) * g * g
    m, v = state["m"] / (1 - b1**step), state["v"] / (1 - b2**step)
    return w - lr * m / (v.sqrt() + config.get("eps", 1e-8))


def run_torch(problem: str, config: dict, dtype: torch.dtype) -> dict[int, Weights]:
    start, gradient, sgd_rate, adam_rate = PROBLEMS[problem]
    options = {key: value for key, value in config.items() if key != "kind"}
    weights = {name: torch.nn.Parameter(w) for name, w in start(dtype).items()}
    kind = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam, "adamw": torch.optim.AdamW}[config["kind"]]
    rate = sgd_rate if config["kind"] == "sgd" else adam_rate
    optimizer = kind(list(weights.values()), lr=rate, **options)
    kept = {}
    for step in range(1, KEPT[-1] + 1):
        gradients = gradient({name: w.detach() for name, w in weights.items()})
        for name, w in weights.items():
            w.grad = gradients[name]
        optimizer.step()
        if step in KEPT:
            kept[step] = {name: w.detach().clone() for name, w in weights.items()}
    return kept


def run_twin(problem: str, config: dict, dtype: torch.dtype) -> dict[int, Weights]:
    start, gradient, sgd_rate, adam_rate = PROBLEMS[problem]
    weights, states, kept = start(dtype), {}, {}
    rate = sgd_rate if config["kind"] == "sgd" else adam_rate
    for step in range(1, KEPT[-1] + 1):
        gradients = gradient(weights)
        weights = {name: twin_step(config, rate, step, w, gradients[name], states.setdefault(name, {}))
                   for name, w in weights.items()}
        if step in KEPT:
            kept[step] = weights
    return kept


def check_gradients() -> None:
    for problem, loss in (
        ("quadratic", lambda w: 0.5 * ((0.5 + 0.25 * torch.arange(8).double())
                                       * (w - formula.values("quadratic.c", (8,)).double()) ** 2).sum()),
        ("rosenbrock", lambda w: (1 - w[0]) ** 2 + 100 * (w[1] - w[0] ** 2) ** 2),
    ):
        start, gradient, _, _ = PROBLEMS[problem]
        w = start(torch.float64)["w"].requires_grad_()
        (expected,) = torch.autograd.grad(loss(w), w)
        assert fixture.relative_error(gradient({"w": w.detach()})["w"], expected) < 1e-14


if __name__ == "__main__":
    check_gradients()
    tensors, worst = {}, 0.0
    for problem, (start, _, _, _) in PROBLEMS.items():
        for dtype, short in ((torch.float32, "f32"), (torch.float64, "f64")):
            tensors |= {f"{problem}.{short}.initial.{n}": w for n, w in start(dtype).items()}
        for name, config in CONFIGS.items():
            kept = {short: run_torch(problem, config, dtype)
                    for dtype, short in ((torch.float32, "f32"), (torch.float64, "f64"))}
            twin = run_twin(problem, config, torch.float64)
            for step in KEPT:
                for n, w in kept["f64"][step].items():
                    assert fixture.relative_error(twin[step][n], w) < 1e-10, (problem, name, step, n)
                    error = fixture.relative_error(kept["f32"][step][n], w)
                    assert error < 5e-6, (problem, name, step, n, error)
                    worst = max(worst, error)
                for short in kept:
                    tensors |= {f"{problem}.{name}.{short}.step{step}.{n}": w for n, w in kept[short][step].items()}
    # Every configuration must be told apart from every other one.
    for problem in PROBLEMS:
        first = next(iter(PROBLEMS[problem][0](torch.float64)))
        ends = [tensors[f"{problem}.{name}.f64.step100.{first}"] for name in CONFIGS]
        assert all(fixture.relative_error(a, b) > 1e-4 for i, a in enumerate(ends) for b in ends[:i]), problem
    print(f"float32 within {worst:.2g} of float64")
    fixture.write("optimizers", tensors, {
        "configurations": CONFIGS,
        "problems": {name: {"sgd_lr": sgd, "adam_lr": adam} for name, (_, _, sgd, adam) in PROBLEMS.items()},
        "steps": KEPT,
    })
