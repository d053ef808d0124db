"""optimizers-more: RMSprop, Adagrad, NAdam, AMSGrad and Muon of torch.optim on the problems of make_optimizers.py; every one
also against a twin written from the formulas."""

import torch

import fixture
import formula
import optimizer_problems

ADAM_RATES = {"quadratic": 0.01, "rosenbrock": 0.02, "network": 0.01}
ADAGRAD_RATES = {"quadratic": 0.1, "rosenbrock": 0.1, "network": 0.1}
RMS_RATES = {"quadratic": 0.005, "rosenbrock": 0.002, "network": 0.003}
MUON_RATES = {"quadratic": 0.02, "rosenbrock": 0.04, "network": 0.02}


def config(optimizer: str, settings: dict[str, object], torch_options: dict[str, object], rates: dict[str, float]) -> dict:
    def text(value: object) -> str:
        return str(value).lower() if isinstance(value, bool) else str(value)

    return {"optimizer": optimizer, "settings": {k: text(v) for k, v in settings.items()}, "torch": torch_options,
            "rates": rates}


CONFIGS = {
    "rmsprop": config("rmsprop", {}, {}, ADAM_RATES),
    "rmsprop-momentum": config(
        "rmsprop", {"alpha": 0.9, "momentum": 0.9, "weightDecay": 0.01, "epsilon": 1e-6},
        {"alpha": 0.9, "momentum": 0.9, "weight_decay": 0.01, "eps": 1e-6}, RMS_RATES),
    "rmsprop-centered": config(
        "rmsprop", {"alpha": 0.95, "centered": True, "epsilon": 1e-3},
        {"alpha": 0.95, "centered": True, "eps": 1e-3}, RMS_RATES),
    "rmsprop-centered-momentum": config(
        "rmsprop", {"centered": True, "momentum": 0.5, "epsilon": 1e-3},
        {"centered": True, "momentum": 0.5, "eps": 1e-3}, RMS_RATES),
    "adagrad": config("adagrad", {}, {}, ADAGRAD_RATES),
    "adagrad-options": config(
        "adagrad", {"lrDecay": 0.05, "initialAccumulator": 0.5, "weightDecay": 0.01, "epsilon": 1e-4},
        {"lr_decay": 0.05, "initial_accumulator_value": 0.5, "weight_decay": 0.01, "eps": 1e-4}, ADAGRAD_RATES),
    "nadam": config("nadam", {}, {}, ADAM_RATES),
    "nadam-decay": config(
        "nadam", {"beta1": 0.8, "beta2": 0.95, "epsilon": 1e-6, "momentumDecay": 0.02, "weightDecay": 0.05},
        {"betas": (0.8, 0.95), "eps": 1e-6, "momentum_decay": 0.02, "weight_decay": 0.05}, ADAM_RATES),
    "nadam-decoupled": config(
        "nadam", {"weightDecay": 0.5, "decoupled": True}, {"weight_decay": 0.5, "decoupled_weight_decay": True}, ADAM_RATES),
    "adam-amsgrad": config(
        "adam", {"amsgrad": True, "beta2": 0.9}, {"amsgrad": True, "betas": (0.9, 0.9), "weight_decay": 0.0}, ADAM_RATES),
    "adamw-amsgrad": config(
        "adamw", {"amsgrad": True, "beta2": 0.9, "weightDecay": 0.5},
        {"amsgrad": True, "betas": (0.9, 0.9), "weight_decay": 0.5}, ADAM_RATES),
    "muon": config("muon", {"adamLearningRate": 0.5}, {"part": 0.5, "betas": (0.9, 0.95)}, MUON_RATES),
    "muon-options": config(
        "muon", {"momentum": 0.9, "nesterov": False, "weightDecay": 0.5, "newtonSchulzSteps": 4,
                 "adjust": "match-rms-adamw", "adamLearningRate": 0.25, "beta1": 0.8, "beta2": 0.9, "epsilon": 1e-6},
        {"momentum": 0.9, "nesterov": False, "weight_decay": 0.5, "ns_steps": 4, "adjust_lr_fn": "match_rms_adamw",
         "part": 0.25, "betas": (0.8, 0.9), "eps": 1e-6}, MUON_RATES),
}


def orthogonalized(u: torch.Tensor, coefficients: tuple[float, float, float], steps: int, epsilon: float) -> torch.Tensor:
    """PyTorch's iteration, but in the type of `u`: bfloat16 rounds differently from one processor to the next."""
    a, b, c = coefficients
    x = u / u.norm().clamp(min=epsilon)
    for _ in range(steps):
        gram = x @ x.T
        x = a * x + b * gram @ x + c * gram @ gram @ x
    return x


class MuonWithAdamW:
    def __init__(self, config: dict, rate: float, weights: dict[str, torch.Tensor]):
        options = dict(config["torch"])
        adam = {"lr": rate * options.pop("part"), "betas": options.pop("betas"), "eps": options.pop("eps", 1e-8),
                "weight_decay": options.get("weight_decay", 0.1)}
        matrices = [w for w in weights.values() if w.ndim == 2]
        others = [w for w in weights.values() if w.ndim != 2]
        self.parts = [torch.optim.Muon(matrices, lr=rate, **options)] if matrices else []
        self.parts += [torch.optim.AdamW(others, **adam)] if others else []

    def step(self) -> None:
        for part in self.parts:
            part.step()


