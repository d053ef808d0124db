"""graph-models: the graph networks beside GCN, for nodes and for whole graphs, by layers of PyTorch Geometric."""

import json

import torch
from torch import nn
from torch.nn import functional as F
from torch_geometric import nn as pyg
from torch_geometric.nn.pool import SAGPooling
from torch_geometric.utils import to_dense_adj, to_dense_batch

import fixture
import formula

NODES, INPUTS, CLASSES = 40, 80, 5
SIZES, GRAPH_INPUTS, EDGE_INPUTS = [9, 5, 12, 7, 4, 6], 6, 3
# Of the weights; MinCutPool's gradients are badly conditioned at others.
GAINS = {"mincutpool": 1.2}
ROWS = torch.tensor([0, 3, 39, 5, 8, 38, 13, 21, 34, 2])


def node_data() -> tuple[torch.Tensor, torch.Tensor]:
    """A directed graph, edges [2, E], with an isolated node, and features of which a tenth is not 0."""
    generator = torch.Generator().manual_seed(11)
    pairs = torch.cartesian_prod(torch.arange(NODES - 1), torch.arange(NODES - 1))
    pairs = pairs[(pairs[:, 0] != pairs[:, 1]) & (torch.rand(len(pairs), generator=generator) < 0.08)]
    x = torch.rand(NODES, INPUTS, generator=generator) * (torch.rand(NODES, INPUTS, generator=generator) < 0.1)
    return pairs.T.contiguous(), x


def graph_data() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Graphs packed one behind the other: edges in both directions, a ring and a few more each; features; graph of each node."""
    generator = torch.Generator().manual_seed(12)
    edges, begin = set(), 0
    for size in SIZES:
        for i in range(size):
            edges.add((begin + i, begin + (i + 1) % size))
        for _ in range(size // 2):
            a, b = torch.randint(size, (2,), generator=generator).tolist()
            if a != b:
                edges.add((begin + a, begin + b))
        begin += size
    both = sorted({(a, b) for a, b in edges} | {(b, a) for a, b in edges})
    x = torch.rand(begin, GRAPH_INPUTS, generator=generator) * 2 - 1
    batch = torch.repeat_interleave(torch.arange(len(SIZES)), torch.tensor(SIZES))
    return torch.tensor(both).T.contiguous(), x, batch


def edge_features(edges: torch.Tensor) -> torch.Tensor:
    """[E, EDGE_INPUTS]; an edge's two directions differ."""
    return torch.rand(edges.shape[1], EDGE_INPUTS, generator=torch.Generator().manual_seed(13)) * 2 - 1


READOUTS = {"sum": pyg.global_add_pool, "mean": pyg.global_mean_pool, "max": pyg.global_max_pool}
ACTIVATIONS = {"relu": F.relu, "elu": F.elu}


class Network(nn.Module):
    """Layers `convs` with what the options of Basin's networks put around them."""

    def __init__(self, convs, widths, graphs, activation="relu", norm=None, residual=False, readout="mean", cat=False, last=8):
        super().__init__()
        self.convs = nn.ModuleList(convs)
        hidden = widths if graphs else widths[:-1]
        if norm:
            self.norms = nn.ModuleList((nn.BatchNorm1d if norm == "batch" else nn.LayerNorm)(w) for w in hidden)
        if graphs:
            self.lin1 = nn.Linear(sum(widths) if cat else widths[-1], last)
            self.lin2 = nn.Linear(last, CLASSES)
        self.graphs, self.activation, self.residual, self.readout, self.cat = graphs, activation, residual, readout, cat

    def forward(self, x, edges, batch=None):
        kept = []
        for index, conv in enumerate(self.convs):
            more = [edge_features(edges).to(x.dtype)] if isinstance(conv, pyg.GINEConv) else []
            before, x = x, conv(x, edges, *more)
            if not self.graphs and index == len(self.convs) - 1:
                return x
            if hasattr(self, "norms"):
                x = self.norms[index](x)
            x = ACTIVATIONS[self.activation](x)
            # Sparse features have no residual; here widths differ in the first layer anyway.
            if self.residual and before.shape[1] == x.shape[1]:
                x = x + before
            kept.append(x)
        vectors = [READOUTS[self.readout](x, batch, len(SIZES)) for x in (kept if self.cat else kept[-1:])]
        return self.lin2(F.relu(self.lin1(torch.cat(vectors, 1))))


