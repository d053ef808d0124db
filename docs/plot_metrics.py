#!/usr/bin/env python3
"""Draws validation accuracy and learning rate over the epochs of a run as an SVG file.

    plot_metrics.py RUN_DIR [RUN_DIR ...] --to FILE.svg [--title TEXT]

Reads `metrics.jsonl` of each run and, for where averages restarted and how good the final average is, `summary.json`.
Needs nothing but Python's standard library."""

import argparse
import json
import math
import sys
from pathlib import Path
from xml.sax.saxutils import escape

WIDTH, LEFT, RIGHT = 720, 64, 150
PANELS = (("accuracy", 60, 250), ("learning rate", 360, 110))  # name, top, height
HEIGHT = PANELS[-1][1] + PANELS[-1][2] + 48
COLOURS = ("#1f6fb4", "#d1571f", "#2f8f4e", "#8a4fa8", "#8c6d1f")
TEXT, GRID = "#333333", "#e3e3e3"


class Run:
    """The lines of one run, an epoch each."""

    def __init__(self, folder: Path) -> None:
        lines = read_lines(folder / "metrics.jsonl")
        self.name = folder.name
        self.epochs = [line["epoch"] for line in lines]
        self.rates = [line["learningRate"] for line in lines]
        self.monitored = "test" if "test" in lines[0] else "validation"
        self.accuracies = [(line[self.monitored] or {}).get("accuracy") for line in lines]
        samples = [line["samples"] for line in lines]
        # The average is empty again after a restart, so its number of samples falls.
        self.restarts = [epoch for epoch, a, b in zip(self.epochs[1:], samples, samples[1:]) if b < a]
        self.average = None
        summary = folder / "summary.json"
        if summary.exists():
            averaged = json.loads(summary.read_text(encoding="utf-8")).get("averaged") or {}
            self.average = (averaged.get(self.monitored) or {}).get("accuracy")


def read_lines(path: Path) -> list[dict]:
    lines = []
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        sys.exit(f"{path}: {error}. Give the folder that --out named")
    for number, line in enumerate(text.splitlines(), 1):
        try:
            lines.append(json.loads(line))
        except ValueError as error:
            sys.exit(f"{path}: line {number}: {error}")
    if not lines:
        sys.exit(f"{path}: has no line: the run has not finished an epoch")
    return lines


def steps(low: float, high: float, count: int) -> list[float]:
    """About `count` round numbers (1, 2 or 5 times a power of ten apart) within low...high."""
    raw = (high - low) / count
    power = 10 ** math.floor(math.log10(raw))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= raw * 0.999)
    first = math.ceil(low / step - 1e-9)
    return [i * step for i in range(first, math.floor(high / step + 1e-9) + 1)]


def text(x: float, y: float, words: str, anchor: str = "start", size: int = 12, colour: str = TEXT) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" fill="{colour}">{escape(words)}</text>'


def line(x1: float, y1: float, x2: float, y2: float, style: str) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" {style}/>'


def draw(runs: list[Run], title: str) -> str:
    last = max(max(run.epochs) for run in runs)
    right = WIDTH - RIGHT
    parts = [text(LEFT, 24, title, size=15)]

    def x(epoch: float) -> float:
        return LEFT + (right - LEFT) * epoch / last

    for index, (name, top, height) in enumerate(PANELS):
        series = [(run.epochs, run.accuracies if index == 0 else run.rates) for run in runs]
        values = [v for _, ys in series for v in ys if v is not None and math.isfinite(v)]
        values += [run.average for run in runs if index == 0 and run.average is not None]
        high = max(values, default=1.0)
        low = 0.0 if index == 1 else min(values, default=0.0)
        margin = (high - low or 1.0) * 0.05
        low, high = (low - margin if index == 0 else 0.0), high + margin

        def y(value: float, top: float = top, height: float = height, low: float = low, high: float = high) -> float:
            return top + height * (1 - (value - low) / (high - low))

        for mark in steps(low, high, 5 if index == 0 else 3):
            parts.append(line(LEFT, y(mark), right, y(mark), f'stroke="{GRID}"'))
            parts.append(text(LEFT - 8, y(mark) + 4, f"{mark:.4g}", "end", 11))
        for mark in steps(0, last, 5):
            parts.append(line(x(mark), top + height, x(mark), top + height + 4, f'stroke="{TEXT}"'))
            parts.append(text(x(mark), top + height + 17, f"{mark:.4g}", "middle", 11))
        parts.append(line(LEFT, top + height, right, top + height, f'stroke="{TEXT}"'))
        parts.append(text(LEFT, top - 8, name if index else f"{runs[0].monitored} accuracy", size=12))

        for run, (epochs, ys), colour in zip(runs, series, COLOURS * len(runs)):
            if index == 0:
                for restart in run.restarts:
                    parts.append(line(x(restart), top, x(restart), top + height, f'stroke="{colour}" stroke-dasharray="2 4"'))
                    parts.append(text(x(restart), top + 10, "R", "middle", 10, colour))
            points = " ".join(f"{x(e):.1f},{y(v):.1f}" for e, v in zip(epochs, ys) if v is not None and math.isfinite(v))
            parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.6"/>')
            if index == 0 and run.average is not None:
                parts.append(f'<circle cx="{x(run.epochs[-1]):.1f}" cy="{y(run.average):.1f}" r="4" fill="{colour}"/>')

    parts.append(text((LEFT + right) / 2, HEIGHT - 10, "epoch", "middle"))
    for number, (run, colour) in enumerate(zip(runs, COLOURS * len(runs))):
        top = PANELS[0][1] + 12 + 78 * number
        parts.append(text(right + 16, top, run.name, colour=colour))
        if run.restarts:
            parts.append(text(right + 16, top + 17, "R: restart from the", size=11))
            parts.append(text(right + 16, top + 31, "average", size=11))
        if run.average is not None:
            parts.append(text(right + 16, top + 48, "\u25cf average at the end", size=11, colour=colour))
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
        f'font-family="Helvetica, Arial, sans-serif">\n<rect width="100%" height="100%" fill="white"/>\n{body}\n</svg>\n'
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN_DIR")
    parser.add_argument("--to", required=True, type=Path, metavar="FILE.svg")
    parser.add_argument("--title", default="")
    arguments = parser.parse_args()
    runs = [Run(folder) for folder in arguments.runs]
    arguments.to.write_text(draw(runs, arguments.title), encoding="utf-8")


if __name__ == "__main__":
    main()
