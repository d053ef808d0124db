"""Reference networks for pictures, made narrow: torchvision's and timm's own classes with fewer channels, and where neither
has the network, a few lines after the papers' code."""

import torch
from torch import nn
from torch.nn import functional as F

from preresnet_model import PreResNet
from published_models import VisionTransformer, models

CLASSES = 10


def resnet(depth: int, width: int, small: bool) -> nn.Module:
    full = getattr(models, f"resnet{depth}")(num_classes=CLASSES)
    block = type(full.layer1[0])
    counts = [len(full.layer1), len(full.layer2), len(full.layer3), len(full.layer4)]
    full.inplanes = width
    full.conv1 = nn.Conv2d(3, width, 3, 1, 1, bias=False) if small else nn.Conv2d(3, width, 7, 2, 3, bias=False)
    full.bn1 = nn.BatchNorm2d(width)
    if small:
        full.maxpool = nn.Identity()
    full.layer1 = full._make_layer(block, width, counts[0])
    full.layer2 = full._make_layer(block, 2 * width, counts[1], stride=2)
    full.layer3 = full._make_layer(block, 4 * width, counts[2], stride=2)
    full.layer4 = full._make_layer(block, 8 * width, counts[3], stride=2)
    full.fc = nn.Linear(8 * width * block.expansion, CLASSES)
    return full


