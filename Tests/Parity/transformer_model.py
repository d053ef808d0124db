"""A pre-norm transformer encoder classifier (Vaswani et al. 2017, layer normalization before each sub-layer as in Xiong et
al. 2020), written out, with the tensor names of torch.nn.TransformerEncoder."""

import math

import torch
from torch import nn
from torch.nn import functional as F


class Attention(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.in_proj_weight = nn.Parameter(torch.empty(3 * width, width))
        self.in_proj_bias = nn.Parameter(torch.empty(3 * width))
        self.out_proj = nn.Linear(width, width)

    def forward(self, x: torch.Tensor, real: torch.Tensor) -> torch.Tensor:
        """x [N, L, D]; real [N, L] is true at tokens that are not padding."""
        n, length, width = x.shape
        projected = F.linear(x, self.in_proj_weight, self.in_proj_bias)
        q, k, v = (p.view(n, length, self.heads, -1).transpose(1, 2) for p in projected.chunk(3, dim=-1))
        scores = q @ k.transpose(2, 3) / math.sqrt(width // self.heads)
        scores = scores.masked_fill(~real[:, None, None, :], -math.inf)
        mixed = scores.softmax(-1) @ v
        return self.out_proj(mixed.transpose(1, 2).reshape(n, length, width))


class Layer(nn.Module):
    """x + attention(norm1(x)), then x + linear2(gelu(linear1(norm2(x)))); GELU is the exact one with erf."""

    def __init__(self, width: int, heads: int, hidden: int) -> None:
        super().__init__()
        self.self_attn = Attention(width, heads)
        self.linear1 = nn.Linear(width, hidden)
        self.linear2 = nn.Linear(hidden, width)
        self.norm1 = nn.LayerNorm(width)
        self.norm2 = nn.LayerNorm(width)

    def forward(self, x: torch.Tensor, real: torch.Tensor) -> torch.Tensor:
        x = x + self.self_attn(self.norm1(x), real)
        hidden = self.linear1(self.norm2(x))
        hidden = hidden * 0.5 * (1 + torch.erf(hidden / math.sqrt(2)))
        return x + self.linear2(hidden)


class Encoder(nn.Module):
    def __init__(self, width: int, heads: int, hidden: int, layers: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(Layer(width, heads, hidden) for _ in range(layers))
        self.norm = nn.LayerNorm(width)

    def forward(self, x: torch.Tensor, real: torch.Tensor) -> torch.Tensor:
        for layer in self.layers:
            x = layer(x, real)
        return self.norm(x)


class Classifier(nn.Module):
    """tokens [N, L] -> [N, classes]; token 0 is padding. Pooling `mean` is over real tokens, `cls` takes position 0."""

    def __init__(self, vocabulary: int, longest: int, width: int, heads: int, hidden: int, layers: int, classes: int,
                 pooling: str) -> None:
        super().__init__()
        self.pooling = pooling
        self.embedding = nn.Embedding(vocabulary, width)
        self.position = nn.Embedding(longest, width)
        self.encoder = Encoder(width, heads, hidden, layers)
        self.classifier = nn.Linear(width, classes)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        real = tokens != 0
        x = self.embedding(tokens) + self.position(torch.arange(tokens.shape[1]))
        x = self.encoder(x, real)
        if self.pooling == "cls":
            pooled = x[:, 0]
        else:
            weight = real.to(x.dtype)[:, :, None]
            pooled = (x * weight).sum(1) / weight.sum(1)
        return self.classifier(pooled)
