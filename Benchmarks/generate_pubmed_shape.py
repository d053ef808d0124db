"""Makes a graph of PubMed's shape for the comparison with drawn neighbours: 19,717 nodes of 3 classes, 44,324 edges that prefer their own
class, 500 words of which a node has 50 or so, 10,000 nodes to train on.

    generate_pubmed_shape.py FOLDER
writes graph.npz for graph_peer.py and, in OGB's layout, what Basin reads as ogb:FOLDER. Needs numpy."""

import gzip
import sys
from pathlib import Path

import numpy as np

NODES, EDGES, FEATURES, CLASSES, TRAIN = 19_717, 44_324, 500, 3, 10_000


def main() -> None:
    folder = Path(sys.argv[1])
    generator = np.random.default_rng(0)
    labels = generator.integers(0, CLASSES, NODES)
    # Degrees with a tail, as citations have.
    weight = generator.pareto(2, NODES) + 0.3
    weight /= weight.sum()
    a, b = generator.choice(NODES, 6 * EDGES, p=weight), generator.choice(NODES, 6 * EDGES, p=weight)
    kept = (a != b) & ((labels[a] == labels[b]) | (generator.random(len(a)) < 0.25))
    pairs = np.unique(np.sort(np.stack([a[kept], b[kept]]), axis=0), axis=1)
    pairs = pairs[:, generator.permutation(pairs.shape[1])[:EDGES]]
    chance = 0.08 + 0.04 * (np.arange(FEATURES)[None] % CLASSES == labels[:, None])
    x = (generator.random((NODES, FEATURES)) < chance) * generator.random((NODES, FEATURES)).round(4)
    x = x.astype(np.float32)
    order = generator.permutation(NODES)
    splits = {"train": np.sort(order[:TRAIN]), "valid": np.sort(order[TRAIN:TRAIN + 2000]), "test": np.sort(order[TRAIN + 2000:])}
    (folder / "raw").mkdir(parents=True, exist_ok=True)
    (folder / "split" / "random").mkdir(parents=True, exist_ok=True)
    both = np.concatenate([pairs, pairs[::-1]], 1)
    np.savez(folder / "graph.npz", x=x, edges=both, labels=labels, train=splits["train"])

    def write(name: str, rows: np.ndarray, form: str) -> None:
        with gzip.open(folder / f"{name}.csv.gz", "wt", compresslevel=1) as file:
            np.savetxt(file, rows, fmt=form, delimiter=",")

    write("raw/edge", both.T, "%d")
    write("raw/num-node-list", np.array([NODES]), "%d")
    write("raw/num-edge-list", np.array([both.shape[1]]), "%d")
    write("raw/node-feat", x, "%g")
    write("raw/node-label", labels, "%d")
    for name, ids in splits.items():
        write(f"split/random/{name}", ids, "%d")


if __name__ == "__main__":
    main()
