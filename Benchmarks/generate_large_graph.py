#!/usr/bin/env python3
"""Makes a graph with communities for the benchmark of size: NODES nodes, ten times as many undirected edges, 64 features a node.

    generate_large_graph.py FOLDER NODES
writes what Basin reads as ogb:FOLDER (OGB's layout, csv.gz), piece by piece, so that memory stays small. The same arguments give the
same numbers. A node has one of 16 classes; four of five edges stay within the class; four of the 64 features, digits, lean to it. Half of the nodes
are to train on, a quarter each to validate and to test. Needs numpy."""

import sys
import zlib
from pathlib import Path

import numpy as np

CLASSES, FEATURES, PIECE = 16, 64, 100_000


class Writer:
    """A gzip file that numbers are appended to; its header has no time, so that the same numbers give the same bytes."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.file = open(path, "wb")
        self.packer = zlib.compressobj(1, zlib.DEFLATED, 31)

    def __enter__(self) -> "Writer":
        return self

    def __exit__(self, *_) -> None:
        self.file.write(self.packer.flush())
        self.file.close()

    def lines(self, rows: np.ndarray) -> None:
        text = "\n".join(map(str, rows.tolist())) if rows.ndim == 1 else "\n".join(f"{a},{b}" for a, b in rows.tolist())
        self.file.write(self.packer.compress(text.encode() + b"\n"))

    def digits(self, rows: np.ndarray) -> None:
        """Rows of numbers from 0 to 9."""
        text = np.full((len(rows), 2 * rows.shape[1]), ord(","), np.uint8)
        text[:, ::2] = rows + ord("0")
        text[:, -1] = ord("\n")
        self.file.write(self.packer.compress(text.tobytes()))


def main() -> None:
    folder, nodes = Path(sys.argv[1]), int(sys.argv[2])
    generator = np.random.default_rng(0)
    labels = generator.integers(0, CLASSES, nodes)
    members = np.argsort(labels, kind="stable")
    counts = np.bincount(labels, minlength=CLASSES)
    begins = np.cumsum(counts) - counts

    with Writer(folder / "raw/node-feat.csv.gz") as file:
        for first in range(0, nodes, PIECE):
            own = labels[first:first + PIECE]
            digits = generator.integers(0, 8, (len(own), FEATURES), dtype=np.uint8)
            leaning = np.arange(FEATURES)[None] % CLASSES == own[:, None]
            digits += leaning * generator.integers(0, 3, digits.shape, dtype=np.uint8)
            file.digits(digits)
    with Writer(folder / "raw/edge.csv.gz") as file:
        for first in range(0, 10 * nodes, PIECE):
            count = min(PIECE, 10 * nodes - first)
            sources = generator.integers(0, nodes, count)
            own = labels[sources]
            targets = members[begins[own] + generator.integers(0, counts[own])]
            targets = np.where(generator.random(count) < 0.8, targets, generator.integers(0, nodes, count))
            file.lines(np.stack([sources, targets], 1))
    with Writer(folder / "raw/node-label.csv.gz") as file:
        file.lines(labels)
    for name, count in [("node", nodes), ("edge", 10 * nodes)]:
        with Writer(folder / f"raw/num-{name}-list.csv.gz") as file:
            file.lines(np.array([count]))
    order = generator.permutation(nodes)
    parts = {"train": order[:nodes // 2], "valid": order[nodes // 2:3 * nodes // 4], "test": order[3 * nodes // 4:]}
    for name, numbers in parts.items():
        with Writer(folder / f"split/random/{name}.csv.gz") as file:
            file.lines(np.sort(numbers))


if __name__ == "__main__":
    main()
