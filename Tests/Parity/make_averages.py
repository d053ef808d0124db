"""averages.safetensors: averages of a short series of weights, by torch.optim.swa_utils (mean, EMA) and by the formulas of
their papers in numpy (polynomial decay, SWAG), all in float64."""

import numpy
import torch
from torch.optim import swa_utils

import fixture
import formula

SHAPES = {"a": (3, 4), "b": (5,)}
SAMPLES, RANK, DECAY, POWER = 9, 4, 0.9, 3


def sample(name: str, k: int) -> torch.Tensor:
    """Weights that move by about a tenth of themselves."""
    path, shape = f"averages.{name}", SHAPES[name]
    return formula.values(path, shape).double() + 0.1 * formula.values(f"{path}.{k}", shape).double()


class Weights(torch.nn.Module):
    def __init__(self):
        super().__init__()
        for name in SHAPES:
            setattr(self, name, torch.nn.Parameter(torch.zeros(SHAPES[name], dtype=torch.float64)))


def averaged(**options) -> dict[str, torch.Tensor]:
    model = Weights()
    average = swa_utils.AveragedModel(model, **options)
    for k in range(SAMPLES):
        with torch.no_grad():
            for name in SHAPES:
                getattr(model, name).copy_(sample(name, k))
        average.update_parameters(model)
    return {name: getattr(average.module, name).detach().clone() for name in SHAPES}


def polynomial(name: str) -> torch.Tensor:
    """Shamir and Zhang 2013, section 4: avg_t = (1 - (p + 1) / (t + p)) avg_(t-1) + (p + 1) / (t + p) w_t."""
    average = numpy.zeros(SHAPES[name])
    for t in range(1, SAMPLES + 1):
        share = (POWER + 1) / (t + POWER)
        average = (1 - share) * average + share * sample(name, t - 1).numpy()
    return torch.from_numpy(average)


def swag(name: str) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Maddox et al. 2019, algorithm 1: mean, second moment, deviations of the last RANK samples from the mean so far."""
    mean, square, deviations = numpy.zeros(SHAPES[name]), numpy.zeros(SHAPES[name]), []
    for n in range(SAMPLES):
        w = sample(name, n).numpy()
        mean = (n * mean + w) / (n + 1)
        square = (n * square + w**2) / (n + 1)
        deviations = (deviations + [w - mean])[-RANK:]
    variance = square - mean**2
    assert numpy.allclose(variance, numpy.var([sample(name, n).numpy() for n in range(SAMPLES)], axis=0), rtol=1e-9, atol=0)
    return tuple(torch.from_numpy(x) for x in (mean, variance, numpy.stack(deviations)))


if __name__ == "__main__":
    tensors = {f"sample.{k}.{name}": sample(name, k) for k in range(SAMPLES) for name in SHAPES}
    kinds = {"mean": averaged(), "ema": averaged(multi_avg_fn=swa_utils.get_ema_multi_avg_fn(DECAY))}
    for name in SHAPES:
        for kind, average in kinds.items():
            tensors[f"{kind}.{name}"] = average[name]
        tensors[f"polynomial.{name}"] = polynomial(name)
        mean, variance, deviations = swag(name)
        assert fixture.relative_error(mean, tensors[f"mean.{name}"]) < 1e-14
        tensors |= {f"swag.variance.{name}": variance, f"swag.deviations.{name}": deviations}
    fixture.write("averages", tensors, {"samples": SAMPLES, "rank": RANK, "decay": DECAY, "power": POWER})
