"""Reads Planetoid's `ind.NAME.*` files as published. The pickles may name nothing but the arrays they hold."""

import collections
import pickle
from pathlib import Path

import numpy as np
import scipy.sparse as sp

ALLOWED = {
    ("scipy.sparse.csr", "csr_matrix"): sp.csr_matrix,
    ("numpy.core.multiarray", "_reconstruct"): np._core.multiarray._reconstruct,
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
    ("collections", "defaultdict"): collections.defaultdict,
    ("__builtin__", "list"): list,
    ("builtins", "list"): list,
}


class Reader(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> object:
        if (module, name) not in ALLOWED:
            raise pickle.UnpicklingError(f"{module}.{name} has no place in a Planetoid file")
        return ALLOWED[(module, name)]


def load(folder: Path, name: str) -> tuple[sp.csr_matrix, np.ndarray, np.ndarray, dict[str, np.ndarray]]:
    """Row-normalized features [nodes, inputs], labels [nodes], edges [2, E] (both directions, unique, no self-loops), and
    the public split as node indices: train, validation, test."""

    def part(suffix: str) -> object:
        with open(folder / f"ind.{name}.{suffix}", "rb") as file:
            return Reader(file, encoding="latin1").load()

    x, tx, allx, y, ty, ally, graph = (part(s) for s in ("x", "tx", "allx", "y", "ty", "ally", "graph"))
    order = np.loadtxt(folder / f"ind.{name}.test.index", dtype=np.int64)
    nodes = max(order.max() + 1, len(graph))
    features = sp.lil_matrix((nodes, allx.shape[1]), dtype=np.float32)
    features[: allx.shape[0]] = allx
    features[order] = tx
    onehot = np.zeros((nodes, y.shape[1]))
    onehot[: len(ally)], onehot[order] = ally, ty
    features = features.tocsr()
    total = np.asarray(features.sum(1)).ravel()
    features = sp.diags(np.divide(1.0, total, out=np.zeros_like(total), where=total > 0)) @ features
    pairs = {(a, b) for a, neighbours in graph.items() for b in neighbours if a != b}
    pairs |= {(b, a) for a, b in pairs}
    split = {
        "train": np.arange(len(y)),
        "validation": np.arange(len(y), len(y) + 500),
        "test": np.sort(order),
    }
    return features.tocsr().astype(np.float32), onehot.argmax(1), np.array(sorted(pairs)).T, split
