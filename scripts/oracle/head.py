#!/usr/bin/env python3
"""Losses of the head's first epochs in PyTorch, for host-trainer/src/head/tests.rs.

The first weights are the trainer's own, so that the two can be compared:

    cargo test --release --workspace --lib -- --ignored write_first_weights
    pip install torch safetensors numpy
    scripts/oracle/head.py > host-trainer/tests/fixtures/head/losses.in
"""

import math

import torch
from safetensors.torch import load_file
from torch import nn

FEATURES, EPOCHS, RATE, EPSILON = 8, 4, 1e-2, 1e-3


def samples(rows):
    labels = [float(row % 3 == 0) for row in rows]
    features = [
        [math.sin(0.7 * row + 1.3 * column) + 0.5 * label for column in range(FEATURES)]
        for row, label in zip(rows, labels, strict=False)
    ]
    return torch.tensor(features), torch.tensor(labels).reshape(-1, 1)


class BatchNorm(nn.BatchNorm1d):
    """Keeps the variance of the batch as it is, as Keras and burn do; PyTorch keeps n / (n - 1) of it."""

    def forward(self, x):
        if self.training:
            with torch.no_grad():
                for running, batch in [(self.running_mean, x.mean(0)), (self.running_var, x.var(0, correction=0))]:
                    running.lerp_(batch, self.momentum)
            return nn.functional.batch_norm(x, None, None, self.weight, self.bias, True, 0.0, self.eps)
        return super().forward(x)


class Head(nn.Module):
    def __init__(self, weights):
        super().__init__()
        self.norm1 = BatchNorm(FEATURES, eps=EPSILON)
        self.dense1 = nn.Linear(FEATURES, 256)
        self.norm2 = BatchNorm(256, eps=EPSILON)
        self.dense2 = nn.Linear(256, 128)
        self.dense3 = nn.Linear(128, 1)
        with torch.no_grad():
            for name in ["dense1", "dense2", "dense3"]:
                getattr(self, name).weight.copy_(weights[f"{name}.weight"])
                getattr(self, name).bias.copy_(weights[f"{name}.bias"])

    def forward(self, x):
        x = torch.relu(self.dense1(self.norm1(x)))
        x = torch.relu(self.dense2(self.norm2(x)))
        return self.dense3(x)


def main():
    head = Head(load_file("/tmp/xray-edge-head.safetensors"))
    optimizer = torch.optim.Adam(head.parameters(), lr=RATE, eps=1e-7)
    loss = nn.BCEWithLogitsLoss()
    (x, y), (val_x, val_y) = samples(range(16)), samples(range(16, 24))
    rows = []
    for _ in range(EPOCHS):
        head.train()
        optimizer.zero_grad()
        value = loss(head(x), y)
        value.backward()
        optimizer.step()
        head.eval()
        with torch.no_grad():
            rows.append((value.item(), loss(head(val_x), val_y).item()))
    print("[" + ", ".join(f"[{a:.7f}, {b:.7f}]" for a, b in rows) + "]")


main()
