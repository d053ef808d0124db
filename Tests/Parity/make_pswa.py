"""pswa, swa and bn-update: periodic averaging with restarts on a small convolutional network with batch normalization.

Written from the definitions, with torch.optim.SGD as the only optimizer:
  step s (0 ... T-1) uses the rate of the schedule at progress s / T, read before the step;
  at the end of epoch e (counted from 1) with start < e: average += (w - average) / (n + 1), n += 1 (n = 0: average = w);
  then, if start < e <= tail, (e - start) mod period = 0 and e is not the last epoch: w = average, normalization statistics
  re-estimated (`pooled`), optimizer state dropped, n = 0. At the end the average is kept aside with statistics of its own."""

import math
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional as F

import fixture
import formula

EXAMPLES, BATCH, CLASSES, LR, GAIN = 30, 8, 3, 0.05, 2.0
STATISTICS = ("running_mean", "running_var")
# Chosen among others so that no activation comes so near to 0 in training that rounding decides on which side it is.
DATA = "pswa.2"


class Network(nn.Module):
    """[N, 2, 6, 6] -> [N, 3]."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(2, 4, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(4)
        self.conv2 = nn.Conv2d(4, 6, 3, stride=2, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(6)
        self.fc1 = nn.Linear(6, 8, bias=False)
        self.bn3 = nn.BatchNorm1d(8)
        self.fc2 = nn.Linear(8, CLASSES)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = F.relu(self.bn1(self.conv1(x)))
        x = F.relu(self.bn2(self.conv2(x))).mean((2, 3))
        return self.fc2(F.relu(self.bn3(self.fc1(x))))


@dataclass
class Plan:
    """Epochs; `tail` is the last epoch that may restart; period 0 never restarts (SWA)."""

    epochs: int
    start: int
    period: int
    tail: int
    flat: float
    end: float
    tail_rate: float

    def rate(self, progress: float) -> float:
        if progress <= self.flat:
            return LR
        if progress >= self.end:
            return LR * self.tail_rate
        share = (progress - self.flat) / (self.end - self.flat)
        return LR * (1 + (self.tail_rate - 1) * share)


def batches(dtype: torch.dtype) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Examples 0-7, 8-15, 16-23, 24-29, in this order in every epoch. A class shifts the mean of both channels."""
    labels = formula.labels(EXAMPLES, CLASSES)
    x = formula.values(f"{DATA}.input", (EXAMPLES, 2, 6, 6)).double()
    shift = formula.values(f"{DATA}.shift", (EXAMPLES, 2)).double() + formula.values(f"{DATA}.class", (CLASSES, 2)).double()[labels]
    x = (x + shift[:, :, None, None]).float().to(dtype)
    return list(zip(x.split(BATCH), labels.split(BATCH)))


def norms(model: nn.Module) -> dict[str, nn.Module]:
    return {name: m for name, m in model.named_modules() if isinstance(m, (nn.BatchNorm1d, nn.BatchNorm2d))}


def pooled(model: nn.Module, data: list[tuple[torch.Tensor, torch.Tensor]]) -> dict[str, torch.Tensor]:
    """One pass, every layer normalizing with its batch's moments; mean = sum n_b mu_b / N, variance = [sum n_b (sigma_b^2 +
    mu_b^2) / N - mean^2] N / (N - 1), in float64. n_b counts values per channel: examples x height x width."""
    sums = {name: [0, 0.0, 0.0] for name in norms(model)}

    def watch(name: str):
        def hook(module: nn.Module, arguments: tuple[torch.Tensor]) -> None:
            x = arguments[0].detach().double().transpose(0, 1).flatten(1)  # [channels, values]
            total = sums[name]
            count, mean = x.shape[1], x.mean(1)
            total[0] += count
            total[1] = total[1] + count * mean
            total[2] = total[2] + count * (x.var(1, unbiased=False) + mean.square())
        return hook

    handles = [m.register_forward_pre_hook(watch(name)) for name, m in norms(model).items()]
    kept = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    model.train()
    with torch.no_grad():
        for x, _ in data:
            model(x)
    model.load_state_dict(kept)
    for handle in handles:
        handle.remove()
    out = {}
    for name, (count, first, second) in sums.items():
        mean = first / count
        out[f"{name}.running_mean"] = mean
        out[f"{name}.running_var"] = (second / count - mean.square()) * count / (count - 1)
    return out


