"""A training step of PreResNet-20 in eager PyTorch: channels_last, batch 128 of random 3x32x32, SGD with momentum 0.9 and
weight decay 5e-4 in its fastest form.

    preresnet_peer.py [--steps N | --serve] [--optimizer fused|foreach|loop] [--layout channels-last|contiguous]"""

import argparse
import sys
from pathlib import Path

import torch
from torch.nn import functional as F

sys.path.append(str(Path(__file__).parent.parent / "Tests" / "Parity"))

import server
from preresnet_model import PreResNet

OPTIMIZERS = {"fused": {"fused": True}, "foreach": {"foreach": True}, "loop": {"foreach": False}}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--depth", type=int, default=20)
    parser.add_argument("--batch-size", type=int, default=128)
    parser.add_argument("--optimizer", choices=OPTIMIZERS, default="foreach")
    parser.add_argument("--layout", choices=["channels-last", "contiguous"], default="channels-last")
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--warmup", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--serve", action="store_true", help="speak the protocol of server.py")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    layout = torch.channels_last if options.layout == "channels-last" else torch.contiguous_format
    model = PreResNet(options.depth, bottleneck=options.depth > 110).to(memory_format=layout).train()
    x = torch.randn(options.batch_size, 3, 32, 32).to(memory_format=layout)
    labels = torch.randint(10, (options.batch_size,))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, weight_decay=5e-4, **OPTIMIZERS[options.optimizer])

    def step() -> None:
        optimizer.zero_grad()
        F.cross_entropy(model(x), labels).backward()
        optimizer.step()

    for _ in range(options.warmup):
        step()
    name = f"PyTorch PreResNet-{options.depth} {options.layout} {options.optimizer}"
    if options.serve:
        server.serve(name, step)
    else:
        server.report(name, step, options.steps, threads=options.threads, batch=options.batch_size, torch=torch.__version__)


if __name__ == "__main__":
    main()
