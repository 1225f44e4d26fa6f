"""The study's U-Net written in plain PyTorch, weight for weight, as a peer to measure against."""

from __future__ import annotations

import os

import torch
from torch import nn


def _block(channels: int, filters: int) -> nn.Sequential:
    layers = []
    for inputs in (channels, filters):
        layers += [
            nn.Conv2d(inputs, filters, 3, padding=1, bias=False),
            nn.BatchNorm2d(filters),
            nn.ReLU(inplace=True),
        ]
    return nn.Sequential(*layers)


class UNet(nn.Module):
    """`seglib.models.networks.unet` for one foreground class; gives logits ``(N, 1, H, W)``.

    Args:
        filters: Of the first level.
        depth: Number of poolings.
    """

    def __init__(self, filters: int = 16, depth: int = 4):
        super().__init__()
        widths = [filters * 2**level for level in range(depth + 1)]
        self.encoder = nn.ModuleList(map(_block, [1, *widths], widths))
        pairs = list(zip(widths[:0:-1], widths[-2::-1], strict=True))
        self.up = nn.ModuleList(nn.ConvTranspose2d(a, b, 2, stride=2) for a, b in pairs)
        self.decoder = nn.ModuleList(_block(2 * b, b) for _, b in pairs)
        self.head = nn.Conv2d(filters, 1, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        levels = []
        for block in self.encoder:
            x = block(nn.functional.max_pool2d(x, 2) if levels else x)
            levels.append(x)
        for up, block, skip in zip(self.up, self.decoder, levels[-2::-1], strict=True):
            x = block(torch.cat([skip, up(x)], dim=1))
        return self.head(x)


def dice_bce(logits: torch.Tensor, truth: torch.Tensor) -> torch.Tensor:
    """`seglib.losses`' ``"dice+bce"``, of ``(N, 1, H, W)``."""
    entropy = nn.functional.binary_cross_entropy_with_logits(logits, truth)
    predicted, truth = logits.sigmoid().flatten(1), truth.flatten(1)
    both = (predicted * truth).sum(1)
    dice = (both + 1) / (0.5 * (predicted.sum(1) + truth.sum(1)) + 1)
    return entropy + (1 - dice).mean()


def channels_last_unet(filters: int = 16, depth: int = 4) -> UNet:
    """A `UNet` in the layout that suits convolutions best, with all cores for it."""
    torch.set_num_threads(len(os.sched_getaffinity(0)))
    return UNet(filters, depth).to(memory_format=torch.channels_last)
