"""A training step of the two-layer GCN on Cora in Python: by default as a user of PyTorch Geometric writes it, with
--hand-tuned in plain PyTorch with everything done to make it fast (sparse features, dropout on the non-zeros alone, CSR both
ways, fused Adam).

    cora_peer.py DATA_ROOT [--hand-tuned [--random numpy]] [--steps N | --serve | --accuracy]
DATA_ROOT holds planetoid/cora/ind.cora.*. Needs torch, scipy and, without --hand-tuned, torch_geometric."""

import argparse
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import scipy.sparse as sp
import torch
from torch import nn
from torch.nn import functional as F

import planetoid
import server

HIDDEN, DROPOUT, RATE, DECAY = 16, 0.5, 0.01, 5e-4
Problem = tuple[Callable[[], object], Callable[[], torch.Tensor]]


def with_geometric(features: sp.csr_matrix, labels: torch.Tensor, edges: torch.Tensor, train: torch.Tensor) -> Problem:
    from torch_geometric.nn import GCNConv

    class Network(nn.Module):
        def __init__(self, inputs: int, classes: int) -> None:
            super().__init__()
            self.conv1 = GCNConv(inputs, HIDDEN, cached=True)
            self.conv2 = GCNConv(HIDDEN, classes, cached=True)

        def forward(self, x: torch.Tensor, edges: torch.Tensor) -> torch.Tensor:
            x = F.dropout(x, DROPOUT, self.training)
            x = F.relu(self.conv1(x, edges))
            x = F.dropout(x, DROPOUT, self.training)
            return self.conv2(x, edges)

    x = torch.from_numpy(features.toarray())
    mask = torch.zeros(len(labels), dtype=torch.bool)
    mask[train] = True
    model = Network(x.shape[1], int(labels.max()) + 1)
    optimizer = torch.optim.Adam(model.parameters(), lr=RATE, weight_decay=DECAY)

    def step() -> torch.Tensor:
        model.train()
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x, edges)[mask], labels[mask])
        loss.backward()
        optimizer.step()
        return loss

    def predict() -> torch.Tensor:
        model.eval()
        with torch.no_grad():
            return model(x, edges).argmax(1)

    return step, predict


class SparseInput(torch.autograd.Function):
    """S @ w for a constant sparse S given with its transpose, both CSR: no gradient for S, S^T @ g for w."""

    @staticmethod
    def forward(ctx, matrix: torch.Tensor, transposed: torch.Tensor, w: torch.Tensor) -> torch.Tensor:
        ctx.transposed = transposed
        return matrix @ w

    @staticmethod
    def backward(ctx, gradient: torch.Tensor):
        return None, None, ctx.transposed @ gradient.contiguous()


def csr(crow: torch.Tensor, col: torch.Tensor, value: torch.Tensor, shape: tuple[int, int]) -> torch.Tensor:
    return torch.sparse_csr_tensor(crow, col, value, shape, check_invariants=False)


def torch_dropout() -> Callable[[torch.Tensor], torch.Tensor]:
    return lambda x: F.dropout(x, DROPOUT)


def numpy_dropout() -> Callable[[torch.Tensor], torch.Tensor]:
    """A byte per element from a fast generator outside PyTorch: a tenth of the time of torch's bernoulli_."""
    generator = np.random.Generator(np.random.SFC64(0))

    def dropout(x: torch.Tensor) -> torch.Tensor:
        mask = generator.integers(0, 256, x.numel(), dtype=np.uint8) >= int(256 * DROPOUT)
        return x * torch.from_numpy(mask).to(torch.float32).mul_(1 / (1 - DROPOUT)).view_as(x)

    return dropout


