"""schedules.json: learning rates at 101 points of progress, computed with exact fractions where the schedule is rational."""

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


if __name__ == "__main__":
    check_cosine()
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
