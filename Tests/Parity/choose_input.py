"""Finds input paths whose activations stay clear of every kink (see fixture.kink_margin): `choose_input.py MODEL COUNT`
prints the margins of input.0 ... input.COUNT-1, widest first."""

import sys

import torch

import fixture
import formula
import make_preresnet
import make_vgg
from preresnet_model import PreResNet
from vgg_model import VGG16

MODELS = {
    "preresnet20": (lambda: PreResNet(20), make_preresnet.GAIN),
    "preresnet29-bottleneck": (lambda: PreResNet(29, bottleneck=True), make_preresnet.GAIN),
    "vgg16": (lambda: VGG16(False), make_vgg.GAINS[False]),
    "vgg16-bn": (lambda: VGG16(True), make_vgg.GAINS[True]),
}

if __name__ == "__main__":
    build, gain = MODELS[sys.argv[1]]
    model = build()
    formula.fill(model, gain)
    model.double()

    def margin(path: str) -> float:
        def forward() -> None:
            with torch.no_grad():
                model.train()(formula.pictures(path, 4).double())

        return fixture.kink_margin(forward)

    found = sorted(((margin(f"input.{k}"), f"input.{k}") for k in range(int(sys.argv[2]))), reverse=True)
    for size, path in found[:8]:
        print(f"{path} {size:.2g}")
