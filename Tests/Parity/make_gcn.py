"""gcn2 and gcn3: full-batch node classification on a small random graph with sparse features and an isolated node."""

import warnings

import torch
from torch.nn import functional as F
from torch_geometric.nn import GCNConv

import fixture
import formula
from gcn_model import GCN, renormalized

NODES, INPUTS, CLASSES, GAIN = 40, 24, 5, 1.5


def graph() -> tuple[torch.Tensor, torch.Tensor]:
    """Edges [2, E] in both directions and dense features; node 39 has no edge, node 38 no feature."""
    generator = torch.Generator().manual_seed(7)
    pairs = torch.combinations(torch.arange(NODES - 1))
    pairs = pairs[torch.rand(len(pairs), generator=generator) < 0.1]
    edges = torch.cat([pairs, pairs.flip(1)]).T.contiguous()
    edges = edges[:, torch.randperm(edges.shape[1], generator=generator)]
    x = torch.rand(NODES, INPUTS, generator=generator) * (torch.rand(NODES, INPUTS, generator=generator) < 0.15)
    x[NODES - 2] = 0
    return edges, x


def run(widths: list[int], edges: torch.Tensor, x: torch.Tensor, rows: torch.Tensor, dtype: torch.dtype):
    model = GCN(widths)
    formula.fill(model, GAIN)
    model.to(dtype)
    every = model(x.to(dtype), renormalized(edges, NODES).to(dtype))
    loss = F.cross_entropy(every[rows], formula.labels(NODES, CLASSES)[rows])
    loss.backward()
    out = {"output.all": every, "output.logits": every[rows], "output.loss": loss}
    out |= {name: p for name, p in model.named_parameters()}
    out |= {f"grad.{name}": p.grad for name, p in model.named_parameters()}
    return {name: tensor.detach().clone() for name, tensor in out.items()}


def check_against_geometric(widths: list[int], edges: torch.Tensor, x: torch.Tensor) -> None:
    ours, theirs = GCN(widths).double(), torch.nn.Module()
    theirs.convs = torch.nn.ModuleList(GCNConv(a, b) for a, b in zip(widths, widths[1:])).double()
    formula.fill(ours, GAIN)
    theirs.load_state_dict(ours.state_dict())
    h = x.double()
    for index, conv in enumerate(theirs.convs):
        h = conv(h if index == 0 else F.relu(h), edges)
    expected = ours(x.double(), renormalized(edges, NODES))
    assert fixture.relative_error(h, expected) < 1e-12
    gradients = [torch.autograd.grad(y.square().sum(), list(m.parameters())) for y, m in ((h, theirs), (expected, ours))]
    assert all(fixture.relative_error(a, b) < 1e-12 for a, b in zip(*gradients))


def make(name: str, widths: list[int]) -> None:
    edges, x = graph()
    rows = torch.tensor([0, 3, 39, 5, 8, 38, 13, 21, 34, 2])
    check_against_geometric(widths, edges, x)
    tensors, vanishing = fixture.reference(lambda **kw: run(widths, edges, x, rows, **kw), 2e-6, describe=name)
    assert not vanishing
    features, adjacency = x.to_sparse_csr(), renormalized(edges, NODES).float().to_sparse_csr()
    assert len(set(map(tuple, edges.T.tolist()))) == edges.shape[1] and not (edges == NODES - 1).any()
    tensors |= {
        "input.edges": edges, "input.rows": rows, "input.labels": formula.labels(NODES, CLASSES),
        "input.x.crow": features.crow_indices(), "input.x.col": features.col_indices(), "input.x.value": features.values(),
        "input.adjacency.crow": adjacency.crow_indices(), "input.adjacency.col": adjacency.col_indices(),
        "input.adjacency.value": adjacency.values(),
    }
    fixture.write(name, tensors, {"gain": GAIN, "nodes": NODES, "features": INPUTS, "classes": CLASSES, "widths": widths, "tolerance": 1e-5})


if __name__ == "__main__":
    warnings.filterwarnings("ignore", message="Sparse CSR")
    make("gcn2", [INPUTS, 8, CLASSES])
    make("gcn3", [INPUTS, 12, 8, CLASSES])