def parameters(model: nn.Module) -> dict[str, torch.Tensor]:
    return {name: p.detach().clone() for name, p in model.named_parameters()}


def statistics(model: nn.Module) -> dict[str, torch.Tensor]:
    return {name: b.detach().clone() for name, b in model.named_buffers() if name.endswith(STATISTICS)}


def assign(model: nn.Module, values: dict[str, torch.Tensor]) -> None:
    with torch.no_grad():
        for name, tensor in model.state_dict().items():
            if name in values:
                tensor.copy_(values[name])


def train(plan: Plan, dtype: torch.dtype) -> dict[str, torch.Tensor]:
    model = Network()
    formula.fill(model, GAIN)
    model.to(dtype)
    data = batches(dtype)
    steps = plan.epochs * len(data)

    def optimizer() -> torch.optim.Optimizer:
        return torch.optim.SGD(model.parameters(), lr=LR, momentum=0.9, weight_decay=5e-4)

    descent, rates, losses, samples, restarts = optimizer(), [], [], 0, 0
    average: dict[str, torch.Tensor] = {}
    out = {f"initial.{name}": p for name, p in parameters(model).items()}
    for epoch in range(1, plan.epochs + 1):
        model.train()
        for index, (x, labels) in enumerate(data):
            rates.append(plan.rate(((epoch - 1) * len(data) + index) / steps))
            descent.param_groups[0]["lr"] = rates[-1]
            loss = F.cross_entropy(model(x), labels)
            descent.zero_grad()
            loss.backward()
            descent.step()
            losses.append(loss.detach())
        if epoch == 1:
            out |= {f"epoch1.{name}": t for name, t in (parameters(model) | statistics(model)).items()}
        if epoch <= plan.start:
            continue
        now = parameters(model)
        average = {n: average[n] + (w - average[n]) / (samples + 1) if samples else w for n, w in now.items()}
        samples += 1
        on_cycle = plan.period > 0 and epoch <= plan.tail and (epoch - plan.start) % plan.period == 0
        if on_cycle and epoch < plan.epochs:
            assign(model, average)
            assign(model, pooled(model, data))
            descent = optimizer()
            out |= {f"restart.{restarts}.{n}": t for n, t in (parameters(model) | statistics(model)).items()}
            out[f"restart.{restarts}.samples"] = torch.tensor(samples)
            out[f"restart.{restarts}.epoch"] = torch.tensor(epoch)
            restarts += 1
            samples = 0
    out |= {f"final.{n}": t for n, t in (parameters(model) | statistics(model)).items()}
    assign(model, average)
    assign(model, pooled(model, data))
    out |= {f"average.{n}": t for n, t in (parameters(model) | statistics(model)).items()}
    model.eval()
    with torch.no_grad():
        out["average.logits"] = torch.cat([model(x) for x, _ in data])
    out |= {"average.samples": torch.tensor(samples), "learning_rate": torch.tensor(rates, dtype=torch.float64),
            "loss": torch.stack(losses)}
    return out


def check_pooled(dtype: torch.dtype = torch.float64) -> None:
    """The first layer's statistics do not depend on the batches: one training-mode forward of everything gives them."""
    model = Network()
    formula.fill(model, GAIN)
    model.to(dtype)
    data = batches(dtype)
    found = pooled(model, data)
    for module in norms(model).values():
        module.momentum = 1.0
    model.train()(torch.cat([x for x, _ in data]))
    whole = statistics(model)
    for name in ("bn1.running_mean", "bn1.running_var"):
        assert fixture.relative_error(found[name], whole[name]) < 1e-12, name
    # ... and with one batch of everything, every layer's.
    one = [(torch.cat([x for x, _ in data]), torch.cat([y for _, y in data]))]
    for name, tensor in pooled(model, one).items():
        assert fixture.relative_error(tensor, whole[name]) < 1e-12, name
    assert fixture.relative_error(found["bn3.running_var"], whole["bn3.running_var"]) > 1e-3, "batches must matter later on"