class GCNII(nn.Module):
    def __init__(self, hidden, layers):
        super().__init__()
        self.lins = nn.ModuleList([nn.Linear(INPUTS, hidden), nn.Linear(hidden, CLASSES)])
        self.convs = nn.ModuleList(pyg.GCN2Conv(hidden, 0.1, 0.5, i + 1) for i in range(layers))

    def forward(self, x, edges, batch=None):
        x = first = F.relu(self.lins[0](x))
        for conv in self.convs:
            x = F.relu(conv(x, first, edges))
        return self.lins[1](x)


class Spread(nn.Module):
    def __init__(self, steps):
        super().__init__()
        self.lins = nn.ModuleList([nn.Linear(INPUTS, 8), nn.Linear(8, CLASSES)])
        self.steps = pyg.APPNP(steps, 0.1) if steps else None

    def forward(self, x, edges, batch=None):
        x = self.lins[1](F.relu(self.lins[0](x)))
        return self.steps(x, edges) if self.steps else x


class SAGPool(nn.Module):
    def __init__(self, hierarchical, hidden=8):
        super().__init__()
        self.convs = nn.ModuleList(pyg.GCNConv(GRAPH_INPUTS if i == 0 else hidden, hidden) for i in range(3))
        width = hidden if hierarchical else 3 * hidden
        self.pools = nn.ModuleList(SAGPooling(width, 0.5, GNN=pyg.GCNConv) for _ in range(3 if hierarchical else 1))
        self.lin1, self.lin2, self.lin3 = nn.Linear(2 * width, hidden), nn.Linear(hidden, 4), nn.Linear(4, CLASSES)
        self.hierarchical = hierarchical

    def forward(self, x, edges, batch=None):
        def read(x, batch):
            return torch.cat([pyg.global_max_pool(x, batch, len(SIZES)), pyg.global_mean_pool(x, batch, len(SIZES))], 1)

        layers, total = [], 0
        for index, conv in enumerate(self.convs):
            x = F.relu(conv(x, edges))
            layers.append(x)
            if self.hierarchical:
                x, edges, _, batch, _, _ = self.pools[index](x, edges, None, batch)
                total = total + read(x, batch)
        if not self.hierarchical:
            x, _, _, batch, _, _ = self.pools[0](torch.cat(layers, 1), edges, None, batch)
            total = read(x, batch)
        return self.lin3(F.relu(self.lin2(F.relu(self.lin1(total)))))


