"""Makes batches of augmented pictures as torchvision's data sets and transforms on PIL pictures do, to be timed.

    pipeline_peer.py cifar ROOT --serve       ROOT/cifar-10-batches-bin: pad by 4, crop 32, mirror, to tensor, normalize
    pipeline_peer.py jpeg FOLDER --serve      FOLDER/CLASS/*.jpg: open, RandomResizedCrop 224, mirror, to tensor, normalize
A step is a batch of --batch-size pictures on one core. --augment adds RandAugment and ColorJitter to either."""

import argparse
import io
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torchvision import transforms

import server


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["cifar", "jpeg"])
    parser.add_argument("path", type=Path)
    parser.add_argument("--batch-size", type=int, default=128)
    parser.add_argument("--augment", action="store_true")
    parser.add_argument("--serve", action="store_true")
    parser.add_argument("--steps", type=int, default=10)
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(1)
    normalize = [transforms.ToTensor(), transforms.Normalize((0.4914, 0.4822, 0.4465), (0.2023, 0.1994, 0.2010))]
    colours = [transforms.RandAugment(2, 9), transforms.ColorJitter(0.4, 0.4, 0.4, 0.1)] if options.augment else []
    flip = transforms.RandomHorizontalFlip()
    if options.what == "cifar":
        files = sorted((options.path / "cifar-10-batches-bin").glob("data_batch_*.bin"))
        records = np.concatenate([np.fromfile(file, np.uint8).reshape(-1, 3073) for file in files])
        labels = records[:, 0].astype(np.int64)
        pictures = np.ascontiguousarray(records[:, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1))
        change = transforms.Compose([transforms.RandomCrop(32, 4), flip, *colours, *normalize])
        load = lambda i: Image.fromarray(pictures[i])
    else:
        files = sorted(options.path.glob("*/*.jpg"))
        classes = sorted({file.parent.name for file in files})
        labels = np.array([classes.index(file.parent.name) for file in files])
        contents = [file.read_bytes() for file in files]
        change = transforms.Compose([transforms.RandomResizedCrop(224), flip, *colours, *normalize])
        load = lambda i: Image.open(io.BytesIO(contents[i])).convert("RGB")
    position = 0

    def step() -> tuple[torch.Tensor, torch.Tensor]:
        nonlocal position
        indices = [(position + n) % len(labels) for n in range(options.batch_size)]
        position += options.batch_size
        images = torch.stack([change(load(i)) for i in indices])
        return images.to(memory_format=torch.channels_last), torch.tensor(labels[indices])

    name = f"torchvision, Pillow {Image.__version__}"
    if options.serve:
        server.serve(name, step)
    else:
        server.report(name, step, options.steps)


if __name__ == "__main__":
    main()
