"""Writes transformer-conv.safetensors: what PyTorch Geometric's TransformerConv computes. Needs torch, torch_geometric, safetensors.

    python make_fixture.py

For each case (`plain`, `gated`, `edges`, `mean`, `rootless`): `CASE/state/NAME`, `CASE/output`, `CASE/gradient/NAME` and `CASE/gradient/x` of the
sum of output * weighting. `network/...`: two gated layers with layer normalization and ReLU between them, as the model of nodes.
Shared: `x`, `edge_index` (source, target), `edge_attr`, `CASE/weighting`. Computed in float64 from float32 weights, and rounded.
"""

from pathlib import Path

import torch
from safetensors.torch import save_file
from torch_geometric.nn import TransformerConv

torch.manual_seed(9)
# Node 6 has no neighbour, node 0 sends to itself, the edge 4 -> 2 is there once only.
edges = torch.tensor([[0, 1, 1, 2, 2, 3, 3, 4, 5, 0, 0, 4], [1, 0, 2, 1, 3, 2, 4, 3, 0, 5, 0, 2]])
order = torch.argsort(edges[1] * 100 + edges[0])
edges = edges[:, order]
x = torch.randn(7, 6)
attributes = torch.randn(edges.shape[1], 3)
out = {"x": x, "edge_index": edges, "edge_attr": attributes}


class Network(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.convs = torch.nn.ModuleList(
            [TransformerConv(6, 4, heads=2, beta=True), TransformerConv(8, 3, heads=2, concat=False, beta=True)])
        self.norms = torch.nn.ModuleList([torch.nn.LayerNorm(8)])

    def forward(self, x, edges):
        return self.convs[1](torch.relu(self.norms[0](self.convs[0](x, edges))), edges)


cases = {
    "plain": (TransformerConv(6, 4, heads=2), False),
    "gated": (TransformerConv(6, 4, heads=2, beta=True), False),
    "edges": (TransformerConv(6, 4, heads=2, beta=True, edge_dim=3), True),
    "mean": (TransformerConv(6, 4, heads=3, concat=False, beta=True), False),
    "network": (Network(), False),
    "rootless": (TransformerConv(6, 4, heads=2, root_weight=False), False),
}
for name, (module, has_edges) in cases.items():
    for key, tensor in module.state_dict().items():
        # Without a root PyTorch Geometric has the projection all the same, and does not use it.
        if name == "rootless" and key.startswith("lin_skip"):
            continue
        out[f"{name}/state/{key}"] = tensor.clone()
    module = module.double()
    inputs = x.double().requires_grad_()
    result = module(inputs, edges, attributes.double()) if has_edges else module(inputs, edges)
    weighting = torch.randn_like(result).float()
    (result * weighting).sum().backward()
    out[f"{name}/output"], out[f"{name}/weighting"], out[f"{name}/gradient/x"] = result, weighting, inputs.grad
    for key, parameter in module.named_parameters():
        if parameter.grad is None:
            continue
        out[f"{name}/gradient/{key}"] = parameter.grad

out = {name: (t.detach().float() if t.is_floating_point() else t.detach()).contiguous() for name, t in out.items()}
save_file(out, Path(__file__).parent / "transformer-conv.safetensors")