class MinCut(nn.Module):
    def __init__(self, hidden=8):
        super().__init__()
        self.conv = pyg.GCNConv(GRAPH_INPUTS, hidden)
        mean = sum(SIZES) / len(SIZES)
        first = -int(-0.5 * mean // 1)
        self.pools = nn.ModuleList([nn.Linear(hidden, first), nn.Linear(hidden, -int(-0.5 * first // 1))])
        self.convs = nn.ModuleList(pyg.DenseGraphConv(hidden, hidden) for _ in range(2))
        self.lin1, self.lin2 = nn.Linear(hidden, hidden), nn.Linear(hidden, CLASSES)

    def forward(self, x, edges, batch=None):
        x = F.relu(self.conv(x, edges))
        x, mask = to_dense_batch(x, batch)
        adjacency = to_dense_adj(edges, batch).to(x.dtype)
        x, adjacency, cut, orthogonality = pyg.dense_mincut_pool(x, adjacency, self.pools[0](x), mask)
        x = F.relu(self.convs[0](x, adjacency))
        x, adjacency, cut2, orthogonality2 = pyg.dense_mincut_pool(x, adjacency, self.pools[1](x))
        x = self.convs[1](x, adjacency)
        self.losses = {"mincut": cut + cut2, "orthogonality": orthogonality + orthogonality2}
        return self.lin2(F.relu(self.lin1(x.mean(1))))


def gin(widths, eps=False, layer=pyg.GINConv, **more):
    return [
        layer(pyg.MLP([a, b, b], norm="batch_norm", dropout=0.0), train_eps=eps, **more) for a, b in zip(widths, widths[1:])
    ]


def gine(widths, eps=False):
    return gin(widths, eps, pyg.GINEConv, edge_dim=EDGE_INPUTS)


def sage(widths, **options):
    return [pyg.SAGEConv(a, b, **options) for a, b in zip(widths, widths[1:])]


def attention(layer, inputs, shapes):
    convs = []
    for heads, width, concat in shapes:
        convs.append(layer(inputs, width, heads, concat=concat))
        inputs = heads * width if concat else width
    return convs


NODE_WIDTHS, GRAPH_WIDTHS = [INPUTS, 8, CLASSES], [GRAPH_INPUTS, 8, 8, 8]
HEADS = {"hidden": "4", "heads": "3", "outputHeads": "2", "attentionDropout": "0"}
SMALL = {"hidden": "8"}
# Name: model of Basin, its options beside dropout=0, whether whole graphs, and the twin.
MODELS = {
    "gat": ("gat", HEADS, False, lambda: Network(attention(pyg.GATConv, INPUTS, [(3, 4, True), (2, CLASSES, False)]), [12, CLASSES], False, "elu")),
    "gatv2": ("gatv2", HEADS, False, lambda: Network(attention(pyg.GATv2Conv, INPUTS, [(3, 4, True), (2, CLASSES, False)]), [12, CLASSES], False, "elu")),
    "gat-graphs": ("gat", HEADS | {"norm": "layer", "residual": "true", "layers": "3", "readout": "max"}, True,
                   lambda: Network(attention(pyg.GATConv, GRAPH_INPUTS, [(3, 4, True)] * 3), [12] * 3, True, "elu", "layer", True, "max", last=4)),
    "gatv2-graphs": ("gatv2", HEADS, True, lambda: Network(attention(pyg.GATv2Conv, GRAPH_INPUTS, [(3, 4, True)] * 2), [12] * 2, True, "elu", last=4)),
    "graphsage": ("graphsage", SMALL, False, lambda: Network(sage(NODE_WIDTHS), NODE_WIDTHS[1:], False)),
    "graphsage-max": ("graphsage", SMALL | {"reduction": "max"}, False, lambda: Network(sage(NODE_WIDTHS, aggr="max"), NODE_WIDTHS[1:], False)),
    "graphsage-pool": ("graphsage", SMALL | {"reduction": "pool"}, False,
                       lambda: Network(sage(NODE_WIDTHS, aggr="max", project=True), NODE_WIDTHS[1:], False)),
    "graphsage-graphs": ("graphsage", SMALL | {"layers": "3", "norm": "batch"}, True,
                         lambda: Network(sage(GRAPH_WIDTHS), GRAPH_WIDTHS[1:], True, norm="batch")),
    "gin": ("gin", SMALL | {"layers": "2", "norm": "none", "learnEpsilon": "true"}, False, lambda: Network(gin(NODE_WIDTHS, True), NODE_WIDTHS[1:], False)),
    "gin-graphs": ("gin", SMALL | {"layers": "3"}, True,
                   lambda: Network(gin(GRAPH_WIDTHS), GRAPH_WIDTHS[1:], True, norm="batch", readout="sum", cat=True)),
    "gine": ("gine", SMALL | {"layers": "2", "norm": "none", "learnEpsilon": "true"}, False,
             lambda: Network(gine(NODE_WIDTHS, True), NODE_WIDTHS[1:], False)),
    "gine-graphs": ("gine", SMALL | {"layers": "3"}, True,
                    lambda: Network(gine(GRAPH_WIDTHS), GRAPH_WIDTHS[1:], True, norm="batch", readout="sum", cat=True)),
    "gcn-graphs": ("gcn", SMALL | {"layers": "3"}, True,
                   lambda: Network([pyg.GCNConv(a, b) for a, b in zip(GRAPH_WIDTHS, GRAPH_WIDTHS[1:])], GRAPH_WIDTHS[1:], True)),
    "gcnii": ("gcnii", SMALL | {"layers": "4"}, False, lambda: GCNII(8, 4)),
    "appnp": ("appnp", SMALL | {"steps": "3"}, False, lambda: Spread(3)),
    "mlp": ("mlp", SMALL, False, lambda: Spread(0)),
    "sgc": ("sgc", {}, False, lambda: pyg.SGConv(INPUTS, CLASSES, 2)),
    "sagpool-g": ("sagpool-g", SMALL, True, lambda: SAGPool(False)),
    "sagpool-h": ("sagpool-h", SMALL, True, lambda: SAGPool(True)),
    "mincutpool": ("mincutpool", SMALL, True, lambda: MinCut()),
}


def run(name, make, graphs, dtype):
    model = make()
    formula.fill(model, GAINS.get(name, 1.5))
    for path, parameter in model.named_parameters():
        if path.endswith("select.weight"):
            # A scale of the scores that has no effect: tanh(score * w / |w|).
            parameter.data.fill_(1)
    model.to(dtype)
    if graphs:
        edges, x, batch = graph_data()
        logits, labels = model(x.to(dtype), edges, batch), formula.labels(len(SIZES), CLASSES)
    else:
        edges, x = node_data()
        every = model(x.to(dtype), edges)
        logits, labels = every[ROWS], formula.labels(NODES, CLASSES)[ROWS]
    loss = F.cross_entropy(logits, labels)
    out = {"logits": logits}
    for key, extra in getattr(model, "losses", {}).items():
        loss = loss + extra
        out[f"loss.{key}"] = extra
    loss.backward()
    out["loss"] = loss
    for path, parameter in model.named_parameters():
        if not path.endswith("select.weight"):
            out[path] = parameter
            out[f"grad.{path}"] = parameter.grad
    return {path: tensor.detach().clone() for path, tensor in out.items()}


if __name__ == "__main__":
    edges, x = node_data()
    features = x.to_sparse_csr()
    graph_edges, graph_x, batch = graph_data()
    tensors = {
        "nodes.edges": edges, "nodes.rows": ROWS, "nodes.labels": formula.labels(NODES, CLASSES),
        "nodes.x.crow": features.crow_indices(), "nodes.x.col": features.col_indices(), "nodes.x.value": features.values(),
        "nodes.edgeFeatures": edge_features(edges), "graphs.edgeFeatures": edge_features(graph_edges),
        "graphs.edges": graph_edges, "graphs.x": graph_x, "graphs.labels": formula.labels(len(SIZES), CLASSES),
    }
    models = {}
    for name, (model, settings, graphs, make) in MODELS.items():
        found, vanishing = fixture.reference(lambda dtype: run(name, make, graphs, dtype), 5e-6, describe=name)
        tensors |= {f"{name}/{key}": tensor for key, tensor in found.items()}
        models[name] = {"model": model, "settings": settings, "graphs": graphs, "vanishing": vanishing}
    fixture.write(
        "graph-models", tensors,
        {"models": json.dumps(models), "sizes": SIZES, "nodes": NODES, "features": INPUTS, "classes": CLASSES, "tolerance": 1e-5})
