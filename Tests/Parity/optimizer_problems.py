"""Running an optimizer of PyTorch on the problems of make_optimizers.py, and keeping what it gives."""

from collections.abc import Callable

import torch

import fixture
from make_optimizers import KEPT, PROBLEMS, Weights

TYPES = ((torch.float32, "f32"), (torch.float64, "f64"))


def run(problem: str, dtype: torch.dtype, make: Callable, evaluated: Callable | None = None) -> dict[str, torch.Tensor]:
    """Weights after the kept steps as `stepN.TENSOR`; `make(weights)` gives a function that steps from their gradients.
    `evaluated(stepper)` gives the weights to evaluate, kept as `stepN.x.TENSOR`."""
    start, gradient, _, _ = PROBLEMS[problem]
    torch.set_default_dtype(dtype)  # NAdam keeps a product in the default type
    weights = {name: torch.nn.Parameter(w) for name, w in start(dtype).items()}
    stepper, kept = make(weights), {}
    for step in range(1, KEPT[-1] + 1):
        gradients = gradient({name: w.detach() for name, w in weights.items()})
        for name, w in weights.items():
            w.grad = gradients[name].clone()
        stepper.step()
        if step in KEPT:
            kept |= {f"step{step}.{name}": w.detach().clone() for name, w in weights.items()}
            if evaluated:
                kept |= {f"step{step}.x.{name}": w for name, w in evaluated(weights, stepper).items()}
    torch.set_default_dtype(torch.float32)
    return kept


def run_twin(problem: str, step_from: Callable) -> dict[str, torch.Tensor]:
    """The same in float64 by `step_from(step, w, g, state)`, which gives the new weights of one tensor."""
    start, gradient, _, _ = PROBLEMS[problem]
    weights: Weights = start(torch.float64)
    states: dict[str, dict] = {name: {} for name in weights}
    kept = {}
    for step in range(1, KEPT[-1] + 1):
        gradients = gradient(weights)
        weights = {n: step_from(step, w, gradients[n], states[n]) for n, w in weights.items()}
        if step in KEPT:
            kept |= {f"step{step}.{name}": w for name, w in weights.items()}
            kept |= {f"step{step}.x.{name}": states[name]["x"] for name in weights if "x" in states[name]}
    return kept


def write(name: str, configurations: dict[str, dict], make: Callable, twin: Callable, evaluated: Callable | None = None) -> None:
    """`make(config, rate, weights)` and `twin(config, rate, step, w, g, state)` for every configuration and problem."""
    tensors, worst, worst_twin = {}, 0.0, 0.0
    for problem, (start, _, _, _) in PROBLEMS.items():
        ends = []
        for dtype, short in TYPES:
            tensors |= {f"{problem}.{short}.initial.{n}": w for n, w in start(dtype).items()}
        for label, config in configurations.items():
            rate = config["rates"][problem]
            kept = {short: run(problem, dtype, lambda w: make(config, rate, w), evaluated) for dtype, short in TYPES}
            expected = run_twin(problem, lambda *arguments: twin(config, rate, *arguments))
            assert expected.keys() == kept["f64"].keys(), (label, problem)
            for key, tensor in kept["f64"].items():
                error = fixture.relative_error(expected[key], tensor)
                assert error < 1e-9, (problem, label, key, error)
                worst_twin = max(worst_twin, error)
                error = fixture.relative_error(kept["f32"][key], tensor)
                assert error < 3e-5, (problem, label, key, error)
                worst = max(worst, error)
            for short in kept:
                tensors |= {f"{problem}.{label}.{short}.{key}": tensor for key, tensor in kept[short].items()}
            ends.append(tensors[f"{problem}.{label}.f64.step100.{next(iter(start(dtype)))}"])
        # Every configuration must be told apart from every other one.
        assert all(fixture.relative_error(a, b) > 1e-4 for i, a in enumerate(ends) for b in ends[:i]), problem
    print(f"float32 within {worst:.2g} of float64, twins within {worst_twin:.2g}")
    plain = {label: {key: config[key] for key in ("optimizer", "settings", "rates")}
             for label, config in configurations.items()}
    fixture.write(name, tensors, {"configurations": plain, "steps": KEPT})
