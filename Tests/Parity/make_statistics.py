"""statistics.json: what scipy, statsmodels and scikit-posthocs say about small samples, for Tests/StatisticsTests.

Distribution functions that scipy gives to fewer digits than the tests ask for (noncentral t, studentized range) are
integrated with mpmath at 40 digits, and scipy is asserted to agree to what it can. The bootstrap's resamples are drawn by
SplitMix64, written a second time here, and their intervals are scipy's (`stats.bootstrap` with the distribution handed in).
Needs no torch: `python make_statistics.py`, or with --check compares with what is stored."""

import json
import math
import sys
from itertools import combinations
from pathlib import Path

import mpmath
import numpy as np
import pandas as pd
import scikit_posthocs
from scipy import special, stats
from scipy.stats._resampling import BootstrapResult
from statsmodels.stats.anova import AnovaRM
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.power import TTestPower

FILE = Path(__file__).parent / "Fixtures" / "statistics.json"
MASK = (1 << 64) - 1
mpmath.mp.dps = 40


def splitmix(seed: int):
    state = seed
    while True:
        state = (state + 0x9E3779B97F4A7C15) & MASK
        z = state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
        yield z ^ (z >> 31)


# ---- distributions ----


def noncentral_t(t: float, v: float, d: float, upper: bool) -> float:
    """The integral of Phi(+-(t s - d)) over the density of s = sqrt(chi2_v / v)."""
    v, t, d = map(mpmath.mpf, (v, t, d))
    front = 2 * (v / 2) ** (v / 2) / mpmath.gamma(v / 2)
    sign = -1 if upper else 1
    f = lambda s: front * s ** (v - 1) * mpmath.exp(-v * s * s / 2) * mpmath.ncdf(sign * (t * s - d))
    kink = float(d / t) if t else 1.0
    reach = 16 / math.sqrt(2 * v)
    points = sorted({max(0.0, 1 - reach), *(x for x in (kink, 0.25, 0.5, 1.0) if max(0.0, 1 - reach) < x < 1 + reach), 1 + reach})
    value = float(mpmath.quad(f, points, maxdegree=9))
    known = float(stats.nct.sf(float(t), float(v), float(d)) if upper else stats.nct.cdf(float(t), float(v), float(d)))
    assert abs(value - known) < 1e-6 * value + 1e-9, (t, v, d, upper, value, known)
    return value


def studentized_range(q: float, k: int, v: float | None) -> float:
    """With infinite freedom by mpmath; else scipy's integral (its own tolerance is 1e-11 or so)."""
    if v is not None:
        return float(stats.studentized_range.cdf(q, k, v))
    f = lambda z: mpmath.npdf(z) * (mpmath.ncdf(z) - mpmath.ncdf(z - q)) ** (k - 1)
    value = float(k * mpmath.quad(f, [-12, -4, -2, 0, 2, 4, 12]))
    assert abs(value - float(stats.studentized_range.cdf(q, k, np.inf))) < 1e-8
    return value


def distributions() -> dict:
    return {
        "normal": [[x, float(stats.norm.cdf(x)), float(stats.norm.sf(x))] for x in (-8, -3.5, -1, -0.1, 0, 0.5, 1.96, 5, 9)],
        "normalQuantile": [[p, float(stats.norm.ppf(p))] for p in (1e-300, 1e-12, 0.001, 0.025, 0.3, 0.5, 0.8, 0.975, 1 - 1e-9)],
        "t": [[t, v, float(stats.t.cdf(t, v)), float(stats.t.sf(t, v))]
              for v in (1, 2, 3, 4.5, 9, 30, 200, 5000) for t in (-6, -1, 0.01, 1, 2.5, 12, 60)],
        "tQuantile": [[p, v, float(stats.t.ppf(p, v))] for v in (1, 2, 3, 9, 29, 499) for p in (1e-8, 0.005, 0.025, 0.4, 0.6, 0.975, 0.9995)],
        "chi2": [[x, v, float(stats.chi2.cdf(x, v)), float(stats.chi2.sf(x, v))] for v in (1, 2, 4, 11, 80) for x in (0.01, 0.7, 3, 9.5, 40, 150)],
        "f": [[x, a, b, float(stats.f.cdf(x, a, b)), float(stats.f.sf(x, a, b))]
              for a, b in ((1, 1), (2, 7), (4, 36), (9, 90)) for x in (0.05, 0.8, 1.5, 4, 30)],
        "beta": [[a, b, x, float(special.betainc(a, b, x))] for a, b in ((0.5, 0.5), (2, 3), (10, 0.5), (60, 40)) for x in (1e-6, 0.1, 0.5, 0.61, 0.999)],
        "gamma": [[a, x, float(special.gammainc(a, x)), float(special.gammaincc(a, x))] for a in (0.5, 1, 3.5, 25) for x in (1e-4, 0.5, 3, 24, 90)],
        "noncentralT": [[t, v, d, noncentral_t(t, v, d, False), noncentral_t(t, v, d, True)]
                        for v, d in ((1, 0.5), (2, 3), (4, 1.5), (9, 2.9), (29, -1), (99, 4)) for t in (-2.3, 0.5, 2.262, 6, 13)],
        "studentizedRange": [[q, k, studentized_range(q, k, None)] for k in (2, 3, 5, 10, 30) for q in (0.5, 1.5, 3, 4.5, 7)],
        "studentizedRangeFinite": [[q, k, v, studentized_range(q, k, v)] for k, v in ((2, 5), (3, 10), (6, 40)) for q in (1, 3, 5)],
    }


