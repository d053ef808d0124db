"""A training step of an image network in PyTorch, batch 128 of random 3x32x32, SGD with momentum 0.9 and weight decay 5e-4 in its
fastest form: eager or through torch.compile.

    vision_peer.py [--model preresnet20|preresnet164|vgg16-bn|wrn28-10] [--mode eager|compile] [--steps N | --serve]
                   [--optimizer fused|foreach|loop] [--layout channels-last|contiguous] [--peak]"""

import argparse
import json
import resource
import sys
from pathlib import Path

import torch
from torch.nn import functional as F

sys.path.append(str(Path(__file__).parent.parent / "Tests" / "Parity"))

import server
from preresnet_model import PreResNet
from vision_models import WideResNet, vgg

OPTIMIZERS = {"fused": {"fused": True}, "foreach": {"foreach": True}, "loop": {"foreach": False}}
MODELS = {
    "preresnet20": lambda: PreResNet(20),
    "preresnet164": lambda: PreResNet(164, bottleneck=True),
    "vgg16-bn": lambda: vgg(16, 64, 512, True, True),
    "wrn28-10": lambda: WideResNet(28, 10),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", choices=MODELS, default="preresnet20")
    parser.add_argument("--batch-size", type=int, default=128)
    parser.add_argument("--mode", choices=["eager", "compile"], default="eager")
    parser.add_argument("--optimizer", choices=OPTIMIZERS, default="foreach")
    parser.add_argument("--layout", choices=["channels-last", "contiguous"], default="channels-last")
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--warmup", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--serve", action="store_true", help="speak the protocol of server.py")
    parser.add_argument("--peak", action="store_true", help="print the peak of resident memory before the model, and after the steps")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    layout = torch.channels_last if options.layout == "channels-last" else torch.contiguous_format
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    model = MODELS[options.model]().to(memory_format=layout).train()
    x = torch.randn(options.batch_size, 3, 32, 32).to(memory_format=layout)
    labels = torch.randint(10, (options.batch_size,))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9, weight_decay=5e-4, **OPTIMIZERS[options.optimizer])

    def loss() -> torch.Tensor:
        return F.cross_entropy(model(x), labels)

    if options.mode == "compile":
        loss = torch.compile(loss)

    def step() -> None:
        optimizer.zero_grad()
        loss().backward()
        optimizer.step()

    for _ in range(options.warmup):
        step()
    name = f"PyTorch {options.model} {options.mode} {options.layout} {options.optimizer}"
    if options.peak:
        for _ in range(options.steps):
            step()
        after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        print(json.dumps({"name": name, "before": before * 1024, "peak": after * 1024}))
    elif options.serve:
        server.serve(name, step)
    else:
        server.report(name, step, options.steps, threads=options.threads, batch=options.batch_size, torch=torch.__version__)


if __name__ == "__main__":
    main()
