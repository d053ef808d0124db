"""schedule-free: SGD and AdamW of the package `schedulefree` on the problems of make_optimizers.py, weights of training and
of evaluation; every one also against a twin written from the formulas of the paper, which keeps x, y and z apart."""

import copy

import schedulefree
import torch

import optimizer_problems

SGD_RATES = {"quadratic": 0.2, "rosenbrock": 0.0005, "network": 0.2}
ADAM_RATES = {"quadratic": 0.02, "rosenbrock": 0.02, "network": 0.02}

CONFIGS = {
    "sgd": {"optimizer": "schedule-free-sgd", "settings": {}, "package": {}, "rates": SGD_RATES},
    "sgd-options": {
        "optimizer": "schedule-free-sgd",
        "settings": {"momentum": "0.8", "weightDecay": "0.01", "warmupSteps": "10", "r": "1", "weightLrPower": "1"},
        "package": {"momentum": 0.8, "weight_decay": 0.01, "warmup_steps": 10, "r": 1.0, "weight_lr_power": 1.0},
        "rates": SGD_RATES},
    "adamw": {"optimizer": "schedule-free-adamw", "settings": {}, "package": {}, "rates": ADAM_RATES},
    "adamw-options": {
        "optimizer": "schedule-free-adamw",
        "settings": {"beta1": "0.85", "beta2": "0.95", "epsilon": "1e-06", "weightDecay": "0.05", "warmupSteps": "20",
                     "r": "0.5", "weightLrPower": "2"},
        "package": {"betas": (0.85, 0.95), "eps": 1e-6, "weight_decay": 0.05, "warmup_steps": 20, "r": 0.5},
        "rates": ADAM_RATES},
}


def make(config: dict, rate: float, weights: dict[str, torch.Tensor]) -> torch.optim.Optimizer:
    kind = schedulefree.SGDScheduleFree if config["optimizer"].endswith("sgd") else schedulefree.AdamWScheduleFree
    optimizer = kind(list(weights.values()), lr=rate, **config["package"])
    optimizer.train()
    return optimizer


def evaluated(weights: dict[str, torch.Tensor], optimizer: torch.optim.Optimizer) -> dict[str, torch.Tensor]:
    """Of a copy: the package rounds on the way there and back."""
    weights, optimizer = copy.deepcopy((weights, optimizer))
    optimizer.eval()
    return {name: w.detach() for name, w in weights.items()}


def twin(config: dict, rate: float, step: int, w: torch.Tensor, g: torch.Tensor, s: dict) -> torch.Tensor:
    o = config["package"]
    beta, b2 = o.get("betas", (o.get("momentum", 0.9), 0.999))
    s.setdefault("z", w)
    s.setdefault("x", w)
    if config["optimizer"].endswith("adamw"):
        s["v"] = b2 * s.get("v", 0) + (1 - b2) * g * g
        g = g / ((s["v"] / (1 - b2**step)).sqrt() + o.get("eps", 1e-8))
    g = g + o.get("weight_decay", 0.0) * w
    rate = rate * min(1.0, step / max(o.get("warmup_steps", 0), 1))
    weight = step ** o.get("r", 0.0) * rate ** o.get("weight_lr_power", 2.0)  # the rate never falls here
    s["sum"] = s.get("sum", 0.0) + weight
    c = weight / s["sum"]
    s["z"] = s["z"] - rate * g
    s["x"] = (1 - c) * s["x"] + c * s["z"]
    return (1 - beta) * s["z"] + beta * s["x"]


if __name__ == "__main__":
    optimizer_problems.write("schedule-free", CONFIGS, make, twin, evaluated)