# ---- one sample of differences ----

RANDOM = np.random.default_rng(7)


def draws(count: int, shift: float, step: float = 2.0**-20) -> list[float]:
    """Normal values on a grid of binary fractions, so that sums of them are exact and ties are what they seem."""
    return [float(round(x / step) * step) for x in RANDOM.normal(shift, 1, count)]


SAMPLES = {
    "one": [0.25],
    "two": [0.5, 0.25],
    "twoOpposite": [0.5, -0.5],
    "equal": [0.125] * 6,
    "zeros": [0.0] * 5,
    "five": [0.5, 0.125, 1.0, 0.75, 0.25],
    "ties": [0.5, -0.5, 0.25, 0.25, 1.0, 0.75, 0.25],
    "tiesAndZeros": [0.0, 0.5, -0.25, 0.25, 0.0, 1.0, 0.75, 0.5, 0.5, -0.125],
    "manyZeros": [0.0, 0.0, 0.0, 0.0, 0.25, -0.5, 1.0],
    "ten": draws(10, 0.8),
    "tenNothing": draws(10, 0),
    "twelve": draws(12, 0.4),
    "thirty": draws(30, 0.3),
    "fifty": draws(50, 0.2),
    "fiftyTies": [float(x) for x in RANDOM.integers(-3, 5, 50) / 8],
    "eighty": draws(80, 0.25),
    "eightyTies": [float(x) for x in RANDOM.integers(-4, 6, 80) / 8],
    "skewed": [float(round(x * 1024) / 1024) for x in RANDOM.exponential(1, 15) - 0.4],
}


def wilcoxon(d: np.ndarray, zero: str) -> dict:
    nonzero = d[d != 0]
    result = {"exact": None, "normal": None, "corrected": None, "statistic": None}
    if len(nonzero) == 0:
        return result
    ties = len(set(np.abs(nonzero))) < len(nonzero)
    asymptotic = stats.wilcoxon(d, zero_method=zero, method="asymptotic", correction=False)
    result["normal"] = float(asymptotic.pvalue)
    result["statistic"] = float(asymptotic.statistic)
    result["corrected"] = float(stats.wilcoxon(d, zero_method=zero, method="asymptotic", correction=True).pvalue)
    if not ties and (zero == "wilcox" or len(nonzero) == len(d)):
        result["exact"] = float(stats.wilcoxon(nonzero, method="exact").pvalue)
    elif len(d) <= 13:
        result["exact"] = float(stats.wilcoxon(d, zero_method=zero, method=stats.PermutationMethod(n_resamples=np.inf)).pvalue)
    return result


def sample(name: str, values: list[float]) -> dict:
    d = np.array(values)
    n = len(d)
    spread = n > 1 and len(set(values)) > 1
    result: dict = {"name": name, "values": values, "mean": float(d.mean()), "deviation": float(d.std(ddof=1)) if n > 1 else None}
    if spread:
        test = stats.ttest_1samp(d, 0)
        interval = test.confidence_interval(0.95)
        result |= {"t": float(test.pvalue), "tInterval": [float(interval.low), float(interval.high)]}
        cohen = float(d.mean() / d.std(ddof=1))
        result["cohen"] = cohen
        if n > 2:
            result["hedges"] = cohen * float(np.exp(special.gammaln((n - 1) / 2) - special.gammaln((n - 2) / 2)) / np.sqrt((n - 1) / 2))
    result["wilcox"], result["pratt"] = wilcoxon(d, "wilcox"), wilcoxon(d, "pratt")
    nonzero = d[d != 0]
    if len(nonzero):
        ranks = stats.rankdata(np.abs(nonzero))
        result["rankBiserial"] = float((ranks * np.sign(nonzero)).sum() / ranks.sum())
    if n <= 13:
        result["signFlip"] = (
            float(stats.permutation_test((d,), np.mean, permutation_type="samples", n_resamples=np.inf).pvalue) if n > 1 else 1.0
        )
    return result


