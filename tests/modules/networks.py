# SPDX-License-Identifier: BSD-3-Clause
"""Small networks, and what they cost, counted by hand."""

from typing import NamedTuple

import torch
from torch import nn


class Counted(NamedTuple):
    make: object
    sample: tuple  # its shape
    parameters: int
    weights: dict  # by name: how many
    places: dict  # by name: at how many places they are used for a sample


class Residual(nn.Module):
    """A block that halves the image, with a convolution in its shortcut, and a linear head."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(4, 8, 3, stride=2, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(8)
        self.conv2 = nn.Conv2d(8, 8, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(8)
        self.shortcut = nn.Conv2d(4, 8, 1, stride=2, bias=False)
        self.head = nn.Linear(8, 3)

    def forward(self, x):
        y = self.norm1(self.conv1(x)).relu_()  # in place: hooks on outputs must bear it
        y = self.norm2(self.conv2(y)) + self.shortcut(x)
        return self.head(y.relu().mean((2, 3)))


class Recurring(nn.Module):
    """A layer that is used twice, and another with the same weight."""

    def __init__(self):
        super().__init__()
        self.first = nn.Linear(6, 6)
        self.second = nn.Linear(6, 6)
        self.second.weight = self.first.weight
        self.head = nn.Linear(6, 3)

    def forward(self, x):
        return self.head(self.second(self.first(self.first(x).tanh()).tanh()).tanh())


class Sequence(nn.Module):
    """A convolution with dilation, and a layer that is applied at every point in time."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv1d(2, 5, 4, stride=2, dilation=2)
        self.linear = nn.Linear(5, 7)

    def forward(self, x):
        return self.linear(self.conv(x).transpose(1, 2).relu()).mean(1)


def mlp():
    return nn.Sequential(nn.Linear(10, 20), nn.ReLU(), nn.Linear(20, 3))


def convolutional():
    return nn.Sequential(
        nn.Conv2d(3, 8, 3, stride=2, padding=1),
        nn.ReLU(),
        nn.Conv2d(8, 12, 3, groups=4, bias=False),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(108, 5),
    )


NETWORKS = {
    "mlp": Counted(
        mlp,
        (10,),
        283,  # 200 + 20, 60 + 3
        {"0.weight": 200, "2.weight": 60},
        {"0.weight": 1, "2.weight": 1},
    ),
    "convolutional": Counted(
        convolutional,
        (3, 9, 9),
        985,  # 216 + 8, 216, 540 + 5
        {"0.weight": 216, "2.weight": 216, "5.weight": 540},
        {"0.weight": 25, "2.weight": 9, "5.weight": 1},  # images of 9 x 9, 5 x 5, 3 x 3 pixels
    ),
    "residual": Counted(
        Residual,
        (4, 6, 6),
        955,  # 288 + 16, 576 + 16, 32, 24 + 3
        {"conv1.weight": 288, "conv2.weight": 576, "shortcut.weight": 32, "head.weight": 24},
        {"conv1.weight": 9, "conv2.weight": 9, "shortcut.weight": 9, "head.weight": 1},
    ),
    "recurring": Counted(
        Recurring,
        (6,),
        69,  # 36 + 6 + 6, 18 + 3
        {"first.weight": 36, "head.weight": 18},
        {"first.weight": 3, "head.weight": 1},
    ),
    "sequence": Counted(
        Sequence,
        (2, 11),
        87,  # 40 + 5, 35 + 7
        {"conv.weight": 40, "linear.weight": 35},
        {"conv.weight": 3, "linear.weight": 3},  # 11 points in time become 3
    ),
}
INFERENCE_FLOPS = {  # 2 operations per weight and place
    "mlp": 520,
    "convolutional": 15768,  # 2 * (216 * 25 + 216 * 9 + 540)
    "residual": 16176,  # 2 * (9 * (288 + 576 + 32) + 24)
    "recurring": 252,  # 2 * (36 * 3 + 18)
    "sequence": 450,  # 2 * (40 + 35) * 3
}


def make(name, seed=0):
    """The network, always with the same weights."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return NETWORKS[name].make()


def batch(name, n=16, seed=0):
    """Samples of the network's kind, with a class each."""
    generator = torch.Generator().manual_seed(seed)
    X = torch.randn(n, *NETWORKS[name].sample, generator=generator)
    return X, torch.arange(n) % 3
