"""Graph networks as a user of PyTorch Geometric trains them, the peers of Basin's: a step on Cora or CiteSeer, an epoch over a TU
set in batches, or a step with drawn neighbours on a generated graph.

    graph_peer.py nodes DATA_ROOT --model gat|gatv2|graphsage|appnp [--dataset cora|citeseer]
    graph_peer.py graphs DATA_ROOT --dataset mutag|nci1|...          (GIN)
    graph_peer.py sampled FOLDER                                      (GraphSAGE)
With --serve it speaks the protocol of server.py, else it prints a summary. Needs torch, scipy, torch_geometric; `sampled` also
torch_sparse or pyg_lib, without which torch_geometric draws no neighbours."""

import argparse
import io
import zipfile
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F
from torch_geometric.data import Data
from torch_geometric.loader import DataLoader, NeighborLoader
from torch_geometric.nn import MLP, APPNP, GATConv, GATv2Conv, GINConv, SAGEConv, global_add_pool

import planetoid
import server


class Attention(torch.nn.Module):
    """The network of the GAT paper: 8 heads of 8, dropout 0.6 on features and weights."""

    def __init__(self, layer, inputs: int, classes: int) -> None:
        super().__init__()
        self.conv1 = layer(inputs, 8, 8, dropout=0.6)
        self.conv2 = layer(64, classes, 1, concat=False, dropout=0.6)

    def forward(self, x, edges):
        x = F.dropout(x, 0.6, self.training)
        x = F.elu(self.conv1(x, edges))
        return self.conv2(F.dropout(x, 0.6, self.training), edges)


class Sage(torch.nn.Module):
    def __init__(self, inputs: int, classes: int) -> None:
        super().__init__()
        self.conv1, self.conv2 = SAGEConv(inputs, 64), SAGEConv(64, classes)

    def forward(self, x, edges):
        x = F.dropout(x, 0.5, self.training)
        x = F.relu(self.conv1(x, edges))
        return self.conv2(F.dropout(x, 0.5, self.training), edges)


class Spread(torch.nn.Module):
    def __init__(self, inputs: int, classes: int) -> None:
        super().__init__()
        self.lin1, self.lin2 = torch.nn.Linear(inputs, 64), torch.nn.Linear(64, classes)
        self.steps = APPNP(10, 0.1, cached=True)

    def forward(self, x, edges):
        x = F.relu(self.lin1(F.dropout(x, 0.5, self.training)))
        return self.steps(self.lin2(F.dropout(x, 0.5, self.training)), edges)


class GIN(torch.nn.Module):
    """Five layers, all of them read out by sums."""

    def __init__(self, inputs: int, hidden: int, classes: int) -> None:
        super().__init__()
        widths = [inputs] + [hidden] * 5
        self.convs = torch.nn.ModuleList(
            GINConv(MLP([a, b, b], norm="batch_norm", dropout=0.0)) for a, b in zip(widths, widths[1:]))
        self.norms = torch.nn.ModuleList(torch.nn.BatchNorm1d(hidden) for _ in range(5))
        self.lin1, self.lin2 = torch.nn.Linear(5 * hidden, hidden), torch.nn.Linear(hidden, classes)

    def forward(self, x, edges, batch, graphs):
        kept = []
        for conv, norm in zip(self.convs, self.norms):
            x = F.relu(norm(conv(x, edges)))
            kept.append(x)
        x = torch.cat([global_add_pool(x, batch, graphs) for x in kept], 1)
        return self.lin2(F.dropout(F.relu(self.lin1(x)), 0.5, self.training))


def nodes(options) -> object:
    features, labels, edges, split = planetoid.load(options.data_root / "planetoid" / options.dataset, options.dataset)
    x, edges = torch.from_numpy(features.toarray()), torch.from_numpy(edges)
    train, target = torch.from_numpy(split["train"]), torch.from_numpy(labels)[torch.from_numpy(split["train"])]
    inputs, classes = x.shape[1], int(labels.max()) + 1
    model = {"gat": lambda: Attention(GATConv, inputs, classes), "gatv2": lambda: Attention(GATv2Conv, inputs, classes),
             "graphsage": lambda: Sage(inputs, classes), "appnp": lambda: Spread(inputs, classes)}[options.model]()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.005, weight_decay=5e-4)
    model.train()

    def step():
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x, edges)[train], target)
        loss.backward()
        optimizer.step()
        return loss

    return step