def hand_tuned(features: sp.csr_matrix, labels: torch.Tensor, edges: torch.Tensor, train: torch.Tensor,
               dropout: Callable[[torch.Tensor], torch.Tensor]) -> Problem:
    nodes, inputs = features.shape
    classes = int(labels.max()) + 1
    crow, col = (torch.from_numpy(a.astype(np.int32)) for a in (features.indptr, features.indices))
    value = torch.from_numpy(features.data)
    # The transpose once, with the place each of its values comes from.
    numbered = sp.csr_matrix((np.arange(features.nnz), features.indices, features.indptr), features.shape).T.tocsr()
    numbered.sort_indices()
    crow_t, col_t = (torch.from_numpy(a.astype(np.int32)) for a in (numbered.indptr, numbered.indices))
    place = torch.from_numpy(numbered.data.astype(np.int64))
    a, b = edges.numpy()
    adjacency = sp.csr_matrix((np.ones(len(a), np.float32), (b, a)), (nodes, nodes)) + sp.identity(nodes, np.float32)
    scale = sp.diags(1 / np.sqrt(np.asarray(adjacency.sum(1)).ravel()))
    adjacency = (scale @ adjacency @ scale).tocsr().astype(np.float32)
    graph = csr(*(torch.from_numpy(v) for v in (adjacency.indptr.astype(np.int32), adjacency.indices.astype(np.int32),
                                                adjacency.data)), (nodes, nodes))  # symmetric: its own transpose

    def weight(inputs: int, outputs: int) -> nn.Parameter:
        return nn.Parameter(nn.init.xavier_uniform_(torch.empty(inputs, outputs)))

    w1, b1, w2, b2 = weight(inputs, HIDDEN), nn.Parameter(torch.zeros(HIDDEN)), weight(HIDDEN, classes), \
        nn.Parameter(torch.zeros(classes))
    optimizer = torch.optim.Adam([w1, b1, w2, b2], lr=RATE, weight_decay=DECAY, fused=True)
    target = labels[train]
    whole = csr(crow, col, value, (nodes, inputs)), csr(crow_t, col_t, value[place], (inputs, nodes))

    def forward(x: torch.Tensor, x_t: torch.Tensor, training: bool) -> torch.Tensor:
        h = F.relu(SparseInput.apply(graph, graph, SparseInput.apply(x, x_t, w1)) + b1)
        if training:
            h = dropout(h)
        return SparseInput.apply(graph, graph, h @ w2) + b2

    def step() -> torch.Tensor:
        kept = dropout(value)
        optimizer.zero_grad()
        logits = forward(csr(crow, col, kept, (nodes, inputs)), csr(crow_t, col_t, kept[place], (inputs, nodes)), True)
        loss = F.cross_entropy(logits[train], target)
        loss.backward()
        optimizer.step()
        return loss

    def predict() -> torch.Tensor:
        with torch.no_grad():
            return forward(*whole, False).argmax(1)

    return step, predict


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data_root", type=Path)
    parser.add_argument("--hand-tuned", action="store_true")
    parser.add_argument("--random", choices=["torch", "numpy"], default="torch",
                        help="where --hand-tuned takes dropout's random numbers from")
    parser.add_argument("--dataset", default="cora", choices=["cora", "citeseer"])
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--warmup", type=int, default=10)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--serve", action="store_true", help="speak the protocol of server.py")
    parser.add_argument("--accuracy", action="store_true", help="train 200 epochs and print the accuracy on the public test")
    options = parser.parse_args()
    warnings.filterwarnings("ignore", message="Sparse CSR")
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    features, labels, edges, split = planetoid.load(options.data_root / "planetoid" / options.dataset, options.dataset)
    labels = torch.from_numpy(labels)
    problem = features, labels, torch.from_numpy(edges), torch.from_numpy(split["train"])
    if options.hand_tuned:
        name = f"hand-tuned PyTorch, {options.random} dropout"
        step, predict = hand_tuned(*problem, torch_dropout() if options.random == "torch" else numpy_dropout())
    else:
        name = "PyTorch Geometric"
        step, predict = with_geometric(*problem)
    if options.accuracy:
        for _ in range(200):
            step()
        test = torch.from_numpy(split["test"])
        print(f"{name}: test accuracy {(predict()[test] == labels[test]).float().mean():.3f}")
        return
    for _ in range(options.warmup):
        step()
    if options.serve:
        server.serve(name, step)
    else:
        server.report(name, step, options.steps, threads=options.threads, torch=torch.__version__)


if __name__ == "__main__":
    main()
