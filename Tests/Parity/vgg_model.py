"""VGG16 for 32x32 pictures in the form of the SWA papers (Simonyan & Zisserman's configuration D with a small classifier):
thirteen 3x3 convolutions with bias and five 2x2 max-poolings, then Dropout, Linear 512, ReLU, Dropout, Linear 512, ReLU,
Linear. With batch normalization a BatchNorm2d stands between each convolution and its ReLU."""

import torch
from torch import nn
from torch.nn import functional as F

CHANNELS = (64, 64, "pool", 128, 128, "pool", 256, 256, 256, "pool", 512, 512, 512, "pool", 512, 512, 512, "pool")


class ReLU(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.relu(x)


class MaxPool(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.max_pool2d(x, 2)


class VGG16(nn.Module):
    """[N, 3, 32, 32] -> [N, classes]."""

    def __init__(self, batch_norm: bool, classes: int = 10, dropout: float = 0.0) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        width = 3
        for channels in CHANNELS:
            if channels == "pool":
                layers.append(MaxPool())
                continue
            layers.append(nn.Conv2d(width, channels, 3, padding=1))
            if batch_norm:
                layers.append(nn.BatchNorm2d(channels))
            layers.append(ReLU())
            width = channels
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Sequential(
            nn.Dropout(dropout), nn.Linear(512, 512), ReLU(),
            nn.Dropout(dropout), nn.Linear(512, 512), ReLU(),
            nn.Linear(512, classes),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.classifier(self.features(x).flatten(1))
