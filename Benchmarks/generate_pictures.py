"""Makes pictures for pipeline.sh: a set in CIFAR-10's binary form, and JPEG files of 500x375.

    generate_pictures.py FOLDER [--photographs TAR] [--count N]
FOLDER/cifar-10-batches-bin: noise; FOLDER/jpeg/CLASS/*.jpg: the JPEG files of TAR in both classes' folders, or without TAR `count` made
ones: scenes of waves and edges with noise, quality 90, whose files have about the size of a photograph's. Needs numpy and PIL."""

import argparse
import tarfile
from pathlib import Path

import numpy as np
from PIL import Image


def scene(generator: np.random.Generator) -> np.ndarray:
    y, x = np.mgrid[0:375, 0:500].astype(np.float32)
    result = np.zeros((375, 500, 3), np.float32)
    for _ in range(14):
        fy, fx, phase = generator.uniform(-0.2, 0.2), generator.uniform(-0.2, 0.2), generator.uniform(0, 6.3)
        result += generator.uniform(5, 30, 3) * np.sin(fy * y + fx * x + phase)[..., None]
    for _ in range(25):
        top, left = generator.integers(0, 330), generator.integers(0, 450)
        result[top : top + generator.integers(5, 120), left : left + generator.integers(5, 120)] += generator.uniform(-60, 60, 3)
    return np.clip(128 + result + generator.normal(0, 6, result.shape), 0, 255).astype(np.uint8)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--photographs", type=Path)
    parser.add_argument("--count", type=int, default=64)
    options = parser.parse_args()
    generator = np.random.default_rng(1)
    cifar = options.folder / "cifar-10-batches-bin"
    cifar.mkdir(parents=True, exist_ok=True)
    for name in [*(f"data_batch_{i}" for i in range(1, 6)), "test_batch"]:
        records = generator.integers(0, 256, (2000, 3073), np.uint8)
        records[:, 0] %= 10
        records.tofile(cifar / f"{name}.bin")
    if options.photographs:
        with tarfile.open(options.photographs) as tar:
            for member in tar.getmembers():
                parts = Path(member.name).parts
                if member.isfile() and member.name.endswith(".jpg") and not parts[-1].startswith("."):
                    file = options.folder / "jpeg" / parts[-2] / parts[-1]
                    file.parent.mkdir(parents=True, exist_ok=True)
                    file.write_bytes(tar.extractfile(member).read())
        return
    for i in range(options.count):
        file = options.folder / "jpeg" / "ab"[i % 2] / f"{i:03}.jpg"
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(scene(generator)).save(file, quality=90)


if __name__ == "__main__":
    main()
