"""text-metrics.json: F1, Matthews, Pearson, Spearman and perplexity of made-up predictions.

The formulas are written a second time, in another way than Basin's: F1 as the harmonic mean of precision and recall, the
Matthews correlation of two classes as the Pearson correlation of indicators, of several as Gorodkin's (2004) covariances of
one-hot rows; Pearson and Spearman are SciPy's. scikit-learn's conventions hold where a figure is not defined: F1 and
Matthews are 0, correlations NaN (here null)."""

import math

import numpy as np
from scipy import stats

import fixture

RANDOM = np.random.default_rng(20)


def f1(predicted: np.ndarray, labels: np.ndarray, positive: int) -> float:
    hits = int(((predicted == positive) & (labels == positive)).sum())
    if hits == 0:
        return 0.0
    precision, recall = hits / int((predicted == positive).sum()), hits / int((labels == positive).sum())
    return 2 * precision * recall / (precision + recall)


def matthews(predicted: np.ndarray, labels: np.ndarray, classes: int) -> float:
    """Cov(X, Y) / sqrt(Cov(X, X) Cov(Y, Y)) of one-hot rows, the covariances summed over classes."""
    x = np.eye(classes)[predicted] - np.eye(classes)[predicted].mean(0)
    y = np.eye(classes)[labels] - np.eye(classes)[labels].mean(0)
    xx, yy, xy = (x * x).sum(), (y * y).sum(), (x * y).sum()
    value = 0.0 if xx < 1e-12 or yy < 1e-12 else float(xy / math.sqrt(xx * yy))
    if classes == 2 and value:
        assert abs(value - np.corrcoef(predicted, labels)[0, 1]) < 1e-12
    return value


def classification(name: str, predicted: list[int], labels: list[int], classes: int) -> dict:
    p, t = np.array(predicted), np.array(labels)
    present = sorted(set(predicted) | set(labels))
    return {
        "name": name, "classes": classes, "predicted": predicted, "labels": labels,
        "accuracy": float((p == t).mean()), "f1": f1(p, t, 1),
        "macroF1": float(np.mean([f1(p, t, c) for c in present])), "matthews": matthews(p, t, classes),
    }


def regression(name: str, predicted: list[float], targets: list[float]) -> dict:
    p, t = np.array(predicted, dtype=np.float32).astype(float), np.array(targets, dtype=np.float32).astype(float)
    constant = len(set(p)) < 2 or len(set(t)) < 2
    return {
        "name": name, "predicted": p.tolist(), "targets": t.tolist(),
        "pearson": None if constant else float(stats.pearsonr(p, t).statistic),
        "spearman": None if constant else float(stats.spearmanr(p, t).statistic),
    }


def drawn(count: int, classes: int, agreement: float) -> tuple[list[int], list[int]]:
    labels = RANDOM.integers(0, classes, count)
    predicted = np.where(RANDOM.random(count) < agreement, labels, RANDOM.integers(0, classes, count))
    return predicted.tolist(), labels.tolist()


if __name__ == "__main__":
    cases = [classification(f"{c} classes, {n}, {a}", *drawn(n, c, a), c) for c in (2, 3, 7) for n in (5, 200) for a in (0.0, 0.6)]
    cases += [
        classification("all right", [0, 1, 1, 0], [0, 1, 1, 0], 2),
        classification("all wrong", [1, 0, 0, 1], [0, 1, 1, 0], 2),
        classification("one class predicted", [1, 1, 1, 1], [0, 1, 1, 0], 2),
        classification("class 1 nowhere", [0, 0, 0], [0, 0, 0], 2),
        classification("class 1 never predicted", [0, 0, 0], [0, 1, 0], 2),
        classification("a class that does not occur", [0, 2, 2, 1], [0, 2, 1, 1], 4),
    ]
    values = []
    for count in (2, 5, 300):
        target = RANDOM.normal(2, 1, count)
        values.append(regression(f"{count} values", (target + RANDOM.normal(0, 0.7, count)).tolist(), target.tolist()))
    ties = RANDOM.integers(0, 6, 120).astype(float)
    values += [
        regression("ties", np.round(ties + RANDOM.normal(0, 1, 120)).tolist(), ties.tolist()),
        regression("monotone, not linear", [math.exp(x / 3) for x in range(20)], list(range(20))),
        regression("reversed", [-3.0, -2.0, -1.0], [1.0, 2.0, 4.0]),
        regression("far from 0", (1e4 + RANDOM.normal(0, 1, 50)).tolist(), RANDOM.normal(0, 1, 50).tolist()),
        regression("constant", [2.5, 2.5, 2.5], [1.0, 2.0, 3.0]),
    ]
    perplexities = [{"loss": x, "perplexity": math.exp(x)} for x in (0.0, 1.5, 4.75, 9.2)]
    fixture.write_json("text-metrics", {"classification": cases, "regression": values, "perplexity": perplexities})
