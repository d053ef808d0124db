"""schedules.json: learning rates at 101 points of progress, computed with exact fractions where the schedule is rational.
torch-schedules.json: what the schedulers of torch.optim give in every step of a short run."""

import math
from fractions import Fraction

import torch

import fixture

LR = Fraction(1, 10)


def through(points: list[tuple[Fraction, Fraction]], p: Fraction) -> Fraction:
    """Straight lines through (progress, rate) points, constant before the first and after the last."""
    if p <= points[0][0]:
        return points[0][1]
    for (p0, r0), (p1, r1) in zip(points, points[1:]):
        if p <= p1:
            return r0 + (r1 - r0) * (p - p0) / (p1 - p0)
    return points[-1][1]


def piecewise(flat: str, end: str, tail: str):
    return lambda p: through([(Fraction(flat), LR), (Fraction(end), LR * Fraction(tail))], p)


def cosine(p: Fraction, lowest: Fraction = Fraction(0)) -> float:
    return float(lowest) + 0.5 * float(LR - lowest) * (1 + math.cos(math.pi * p))


def warmed(share: str, after):
    """lr * p / share below `share`, then `after` of the remaining progress (p - share) / (1 - share)."""
    share = Fraction(share)
    return lambda p: LR * p / share if p < share else after((p - share) / (1 - share))


def cyclic(cycles: int, lowest: str):
    """From lr down to lowest * lr on a straight line in every cycle; a cycle starts again at lr."""
    return lambda p: LR - (LR - LR * Fraction(lowest)) * (p * cycles % 1)


SCHEDULES = {
    "constant": ({"kind": "constant"}, lambda p: LR),
    "backbone": ({"kind": "piecewise-linear", "flat": 0.5, "end": 0.9, "tail": 0.01}, piecewise("1/2", "9/10", "1/100")),
    "backbone-chc-images": ({"kind": "piecewise-linear", "flat": 0.375, "end": 0.675, "tail": 0.2},
                            piecewise("3/8", "27/40", "1/5")),
    "backbone-chc-graphs": ({"kind": "piecewise-linear", "flat": 0.375, "end": 0.675, "tail": 0.5},
                            piecewise("3/8", "27/40", "1/2")),
    "pswa-images": ({"kind": "piecewise-linear", "flat": 0.5, "end": 0.9, "tail": 0.2}, piecewise("1/2", "9/10", "1/5")),
    "pswa-graphs": ({"kind": "piecewise-linear", "flat": 0.5, "end": 0.9, "tail": 0.5}, piecewise("1/2", "9/10", "1/2")),
    "cosine": ({"kind": "cosine", "lowest": 0}, cosine),
    "cosine-floor": ({"kind": "cosine", "lowest": 0.1}, lambda p: cosine(p, LR / 10)),
    "warmup-constant": ({"kind": "linear-warmup", "warmup": 0.1, "then": "constant"}, warmed("1/10", lambda p: LR)),
    "warmup-linear": ({"kind": "linear-warmup", "warmup": 0.06, "then": "linear to 0"},
                      warmed("6/100", lambda p: LR * (1 - p))),
    "warmup-cosine": ({"kind": "linear-warmup", "warmup": 0.1, "then": "cosine"}, warmed("1/10", cosine)),
    "cyclic-8": ({"kind": "cyclic", "cycles": 8, "lowest": 0.1}, cyclic(8, "1/10")),
}


def check_cosine() -> None:
    """Against torch: CosineAnnealingLR over 100 steps has p = step / 100."""
    parameter = torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.SGD([parameter], lr=float(LR))
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=100, eta_min=0.01)
    for step in range(100):
        assert abs(scheduler.get_last_lr()[0] - cosine(Fraction(step, 100), LR / 10)) < 1e-12
        optimizer.step()
        scheduler.step()


STEPS, PER_EPOCH = 120, 10
schedulers = torch.optim.lr_scheduler


def rates(make) -> list[float]:
    """The rate of every step of the run, read before it, from initial rate 1."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    scheduler = make(optimizer)
    values = []
    for _ in range(STEPS):
        values.append(float(optimizer.param_groups[0]["lr"]))
        optimizer.step()
        scheduler.step()
    return values


def one_cycle(warm: float, **options):
    """torch's phases end a step early, at warm * total - 1 and total - 1; here they are to end at warm * STEPS and STEPS."""
    return lambda o: schedulers.OneCycleLR(
        o, max_lr=1.0, total_steps=STEPS + 1, pct_start=(warm * STEPS + 1) / (STEPS + 1), cycle_momentum=False, **options)


def warm(o, steps: int):
    return schedulers.LambdaLR(o, lambda t: min(t / steps, 1))


def inverse_sqrt(o, steps: int):
    return schedulers.LambdaLR(o, lambda t: min(t / steps, math.sqrt(steps / max(t, 1))))


def sequence(*parts, at: list[int]):
    return lambda o: schedulers.SequentialLR(o, [part(o) for part in parts], milestones=at)