def bootstrap(name: str) -> dict:
    d = np.array(SAMPLES[name])
    resamples, generator = 2000, splitmix(11)
    means = np.array([np.mean([d[next(generator) * len(d) >> 64] for _ in range(len(d))]) for _ in range(resamples)])
    given = BootstrapResult(confidence_interval=None, bootstrap_distribution=means, standard_error=None)
    interval = {
        method: stats.bootstrap((d,), np.mean, n_resamples=0, bootstrap_result=given, method=method).confidence_interval
        for method in ("percentile", "BCa")
    }
    return {
        "sample": name, "seed": 11, "resamples": resamples,
        "percentile": [float(x) for x in interval["percentile"]], "bca": [float(x) for x in interval["BCa"]],
    }


# ---- several methods ----


def friedman(name: str, rows: list[list[float]]) -> dict:
    table = np.array(rows)
    n, k = table.shape
    chi = float(stats.friedmanchisquare(*table.T).statistic)
    p = float(stats.friedmanchisquare(*table.T).pvalue)
    f = (n - 1) * chi / (n * (k - 1) - chi)
    pairs = list(combinations(range(k), 2))
    raw = [float(stats.wilcoxon(table[:, i], table[:, j], method=stats.PermutationMethod(n_resamples=np.inf)).pvalue) for i, j in pairs]
    holm = multipletests(raw, method="holm")[1]
    nemenyi = scikit_posthocs.posthoc_nemenyi_friedman(table).to_numpy()
    return {
        "name": name, "rows": rows, "chiSquared": chi, "p": p, "f": f, "fP": float(stats.f.sf(f, k - 1, (k - 1) * (n - 1))),
        "averageRanks": [float(x) for x in stats.rankdata(-table, axis=1).mean(0)],
        "criticalDifference": float(stats.studentized_range.ppf(0.95, k, np.inf) / math.sqrt(2) * math.sqrt(k * (k + 1) / (6 * n))),
        "nemenyi": [float(nemenyi[i, j]) for i, j in pairs], "wilcoxonHolm": [float(x) for x in holm],
    }


FRIEDMAN = {
    "plain": [[0.5, 0.625, 0.75], [0.25, 0.5, 0.375], [0.125, 0.25, 0.5], [0.5, 0.75, 0.625], [0.25, 0.375, 0.5]],
    "ties": [[0.5, 0.5, 0.75, 0.25], [0.25, 0.5, 0.5, 0.5], [0.125, 0.25, 0.5, 0.25], [0.5, 0.75, 0.625, 0.5],
             [0.25, 0.375, 0.5, 0.0], [0.75, 0.625, 1.0, 0.5], [0.25, 0.25, 0.375, 0.125], [0.5, 0.625, 0.875, 0.75]],
}


def factorial() -> dict:
    cells = {
        "backbone": [0.8420, 0.8600, 0.8580, 0.8660, 0.8520, 0.8740, 0.8480, 0.8560, 0.8620, 0.8700],
        "backbone-chc": [0.8380, 0.8560, 0.8620, 0.8600, 0.8440, 0.8680, 0.8520, 0.8480, 0.8600, 0.8640],
        "wa": [0.8440, 0.8620, 0.8580, 0.8680, 0.8560, 0.8720, 0.8500, 0.8600, 0.8660, 0.8700],
        "swa": [0.8500, 0.8640, 0.8660, 0.8720, 0.8540, 0.8740, 0.8600, 0.8580, 0.8640, 0.8760],
    }
    b, c, w, s = (np.array(cells[name]) for name in ("backbone", "backbone-chc", "wa", "swa"))
    differences = {"averaging": ((w - b) + (s - c)) / 2, "learning rate": ((c - b) + (s - w)) / 2, "interaction": (s - c) - (w - b)}
    rows = [
        {"seed": seed, "averaging": int(name in ("wa", "swa")), "rate": int(name in ("backbone-chc", "swa")), "value": value}
        for name, values in cells.items() for seed, value in enumerate(values)
    ]
    anova = AnovaRM(pd.DataFrame(rows), "value", "seed", within=["averaging", "rate"]).fit().anova_table["F Value"]
    names = {"averaging": "averaging", "learning rate": "rate", "interaction": "averaging:rate"}
    effects = []
    for name, d in differences.items():
        interval = stats.ttest_1samp(d, 0).confidence_interval(0.95)
        effects.append({
            "name": name, "mean": float(d.mean()), "interval": [float(interval.low), float(interval.high)],
            "p": float(stats.permutation_test((np.round(d, 10),), np.mean, permutation_type="samples", n_resamples=np.inf).pvalue),
            "t": float(stats.ttest_1samp(d, 0).pvalue), "anovaF": float(anova[names[name]]),
        })
    return {"cells": cells, "effects": effects}