KINDS = {"rmsprop": torch.optim.RMSprop, "adagrad": torch.optim.Adagrad, "nadam": torch.optim.NAdam,
         "adam": torch.optim.Adam, "adamw": torch.optim.AdamW}


def make(config: dict, rate: float, weights: dict[str, torch.Tensor]) -> object:
    if config["optimizer"] == "muon":
        return MuonWithAdamW(config, rate, weights)
    return KINDS[config["optimizer"]](list(weights.values()), lr=rate, **config["torch"])


def adam_twin(o: dict, rate: float, step: int, w: torch.Tensor, g: torch.Tensor, s: dict, decoupled: bool) -> torch.Tensor:
    (b1, b2), decay = o.get("betas", (0.9, 0.999)), o.get("weight_decay", 0.0)
    w, g = (w * (1 - rate * decay), g) if decoupled else (w, g + decay * w)
    s["m"] = b1 * s.get("m", 0) + (1 - b1) * g
    s["v"] = b2 * s.get("v", 0) + (1 - b2) * g * g
    s["top"] = torch.maximum(s.get("top", s["v"]), s["v"]) if o.get("amsgrad") else s["v"]
    return w - rate * s["m"] / (1 - b1**step) / ((s["top"] / (1 - b2**step)).sqrt() + o.get("eps", 1e-8))


def twin(config: dict, rate: float, step: int, w: torch.Tensor, g: torch.Tensor, s: dict) -> torch.Tensor:
    """One step by the formulas; `step` counts from 1. Returns the new weights."""
    o, kind = config["torch"], config["optimizer"]
    decay, eps = o.get("weight_decay", 0.0), o.get("eps", 1e-8)
    if kind == "muon":
        decay = o.get("weight_decay", 0.1)
        if w.ndim != 2:
            return adam_twin(o | {"weight_decay": decay}, rate * o["part"], step, w, g, s, True)
        mu = o.get("momentum", 0.95)
        s["m"] = mu * s.get("m", 0) + (1 - mu) * g
        u = (1 - mu) * g + mu * s["m"] if o.get("nesterov", True) else s["m"]
        rows, columns = w.shape
        factor = 0.2 * max(rows, columns) ** 0.5 if "adjust_lr_fn" in o else max(1, rows / columns) ** 0.5
        return w * (1 - rate * decay) - rate * factor * orthogonalized(u, (3.4445, -4.775, 2.0315), o.get("ns_steps", 5), 1e-7)
    if kind in ("adam", "adamw"):
        return adam_twin(o, rate, step, w, g, s, kind == "adamw")
    if kind == "rmsprop":
        alpha, mu, g = o.get("alpha", 0.99), o.get("momentum", 0.0), g + decay * w
        s["v"] = alpha * s.get("v", 0) + (1 - alpha) * g * g
        s["m"] = alpha * s.get("m", 0) + (1 - alpha) * g
        v = s["v"] - s["m"] ** 2 if o.get("centered") else s["v"]
        s["b"] = mu * s.get("b", 0) + g / (v.sqrt() + eps)
        return w - rate * s["b"]
    if kind == "adagrad":
        g = g + decay * w
        s["v"] = s.get("v", o.get("initial_accumulator_value", 0.0)) + g * g
        return w - rate / (1 + (step - 1) * o.get("lr_decay", 0.0)) * g / (s["v"].sqrt() + o.get("eps", 1e-10))
    b1, b2 = o.get("betas", (0.9, 0.999))
    w, g = (w * (1 - rate * decay), g) if o.get("decoupled_weight_decay") else (w, g + decay * w)
    s["m"] = b1 * s.get("m", 0) + (1 - b1) * g
    s["v"] = b2 * s.get("v", 0) + (1 - b2) * g * g
    now, following = (b1 * (1 - 0.5 * 0.96 ** (t * o.get("momentum_decay", 4e-3))) for t in (step, step + 1))
    s["p"] = s.get("p", 1.0) * now
    mean = following * s["m"] / (1 - s["p"] * following) + (1 - now) * g / (1 - s["p"])
    return w - rate * mean / ((s["v"] / (1 - b2**step)).sqrt() + eps)


if __name__ == "__main__":
    # The iteration here is PyTorch's but for the type, whose rounding grows with the steps.
    theirs = torch.optim._muon._zeropower_via_newtonschulz
    for shape in ((5, 9), (9, 5)):
        for steps, bound in ((1, 0.01), (5, 0.06)):
            arguments = (formula.values("muon", shape), (3.4445, -4.775, 2.0315), steps, 1e-7)
            assert fixture.relative_error(theirs(*arguments), orthogonalized(*arguments)) < bound
    torch.optim._muon._zeropower_via_newtonschulz = orthogonalized
    optimizer_problems.write("optimizers-more", CONFIGS, make, twin)