def vgg(depth: int, width: int, hidden: int, batch_norm: bool, small: bool) -> nn.Module:
    letter = {11: "A", 13: "B", 16: "D", 19: "E"}[depth]
    channels = [c if c == "M" else c * width // 64 for c in models.vgg.cfgs[letter]]
    model = models.VGG(models.vgg.make_layers(channels, batch_norm), CLASSES, init_weights=False, dropout=0)
    last = 8 * width
    if small:  # the SWA papers' classifier
        model.avgpool = nn.AdaptiveAvgPool2d(1)
        model.classifier = nn.Sequential(
            nn.Dropout(0), nn.Linear(last, hidden), nn.ReLU(),
            nn.Dropout(0), nn.Linear(hidden, hidden), nn.ReLU(), nn.Linear(hidden, CLASSES),
        )
    else:
        model.classifier[0] = nn.Linear(last * 7 * 7, hidden)
        model.classifier[3] = nn.Linear(hidden, hidden)
        model.classifier[6] = nn.Linear(hidden, CLASSES)
    return model


def densenet(blocks: tuple[int, ...], growth: int, small: bool, norm: str = "norm5") -> nn.Module:
    model = models.DenseNet(growth, blocks, 2 * growth, num_classes=CLASSES)
    if small:
        model.features.conv0 = nn.Conv2d(3, 2 * growth, 3, 1, 1, bias=False)
        del model.features.norm0, model.features.relu0, model.features.pool0
    if norm != "norm5":
        last = model.features.norm5
        del model.features.norm5
        model.features.add_module(norm, last)
    return model


def mobilenet(multiplier: float, small: bool) -> nn.Module:
    settings = [
        [1, 16, 1, 1], [6, 24, 2, 1 if small else 2], [6, 32, 3, 2], [6, 64, 4, 2], [6, 96, 3, 1], [6, 160, 3, 2],
        [6, 320, 1, 1],
    ]
    model = models.MobileNetV2(CLASSES, multiplier, settings, dropout=0)
    if small:
        model.features[0][0].stride = (1, 1)
    return model


def convnext(width: int, patch: int) -> nn.Module:
    config = models.convnext.CNBlockConfig
    settings = [
        config(width, 2 * width, 3), config(2 * width, 4 * width, 3), config(4 * width, 8 * width, 9),
        config(8 * width, None, 3),
    ]
    model = models.ConvNeXt(settings, stochastic_depth_prob=0, num_classes=CLASSES)
    model.features[0][0] = nn.Conv2d(3, width, patch, patch)
    return model


def vit(width: int, heads: int, side: int, patch: int) -> nn.Module:
    return VisionTransformer(side, patch, embed_dim=width, depth=12, num_heads=heads, num_classes=CLASSES)


class WideBlock(nn.Module):
    def __init__(self, inputs: int, channels: int, stride: int) -> None:
        super().__init__()
        self.bn1 = nn.BatchNorm2d(inputs)
        self.conv1 = nn.Conv2d(inputs, channels, 3, stride, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, 1, 1, bias=False)
        if inputs != channels:
            self.convShortcut = nn.Conv2d(inputs, channels, 1, stride, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        activated = F.relu(self.bn1(x))
        y = self.conv2(F.relu(self.bn2(self.conv1(activated))))
        return y + (self.convShortcut(activated) if hasattr(self, "convShortcut") else x)


class WideStage(nn.Module):
    def __init__(self, inputs: int, channels: int, stride: int, blocks: int) -> None:
        super().__init__()
        self.layer = nn.Sequential(
            *(WideBlock(channels if i else inputs, channels, 1 if i else stride) for i in range(blocks))
        )


class WideResNet(nn.Module):
    """Zagoruyko and Komodakis 2016, with the names of the port that published checkpoints come from."""

    def __init__(self, depth: int, widening: int, classes: int = CLASSES) -> None:
        super().__init__()
        width, blocks = 16 * widening, (depth - 4) // 6
        self.conv1 = nn.Conv2d(3, 16, 3, 1, 1, bias=False)
        self.block1 = WideStage(16, width, 1, blocks)
        self.block2 = WideStage(width, 2 * width, 2, blocks)
        self.block3 = WideStage(2 * width, 4 * width, 2, blocks)
        self.bn1 = nn.BatchNorm2d(4 * width)
        self.fc = nn.Linear(4 * width, classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.block3.layer(self.block2.layer(self.block1.layer(self.conv1(x))))
        return self.fc(F.relu(self.bn1(x)).mean((2, 3)))


def cases() -> dict[str, dict]:
    """Case name to Basin's model name and options, the side of the pictures, the least side that passes through, and the
    reference."""
    found = {}

    def add(name: str, model: str, sides: tuple[int, int], build, **settings) -> None:
        found[name] = {
            "model": model, "side": sides[0], "least": sides[1], "build": build,
            "settings": {key: str(value).lower() for key, value in settings.items()},
        }

    for depth in (11, 13, 16, 19):
        for suffix, batch_norm in (("", False), ("-bn", True)):
            add(f"vgg{depth}{suffix}", f"vgg{depth}{suffix}", (32, 32),
                lambda d=depth, b=batch_norm: vgg(d, 8, 16, b, True), width=8, hidden=16, dropout=0)
    add("vgg11-imagenet", "vgg11", (64, 64), lambda: vgg(11, 4, 16, False, False), width=4, hidden=16, dropout=0, form="imagenet")
    add("vgg16-bn-imagenet", "vgg16-bn", (64, 64), lambda: vgg(16, 4, 16, True, False), width=4, hidden=16, dropout=0, form="imagenet")
    add("preresnet20", "preresnet20", (16, 8), lambda: PreResNet(20, width=8), width=8)
    add("preresnet164", "preresnet164", (8, 4), lambda: PreResNet(164, width=8, bottleneck=True), width=8)
    for depth in (18, 34, 50, 101, 152):
        add(f"resnet{depth}", f"resnet{depth}", (32, 8), lambda d=depth: resnet(d, 8, True), width=8)
    for depth in (18, 50):
        add(f"resnet{depth}-imagenet", f"resnet{depth}", (64, 32), lambda d=depth: resnet(d, 8, False), width=8, form="imagenet")
    add("wrn28-10", "wrn28-10", (16, 8), lambda: WideResNet(28, 1), widening=1)
    add("wrn16-4", "wrn16-4", (16, 8), lambda: WideResNet(16, 2), widening=2)
    for depth, blocks in ((121, (6, 12, 24, 16)), (161, (6, 12, 36, 24)), (169, (6, 12, 32, 32))):
        add(f"densenet{depth}", f"densenet{depth}", (64, 32), lambda b=blocks: densenet(b, 4, False), growth=4, form="imagenet")
    add("densenet121-cifar", "densenet121", (32, 8), lambda: densenet((6, 12, 24, 16), 4, True), growth=4)
    add("densenet-bc", "densenet-bc", (16, 8), lambda: densenet((6, 6, 6), 6, True, "norm_final"), depth=40, growth=6)
    add("mobilenetv2", "mobilenetv2", (64, 32), lambda: mobilenet(0.25, False), widthMultiplier=0.25, dropout=0, form="imagenet")
    add("mobilenetv2-cifar", "mobilenetv2", (32, 8), lambda: mobilenet(0.25, True), widthMultiplier=0.25, dropout=0)
    add("convnext-tiny", "convnext-tiny", (32, 32), lambda: convnext(8, 4), width=8, stochasticDepth=0, patch=4)
    add("vit-tiny", "vit-tiny", (16, 16), lambda: vit(24, 3, 16, 4), width=24, heads=3)
    add("vit-small", "vit-small", (32, 32), lambda: vit(24, 6, 32, 8), width=24, heads=6, patch=8)
    return found
