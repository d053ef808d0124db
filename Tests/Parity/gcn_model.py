"""Graph convolutional network (Kipf & Welling 2017): H' = A X W^T + b with A = D^-1/2 (adjacency + I) D^-1/2, ReLU between
layers. Tensor names and shapes are those of torch_geometric.nn.GCNConv in a ModuleList `convs`."""

import torch
from torch import nn
from torch.nn import functional as F


def renormalized(edges: torch.Tensor, nodes: int) -> torch.Tensor:
    """Dense float64 D^-1/2 (adjacency + I) D^-1/2 of `edges` [2, E] (both directions listed, no self-loops)."""
    adjacency = torch.eye(nodes, dtype=torch.float64)
    adjacency[edges[1], edges[0]] += 1
    scale = adjacency.sum(1).rsqrt()
    return scale[:, None] * adjacency * scale[None, :]


class Convolution(nn.Module):
    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(outputs))
        self.lin = nn.Linear(inputs, outputs, bias=False)

    def forward(self, x: torch.Tensor, adjacency: torch.Tensor) -> torch.Tensor:
        return adjacency @ self.lin(x) + self.bias


class GCN(nn.Module):
    """x [nodes, inputs], adjacency [nodes, nodes] -> [nodes, classes]."""

    def __init__(self, widths: list[int]) -> None:
        super().__init__()
        self.convs = nn.ModuleList(Convolution(a, b) for a, b in zip(widths, widths[1:]))

    def forward(self, x: torch.Tensor, adjacency: torch.Tensor) -> torch.Tensor:
        for conv in self.convs[:-1]:
            x = F.relu(conv(x, adjacency))
        return self.convs[-1](x, adjacency)
