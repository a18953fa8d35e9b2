# SPDX-License-Identifier: BSD-3-Clause
"""The networks of the trade-off experiments: a multi-layer perceptron, and a small residual one."""

import itertools

import numpy as np
from torch import nn


def layer_sizes(n_layers, first, middle, last):
    """Units of every hidden layer, interpolated from the first over the middle to the last."""
    places = np.linspace(0, 1, n_layers)
    return [max(1, round(float(n))) for n in np.interp(places, [0, 0.5, 1], [first, middle, last])]


def perceptron(n_features, hidden, n_classes, dropout=0.0):
    """Linear layers with ReLU, and with dropout after each hidden one."""
    sizes, layers = [n_features, *hidden], []
    for n_in, n_out in itertools.pairwise(sizes):
        layers += [nn.Linear(n_in, n_out), nn.ReLU()]
        if dropout:
            layers.append(nn.Dropout(dropout))
    return nn.Sequential(*layers, nn.Linear(sizes[-1], n_classes))


def residual_network(image_shape, width, n_blocks, n_classes, dropout=0.0):
    """Three stages of blocks, each with half the resolution and twice the channels of the last."""
    layers = [nn.Unflatten(1, tuple(image_shape)), *convolution(image_shape[0], width), nn.ReLU()]
    n_in = width
    for stage in range(3):
        n_out = width * 2**stage
        for block in range(n_blocks):
            layers.append(Block(n_in, n_out, stride=2 if stage and not block else 1))
            n_in = n_out
    layers += [nn.AdaptiveAvgPool2d(1), nn.Flatten()]
    if dropout:
        layers.append(nn.Dropout(dropout))
    return nn.Sequential(*layers, nn.Linear(n_in, n_classes))


def convolution(n_in, n_out, size=3, stride=1):
    """A convolution that keeps the resolution at stride 1, and its normalisation."""
    layer = nn.Conv2d(n_in, n_out, size, stride=stride, padding=size // 2, bias=False)
    return layer, nn.BatchNorm2d(n_out)


class Block(nn.Module):
    """Two convolutions beside a shortcut."""

    def __init__(self, n_in, n_out, stride):
        super().__init__()
        self.branch = nn.Sequential(
            *convolution(n_in, n_out, stride=stride), nn.ReLU(), *convolution(n_out, n_out)
        )
        same = n_in == n_out and stride == 1
        self.shortcut = (
            nn.Identity() if same else nn.Sequential(*convolution(n_in, n_out, 1, stride))
        )

    def forward(self, x):
        return nn.functional.relu(self.branch(x) + self.shortcut(x))