# name of the schedule here, its options, torch's scheduler
TORCH = {
    "step": ("step", {"every": "36st"}, lambda o: schedulers.StepLR(o, 36)),
    "step-dur": ("step", {"every": "0.2dur", "gamma": "0.5"}, lambda o: schedulers.StepLR(o, 24, gamma=0.5)),
    "multi-step": ("multi-step", {}, lambda o: schedulers.MultiStepLR(o, [60, 90])),
    "multi-step-mixed": ("multi-step", {"milestones": "17st, 3ep,0.9dur", "gamma": "0.3"},
                         lambda o: schedulers.MultiStepLR(o, [17, 30, 108], gamma=0.3)),
    "exponential": ("exponential", {"gamma": "0.9"}, lambda o: schedulers.ExponentialLR(o, 0.9 ** (1 / PER_EPOCH))),
    "exponential-final": ("exponential", {"final": "0.01"}, lambda o: schedulers.ExponentialLR(o, 0.01 ** (1 / STEPS))),
    "linear": ("linear", {"floor": "0.1"},
               lambda o: schedulers.LinearLR(o, start_factor=1.0, end_factor=0.1, total_iters=STEPS)),
    "polynomial": ("polynomial", {}, lambda o: schedulers.PolynomialLR(o, total_iters=STEPS, power=2.0)),
    "polynomial-0.9": ("polynomial", {"power": "0.9"}, lambda o: schedulers.PolynomialLR(o, total_iters=STEPS, power=0.9)),
    "cosine": ("cosine", {"floor": "0.1"}, lambda o: schedulers.CosineAnnealingLR(o, T_max=STEPS, eta_min=0.1)),
    "cosine-restarts": ("cosine-restarts", {}, lambda o: schedulers.CosineAnnealingWarmRestarts(o, T_0=30)),
    "cosine-restarts-2": ("cosine-restarts", {"cycle": "1ep", "multiplier": "2", "floor": "0.05"},
                          lambda o: schedulers.CosineAnnealingWarmRestarts(o, T_0=10, T_mult=2, eta_min=0.05)),
    "cosine-restarts-3": ("cosine-restarts", {"cycle": "7st", "multiplier": "3"},
                          lambda o: schedulers.CosineAnnealingWarmRestarts(o, T_0=7, T_mult=3)),
    "one-cycle": ("one-cycle", {}, one_cycle(0.3)),
    "one-cycle-linear": ("one-cycle", {"warm": "0.45", "startDivisor": "10", "finalDivisor": "100", "anneal": "linear"},
                         one_cycle(0.45, div_factor=10, final_div_factor=100, anneal_strategy="linear")),
    "inverse-sqrt": ("inverse-sqrt", {}, lambda o: inverse_sqrt(o, 12)),
    "inverse-sqrt-25": ("inverse-sqrt", {"warmup": "25st"}, lambda o: inverse_sqrt(o, 25)),
    "triangular": ("triangular", {},
                   lambda o: schedulers.CyclicLR(o, base_lr=0.1, max_lr=1.0, step_size_up=15, cycle_momentum=False)),
    "triangular-2ep": ("triangular", {"cycle": "2ep", "floor": "0.25"},
                       lambda o: schedulers.CyclicLR(o, base_lr=0.25, max_lr=1.0, step_size_up=10, cycle_momentum=False)),
    "swa-constant": ("swa-constant", {"start": "0st", "length": "40st"},
                     lambda o: torch.optim.swa_utils.SWALR(o, swa_lr=0.2, anneal_epochs=40)),
    "swa-constant-linear": ("swa-constant", {"start": "0st", "length": "0.75dur", "tail": "0.05", "anneal": "linear"},
                            lambda o: torch.optim.swa_utils.SWALR(
                                o, swa_lr=0.05, anneal_epochs=90, anneal_strategy="linear")),
    "warmup-step": ("step", {"every": "2ep", "gamma": "0.5", "warmup": "15st"},
                    sequence(lambda o: warm(o, 15), lambda o: schedulers.StepLR(o, 20, gamma=0.5), at=[15])),
    "warmup-triangular": ("triangular", {"cycle": "0.25dur", "floor": "0", "warmup": "0.1dur"},
                         lambda o: schedulers.LambdaLR(
                             o, lambda t: t / 12 if t < 12 else 1 - abs((t - 12) % 27 * 2 / 27 - 1))),
    # Sequences: made in the test by name.
    "sequence-cosine": ("", {}, sequence(
        lambda o: warm(o, 12), lambda o: schedulers.CosineAnnealingLR(o, T_max=108), at=[12])),
    "sequence-three": ("", {}, sequence(
        lambda o: warm(o, 12), lambda o: schedulers.StepLR(o, 20, gamma=0.5),
        lambda o: schedulers.PolynomialLR(o, total_iters=45, power=2.0), at=[12, 75])),
}


def torch_document() -> dict:
    document = {"steps": STEPS, "stepsPerEpoch": PER_EPOCH, "schedules": {}}
    for name, (schedule, settings, make) in TORCH.items():
        document["schedules"][name] = {"schedule": schedule, "settings": settings, "values": rates(make)}
    # Stepped once an epoch, as usual, ExponentialLR has the same values at the beginnings of epochs.
    curves = document["schedules"]
    assert all(abs(v - 0.9 ** e) < 1e-12 for e, v in enumerate(curves["exponential"]["values"][::PER_EPOCH]))
    lists = [curve["values"] for curve in curves.values()]
    assert all(max(abs(a - b) for a, b in zip(x, y)) > 1e-3 for i, x in enumerate(lists) for y in lists[:i])
    return document


if __name__ == "__main__":
    check_cosine()
    fixture.write_json("torch-schedules", torch_document())
    document = {"lr": float(LR), "progress": [i / 100 for i in range(101)], "schedules": {}}
    for name, (options, rate) in SCHEDULES.items():
        values = [float(rate(Fraction(i, 100))) for i in range(101)]
        assert all(0 <= v <= float(LR) for v in values) and len(set(values)) > 1 or name == "constant"
        document["schedules"][name] = {**options, "values": values}
    steps = 64
    document["steps"] = {
        "total": steps,
        "comment": "the rate of step s (0 ... total-1) is the schedule at s / total, read before the step",
        **{name: [float(SCHEDULES[name][1](Fraction(s, steps))) for s in range(steps)]
           for name in ("backbone", "backbone-chc-images", "pswa-images", "cyclic-8")},
    }
    fixture.write_json("schedules", document)