def make(name: str, plan: Plan) -> None:
    tensors = {dtype: train(plan, dtype) for dtype in (torch.float32, torch.float64)}
    worst = max((fixture.relative_error(tensors[torch.float32][n], t), n) for n, t in tensors[torch.float64].items())
    print(f"{name}: float32 within {worst[0]:.2g} of float64 ({worst[1]}), "
          f"loss {tensors[torch.float64]['loss'][0]:.3f} -> {tensors[torch.float64]['loss'][-1]:.3f}")
    assert worst[0] < 3e-6, "training is too sensitive to rounding to be a test"
    truth = tensors[torch.float64]
    if plan.period:
        # The average of equal weights (samples w_1 ... w_n): a restart really moves the weights.
        assert fixture.relative_error(truth["final.fc2.weight"], truth["average.fc2.weight"]) > 1e-3
    for dtype, short in ((torch.float32, "f32"), (torch.float64, "f64")):
        fixture.write(f"{name}.{short}", tensors[dtype], {
            "examples": EXAMPLES, "batch": BATCH, "lr": LR, "data": DATA, "momentum": 0.9, "weight_decay": 5e-4, "gain": GAIN,
            "epochs": plan.epochs, "start": plan.start, "period": plan.period, "tail": plan.tail,
            "schedule": {"flat": plan.flat, "end": plan.end, "tail_rate": plan.tail_rate},
            "restarts": sum(n.endswith(".epoch") for n in truth),
        })


def make_bn_update() -> None:
    """Inputs of one layer [n_b, 3, 2, 2] in three batches of 4, 4 and 1, its batches' moments, and the pooled result."""
    x = formula.values("bn-update.input", (9, 3, 2, 2), 2.0) + torch.tensor([0.0, 1.0, 100.0])[None, :, None, None]
    layer = nn.Sequential(nn.BatchNorm2d(3)).double()
    parts = x.split(4)
    result = pooled(layer, [(part.double(), part) for part in parts])
    flat = x.double().transpose(0, 1).flatten(1)
    assert fixture.relative_error(result["0.running_mean"], flat.mean(1)) < 1e-14
    assert fixture.relative_error(result["0.running_var"], flat.var(1, unbiased=True)) < 1e-10
    # What would be wrong: the plain mean over batches, and n_b in examples instead of values.
    plain = torch.stack([p.double().mean((0, 2, 3)) for p in parts]).mean(0)
    assert fixture.relative_error(plain[:2], result["0.running_mean"][:2]) > 1e-2
    assert math.isclose((36 / 35) / (9 / 8), 32 / 35)
    model = Network()
    formula.fill(model, GAIN)
    data = batches(torch.float64)
    whole = {f"network.{name}": t for name, t in pooled(model.double(), data).items()}
    fixture.write("bn-update", {
        "input.x": x,
        "batch.count": torch.tensor([16, 16, 4]),
        "batch.mean": torch.stack([p.double().mean((0, 2, 3)) for p in parts]),
        "batch.variance": torch.stack([p.double().var((0, 2, 3), unbiased=False) for p in parts]),
        "pooled.running_mean": result["0.running_mean"],
        "pooled.running_var": result["0.running_var"],
        "input.network.x": torch.cat([x for x, _ in batches(torch.float32)]),
        "input.network.labels": torch.cat([y for _, y in data]),
        **whole,
    }, {"batches": [4, 4, 1], "network.batches": [8, 8, 8, 6], "gain": GAIN, "data": DATA})


if __name__ == "__main__":
    check_pooled()
    make_bn_update()
    # The method `pswa` over 16 epochs with period 0.25: samples 5 ... 16, restarts after 8 and 12, the third average aside.
    make("pswa", Plan(epochs=16, start=4, period=4, tail=16, flat=0.5, end=0.9, tail_rate=0.2))
    # With a tail: restarts after 8, 12 and 16, then plain averaging over epochs 17 ... 20.
    make("pswa-tail", Plan(epochs=20, start=4, period=4, tail=16, flat=0.5, end=0.9, tail_rate=0.2))
    # The method `swa`: samples 13 ... 16.
    make("swa", Plan(epochs=16, start=12, period=0, tail=0, flat=0.375, end=0.675, tail_rate=0.2))
    # The method `dswa`: two cycles of a quarter of the run, samples 9 ... 16, a restart after 12.
    make("dswa", Plan(epochs=16, start=8, period=4, tail=16, flat=0.375, end=0.675, tail_rate=0.2))
    # The method `tswa`: three cycles of a fifth, samples 9 ... 20, restarts after 12 and 16.
    make("tswa", Plan(epochs=20, start=8, period=4, tail=20, flat=0.375, end=0.675, tail_rate=0.2))
