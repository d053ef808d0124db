"""Pre-activation residual networks for 32x32 pictures (He et al. 2016, "Identity Mappings in Deep Residual Networks"), in
the form of the SWA papers: a shortcut that changes shape is one bare 1x1 convolution of the block's raw input; the network
ends in batch normalization, ReLU, mean of each channel. Their code takes bottlenecks from depth 44 on; here 20, 56 and 110 (6n+2) have
basic blocks and 164 (9n+2) bottlenecks, as in He et al."""

import torch
from torch import nn
from torch.nn import functional as F


def convolution(inputs: int, outputs: int, kernel: int, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, kernel, stride=stride, padding=kernel // 2, bias=False)


class Block(nn.Module):
    """x + conv(relu(bn(...conv(relu(bn(x)))))) over two 3x3, or 1x1, 3x3, 1x1 with four times the channels at the end."""

    def __init__(self, inputs: int, channels: int, stride: int, bottleneck: bool) -> None:
        super().__init__()
        outputs = channels * 4 if bottleneck else channels
        self.bn1 = nn.BatchNorm2d(inputs)
        self.bn2 = nn.BatchNorm2d(channels)
        if bottleneck:
            self.conv1 = convolution(inputs, channels, 1)
            self.conv2 = convolution(channels, channels, 3, stride)
            self.bn3 = nn.BatchNorm2d(channels)
            self.conv3 = convolution(channels, outputs, 1)
        else:
            self.conv1 = convolution(inputs, channels, 3, stride)
            self.conv2 = convolution(channels, channels, 3)
        self.bottleneck = bottleneck
        self.downsample = (
            nn.Sequential(convolution(inputs, outputs, 1, stride)) if stride != 1 or inputs != outputs else None
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        shortcut = x if self.downsample is None else self.downsample(x)
        y = self.conv1(F.relu(self.bn1(x)))
        y = self.conv2(F.relu(self.bn2(y)))
        if self.bottleneck:
            y = self.conv3(F.relu(self.bn3(y)))
        return y + shortcut


class PreResNet(nn.Module):
    """[N, 3, 32, 32] -> [N, classes]."""

    def __init__(self, depth: int, classes: int = 10, bottleneck: bool = False, width: int = 16) -> None:
        super().__init__()
        layers = 9 if bottleneck else 6
        if (depth - 2) % layers:
            raise ValueError(f"depth {depth} is not {layers}n + 2")
        count = (depth - 2) // layers
        expansion = 4 if bottleneck else 1
        self.conv1 = convolution(3, width, 3)
        for stage, channels in enumerate((width, 2 * width, 4 * width), start=1):
            blocks = []
            for index in range(count):
                stride = 2 if stage > 1 and index == 0 else 1
                blocks.append(Block(width, channels, stride, bottleneck))
                width = channels * expansion
            setattr(self, f"layer{stage}", nn.Sequential(*blocks))
        self.bn = nn.BatchNorm2d(width)
        self.fc = nn.Linear(width, classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.conv1(x)
        x = self.layer3(self.layer2(self.layer1(x)))
        x = F.relu(self.bn(x)).mean((2, 3))
        return self.fc(x.flatten(1))