def profile() -> dict:
    """AlgoPerf's score by summing a finely sampled profile."""
    times = [[1.0, 2.0, None, 1.5], [4.0, 3.0, 6.0, None], [10.0, 10.0, 45.0, 20.0], [5.0, None, None, 4.0]]
    array = np.array([[np.inf if t is None else t for t in row] for row in times])
    ratios = array / array.min(1, keepdims=True)
    taus = 1 + (np.arange(300_000) + 0.5) / 100_000
    return {
        "times": times, "scores": [float(np.mean([np.mean(ratios[:, m] <= tau) for tau in taus[::30]])) for m in range(4)],
        "within2": [float(np.mean(ratios[:, m] <= 2)) for m in range(4)],
    }


def cliff() -> list[dict]:
    cases = [([0.5, 0.75, 1.0], [0.5, 0.25, 0.75]), ([1.0], [1.0]), ([0.1, 0.2, 0.3, 0.4], [0.15, 0.35])]
    return [
        {"a": a, "b": b, "delta": float(2 * stats.mannwhitneyu(a, b).statistic / (len(a) * len(b)) - 1)} for a, b in cases
    ]


def fixture() -> dict:
    power = TTestPower()
    holm = ([0.01, 0.02, 0.03, 0.04, 0.05], [0.04, 0.01, 0.03], [0.9, 0.8], [0.2], [0.001, 0.001, 0.5, 0.04, 0.04])
    return {
        "splitmix": {"seed": 1234567, "first": [str(x) for x, _ in zip(splitmix(1234567), range(5))]},
        "distributions": distributions(),
        "samples": [sample(name, values) for name, values in SAMPLES.items()],
        "bootstrap": [bootstrap(name) for name in ("five", "ties", "ten", "thirty", "skewed")],
        "holm": [{"p": list(p), "adjusted": [float(x) for x in multipletests(p, method="holm")[1]]} for p in holm],
        "power": [
            {"effect": d, "pairs": n, "level": a, "power": float(power.power(d, n, a))}
            for d, n, a in ((0.5, 10, 0.05), (1, 5, 0.05), (2, 3, 0.05), (0.3, 50, 0.01), (0.0, 8, 0.05))
        ],
        "smallestEffect": [
            {"pairs": n, "level": a, "effect": float(power.solve_power(effect_size=None, nobs=n, alpha=a, power=0.8))}
            for n, a in ((2, 0.05), (3, 0.05), (5, 0.05), (10, 0.05), (30, 0.05), (10, 0.01), (100, 0.05))
        ],
        "friedman": [friedman(name, rows) for name, rows in FRIEDMAN.items()],
        "factorial": factorial(),
        "profile": profile(),
        "cliff": cliff(),
    }


def close(a, b) -> bool:
    if isinstance(a, dict):
        return isinstance(b, dict) and a.keys() == b.keys() and all(close(a[k], b[k]) for k in a)
    if isinstance(a, list):
        return isinstance(b, list) and len(a) == len(b) and all(map(close, a, b))
    if isinstance(a, float) and isinstance(b, (int, float)):
        return abs(a - b) <= 1e-9 * max(abs(a), abs(b)) + 1e-300
    return a == b


if __name__ == "__main__":
    made = json.loads(json.dumps(fixture()))
    if "--check" in sys.argv:
        assert close(made, json.loads(FILE.read_text())), f"{FILE.name} is not what this script makes"
        print(f"{FILE.name}: same")
    else:
        FILE.parent.mkdir(exist_ok=True)
        FILE.write_text(json.dumps(made, indent=None, separators=(",", ":"), allow_nan=False) + "\n")
        print(f"{FILE.name}: {FILE.stat().st_size} bytes")
