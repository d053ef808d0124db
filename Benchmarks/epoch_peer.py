"""Epochs of PSWA in the structure of the SWA papers' code, in eager PyTorch: pictures through PIL transforms in a DataLoader's workers, a
step loop, a running average of the weights four times an epoch, and at the end of an epoch the weights become the average, statistics
are estimated by a pass over the augmented training data, and the held-out pictures are evaluated.

    epoch_peer.py [--epochs N] [--train N] [--test N] [--workers N] [--layout contiguous|channels-last]
Prints one JSON line: seconds of each epoch, without start-up. Pictures are random: their values do not matter to time."""

import argparse
import json
import time

import numpy as np
import torch
from PIL import Image
from torch.nn import functional as F
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms

from vision_peer import MODELS

NORMALIZE = [transforms.ToTensor(), transforms.Normalize([0.4914, 0.4822, 0.4465], [0.2023, 0.1994, 0.2010])]
TRAIN = transforms.Compose([transforms.RandomCrop(32, padding=4), transforms.RandomHorizontalFlip(), *NORMALIZE])
TEST = transforms.Compose(NORMALIZE)


class Pictures(Dataset):
    def __init__(self, count: int, transform) -> None:
        generator = np.random.default_rng(0)
        self.pictures = generator.integers(0, 256, (count, 32, 32, 3), dtype=np.uint8)
        self.labels = generator.integers(0, 10, count)
        self.transform = transform

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int):
        return self.transform(Image.fromarray(self.pictures[index])), int(self.labels[index])


def estimate_statistics(model: torch.nn.Module, loader: DataLoader) -> None:
    norms = [m for m in model.modules() if isinstance(m, torch.nn.BatchNorm2d)]
    momenta = [m.momentum for m in norms]
    for m in norms:
        m.reset_running_stats()
    model.train()
    seen = 0
    with torch.no_grad():
        for x, _ in loader:
            for m in norms:
                m.momentum = len(x) / (seen + len(x))
            model(x)
            seen += len(x)
    for m, momentum in zip(norms, momenta):
        m.momentum = momentum


def evaluate(model: torch.nn.Module, loader: DataLoader) -> float:
    model.eval()
    right = 0
    with torch.no_grad():
        for x, y in loader:
            output = model(x)
            F.cross_entropy(output, y).item()
            right += (output.argmax(1) == y).sum().item()
    return right / len(loader.dataset)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", choices=MODELS, default="preresnet20")
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--train", type=int, default=4500)
    parser.add_argument("--test", type=int, default=500)
    parser.add_argument("--batch-size", type=int, default=128)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--layout", choices=["contiguous", "channels-last"], default="contiguous")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    layout = torch.channels_last if options.layout == "channels-last" else torch.contiguous_format
    model = MODELS[options.model]().to(memory_format=layout)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9, weight_decay=5e-4)
    train = DataLoader(Pictures(options.train, TRAIN), options.batch_size, shuffle=True, num_workers=options.workers)
    test = DataLoader(Pictures(options.test, TEST), options.batch_size, num_workers=options.workers)
    seconds = []
    for _ in range(options.epochs):
        begin = time.perf_counter()
        average = [torch.zeros_like(p) for p in model.parameters()]
        samples = 0
        model.train()
        for index, (x, y) in enumerate(train, 1):
            x = x.contiguous(memory_format=layout)
            loss = F.cross_entropy(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            loss.item()
            if index % (len(train) // 4) == 0:
                samples += 1
                for mean, p in zip(average, model.parameters()):
                    mean.mul_(1 - 1 / samples).add_(p.detach(), alpha=1 / samples)
        with torch.no_grad():
            for mean, p in zip(average, model.parameters()):
                p.copy_(mean)
        estimate_statistics(model, train)
        evaluate(model, test)
        seconds.append(time.perf_counter() - begin)
    print(json.dumps({"name": f"PyTorch {options.model} {options.layout}, {options.workers} workers", "seconds": seconds}))


if __name__ == "__main__":
    main()
