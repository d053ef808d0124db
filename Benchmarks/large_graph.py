#!/usr/bin/env python3
"""Trains a GCN on all nodes at once, on generated graphs up to a million nodes and ten million edges, and draws time and memory by size.

    large_graph.py FOLDER [--sizes 62500,...,1000000] [--epochs 20] [--threads 2] [--repeats 1] [--to FILE.svg]
keeps the graphs (110 MB for the largest, made by generate_large_graph.py with numpy) in FOLDER and prints a table. Each size is a process of its
own, so that its peak of memory is its own. An epoch is one step over all training nodes; its time is the median step."""

import argparse
import json
import math
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COLOURS = {"training step": "#1f6fb4", "peak memory": "#d1571f"}


def measure(program: Path, folder: Path, nodes: int, epochs: int, threads: int) -> dict:
    graph = folder / str(nodes)
    if not (graph / "split/random/test.csv.gz").exists():
        subprocess.run([sys.executable, ROOT / "Benchmarks/generate_large_graph.py", graph, str(nodes)], check=True)
    with tempfile.TemporaryDirectory() as out:
        command = [
            program, "train", "--model", "gcn", "--dataset", f"ogb:{graph}", "--set", "dataset.standardize=true", "--method", "backbone",
            "--epochs", str(epochs), "--lr", "0.05", "--threads", str(threads), "--checkpoint-every", "1000000ep", "--out", f"{out}/run",
            "--json", "--quiet",
        ]
        run = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return {
        "nodes": nodes, "step": run["stepMilliseconds"]["median"] / 1e3, "epoch": (run["seconds"]["train"] + run["seconds"]["evaluate"]) / epochs,
        "memory": run["peakMemoryBytes"] / 1e9, "reading": run["seconds"]["data"], "test": run["test"]["accuracy"],
    }


def exponent(rows: list[dict], key: str) -> float:
    """The slope of log(key) over log(nodes), by least squares: 1 is linear growth."""
    points = [(math.log(row["nodes"]), math.log(row[key])) for row in rows]
    x, y = (sum(part) / len(points) for part in zip(*points))
    return sum((a - x) * (b - y) for a, b in points) / sum((a - x) ** 2 for a, _ in points)


def draw(rows: list[dict], path: Path) -> None:
    """Two panels with logarithmic axes; a dashed line of slope 1 through the largest size."""
    parts = [
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 760 320" width="760" height="320" font-family="Helvetica, Arial, sans-serif" font-size="11">',
        '<rect width="100%" height="100%" fill="white"/>',
        '<text x="24" y="22" font-size="14" fill="#333333">GCN over all nodes at once: ten edges and 64 features a node</text>',
    ]
    xs = [math.log10(row["nodes"]) for row in rows]
    for number, (name, key, unit) in enumerate((("training step", "step", "s"), ("peak memory", "memory", "GB"))):
        left, top, width, height = 70 + 370 * number, 60, 290, 200
        values = [math.log10(row[key]) for row in rows]
        low, high = math.floor(min(values)), math.ceil(max(values))
        reach = max(xs) - min(xs) or 1

        def place(x: float, y: float) -> tuple[float, float]:
            return left + width * (0.04 + 0.92 * (x - min(xs)) / reach), top + height * (high - y) / (high - low)

        parts.append(f'<text x="{left}" y="{top - 12}" fill="#333333">{name}, {unit} (grows as size to the {exponent(rows, key):.2f})</text>')
        for power in range(low, high + 1):
            for digit in (1, 2, 5):
                y = power + math.log10(digit)
                if y > high:
                    continue
                _, v = place(min(xs), y)
                parts.append(f'<line x1="{left}" y1="{v:.1f}" x2="{left + width}" y2="{v:.1f}" stroke="#e3e3e3"/>')
                parts.append(f'<text x="{left - 6}" y="{v + 4:.1f}" text-anchor="end" fill="#333333">{digit * 10.0 ** power:g}</text>')
        for x, row in zip(xs, rows):
            u, _ = place(x, low)
            parts.append(f'<text x="{u:.1f}" y="{top + height + 16}" text-anchor="middle" fill="#333333">{row["nodes"]:,}</text>')
        first = values[-1] - reach
        (a, b), (c, d) = place(min(xs), max(first, low)), place(max(xs), values[-1])
        if first >= low:
            parts.append(f'<line x1="{a:.1f}" y1="{b:.1f}" x2="{c:.1f}" y2="{d:.1f}" stroke="#999999" stroke-dasharray="4 4"/>')
        points = [place(x, y) for x, y in zip(xs, values)]
        parts.append(f'<polyline fill="none" stroke="{COLOURS[name]}" stroke-width="2" points="{" ".join(f"{u:.1f},{v:.1f}" for u, v in points)}"/>')
        parts += [f'<circle cx="{u:.1f}" cy="{v:.1f}" r="3.5" fill="{COLOURS[name]}"/>' for u, v in points]
        parts.append(f'<text x="{left + width / 2}" y="{top + height + 36}" text-anchor="middle" fill="#333333">nodes</text>')
    parts.append('<text x="24" y="312" fill="#777777">dashed: linear growth through the largest size</text></svg>')
    path.write_text("\n".join(parts) + "\n", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--sizes", default="62500,125000,250000,500000,1000000")
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=1, help="runs of each size, one of each after the other; the least time of each counts")
    parser.add_argument("--to", type=Path)
    parser.add_argument("--program", type=Path, default=ROOT / "basin")
    options = parser.parse_args()
    print("| nodes | edges | reading, s | training step, s | epoch with validation, s | peak memory, GB | test accuracy |\n|---|---|---|---|---|---|---|")
    sizes = [int(size) for size in options.sizes.split(",")]
    runs = [[measure(options.program, options.folder, size, options.epochs, options.threads) for size in sizes] for _ in range(options.repeats)]
    rows = [{key: min(run[key] for run in same) for key in same[0]} for same in zip(*runs)]
    for row in rows:
        nodes = row["nodes"]
        print(f"| {nodes:,} | {10 * nodes:,} | {row['reading']:.1f} | {row['step']:.3f} | {row['epoch']:.3f} | {row['memory']:.2f} | {row['test']:.4f} |")
    if len(rows) > 1:
        print("growth as size to the power: " + ", ".join(f"{key} {exponent(rows, key):.2f}" for key in ("reading", "step", "epoch", "memory")))
    if options.to:
        draw(rows, options.to)


if __name__ == "__main__":
    main()