def tu(path: Path) -> list[Data]:
    """The graphs of a TU zip with node labels as one-hot features."""
    archive = zipfile.ZipFile(path)

    def part(suffix: str, dtype=np.int64) -> np.ndarray:
        name = next(n for n in archive.namelist() if n.endswith(suffix) and "__MACOSX" not in n)
        return np.loadtxt(io.BytesIO(archive.read(name).replace(b",", b" ")), dtype=dtype, ndmin=1)

    edges, indicator = part("_A.txt").T - 1, part("_graph_indicator.txt") - 1
    labels = np.unique(part("_graph_labels.txt"), return_inverse=True)[1]
    kinds = np.unique(part("_node_labels.txt"), return_inverse=True)[1]
    x = F.one_hot(torch.from_numpy(kinds)).float()
    begins = np.searchsorted(indicator, np.arange(len(labels) + 1))
    of_edge = indicator[edges[0]]
    order = np.argsort(of_edge, kind="stable")
    edges, cuts = edges[:, order], np.searchsorted(of_edge[order], np.arange(len(labels) + 1))
    return [
        Data(x=x[begins[g]:begins[g + 1]], edge_index=torch.from_numpy(edges[:, cuts[g]:cuts[g + 1]] - begins[g]),
             y=torch.tensor([labels[g]]))
        for g in range(len(labels))
    ]


def graphs(options) -> object:
    folder = options.data_root / "tu"
    path = next(p for p in folder.glob("*.zip") if p.stem.lower() == options.dataset)
    data = tu(path)
    # As many as Basin trains on: a tenth is for the test, a tenth of the rest for validation.
    data = data[: options.examples] if options.examples else data
    loader = DataLoader(data, batch_size=options.batch_size, shuffle=True)
    model = GIN(data[0].x.shape[1], options.hidden, 1 + max(int(d.y) for d in data))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    model.train()

    def epoch():
        for batch in loader:
            optimizer.zero_grad()
            F.cross_entropy(model(batch.x, batch.edge_index, batch.batch, batch.num_graphs), batch.y).backward()
            optimizer.step()

    return epoch


def sampled(options) -> object:
    stored = np.load(options.data_root / "graph.npz")
    data = Data(x=torch.from_numpy(stored["x"]), edge_index=torch.from_numpy(stored["edges"]), y=torch.from_numpy(stored["labels"]))
    train = torch.from_numpy(stored["train"])
    loader = NeighborLoader(data, [25, 10], input_nodes=train, batch_size=options.batch_size, shuffle=True)
    model = Sage(data.x.shape[1], int(data.y.max()) + 1)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01, weight_decay=5e-4)
    model.train()

    def epoch():
        for batch in loader:
            optimizer.zero_grad()
            logits = model(batch.x, batch.edge_index)[: batch.batch_size]
            F.cross_entropy(logits, batch.y[: batch.batch_size]).backward()
            optimizer.step()

    return epoch


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kind", choices=["nodes", "graphs", "sampled"])
    parser.add_argument("--model", default="gat")
    parser.add_argument("data_root", type=Path)
    parser.add_argument("--dataset", default="cora")
    parser.add_argument("--batch-size", type=int, default=128)
    parser.add_argument("--hidden", type=int, default=64, help="of GIN")
    parser.add_argument("--examples", type=int)
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--warmup", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--serve", action="store_true", help="speak the protocol of server.py")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    step = {"nodes": nodes, "graphs": graphs, "sampled": sampled}[options.kind](options)
    for _ in range(options.warmup):
        step()
    if options.serve:
        server.serve("PyTorch Geometric", step)
    else:
        server.report("PyTorch Geometric", step, options.steps, threads=options.threads, torch=torch.__version__)


if __name__ == "__main__":
    main()
