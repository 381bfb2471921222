#!/usr/bin/env python3
"""Losses of a fine-tuning's first epochs in PyTorch, for host-trainer/tests/fine_tune.rs.

    pip install torch torchvision keras safetensors numpy
    KERAS_BACKEND=torch python scripts/oracle/fine_tune.py > host-trainer/tests/fixtures/fine_tune/losses.in

MobileNetV2, a small head and the images are hashes of names and indices, which the test draws again in Rust. All
training images are one batch, so the order in them has no part in it; dropout is off. Two ways to train:
  mobilenet-v2:17..   features.17 and on, BatchNorm by its running statistics, which stay as they are
  all                 every layer, BatchNorm by the batch, running statistics moved by a tenth
"""
import numpy as np
import torch
import torchvision
from torch import nn

from backbones import hashed, uniform

SIZE, TRAIN, VALIDATION, EPOCHS = 64, 16, 8, 3
HIDDEN, FEATURES = (8, 4), 1280
NET_RATE, HEAD_RATE = 1e-4, 1e-3


def image(index):
    """Noise, a hundred levels brighter where the finding is."""
    levels = np.floor(uniform(f"fine-tune.{index}", SIZE * SIZE) * 156) + (100 if index % 2 else 0)
    grey = torch.tensor(levels, dtype=torch.float32).reshape(1, SIZE, SIZE) / 255
    mean, std = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    return (grey.expand(3, -1, -1) - mean[:, None, None]) / std[:, None, None]


def samples(indices):
    return (torch.stack([image(i) for i in indices]),
            torch.tensor([[float(i % 2)] for i in indices]))


class Biased(nn.modules.batchnorm._BatchNorm):
    """Keeps the variance of the batch as it is, as Keras and burn do; PyTorch keeps n / (n - 1) of it."""

    def _check_input_dim(self, x):
        pass

    def forward(self, x):
        if not self.training:
            return super().forward(x)
        across = [d for d in range(x.dim()) if d != 1]
        with torch.no_grad():
            self.running_mean.lerp_(x.mean(across), self.momentum)
            self.running_var.lerp_(x.var(across, correction=0), self.momentum)
        return nn.functional.batch_norm(x, None, None, self.weight, self.bias, True, 0.0, self.eps)


def dense(name, inputs, outputs):
    layer = nn.Linear(inputs, outputs)
    with torch.no_grad():
        weight = (uniform(f"{name}.weight", inputs * outputs) - 0.5) * 4 / np.sqrt(inputs)
        layer.weight.copy_(torch.tensor(weight).reshape(outputs, inputs))
        layer.bias.zero_()
    return layer


def build():
    net = torchvision.models.mobilenet_v2(weights=None).features
    whole = {f"features.{k}": v for k, v in net.state_dict().items()}
    net.load_state_dict({k.removeprefix("features."): v for k, v in hashed(whole).items()}, strict=False)
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.__class__ = Biased
    head = nn.Sequential(Biased(FEATURES, eps=1e-3), dense("dense1", FEATURES, HIDDEN[0]), nn.ReLU(),
                         Biased(HIDDEN[0], eps=1e-3), dense("dense2", *HIDDEN), nn.ReLU(),
                         dense("dense3", HIDDEN[1], 1))
    return net, head


def run(unfreeze):
    net, head = build()
    for name, parameter in net.named_parameters():
        parameter.requires_grad_(unfreeze == "all" or int(name.split(".")[0]) >= 17)
    trained = [p for p in net.parameters() if p.requires_grad]
    optimizer = torch.optim.Adam([{"params": trained, "lr": NET_RATE},
                                  {"params": head.parameters(), "lr": HEAD_RATE}], eps=1e-7)
    loss = nn.BCEWithLogitsLoss()
    (x, y), (val_x, val_y) = samples(range(TRAIN)), samples(range(TRAIN, TRAIN + VALIDATION))
    forward = lambda x: head(torch.relu(net(x)).mean((2, 3)))
    rows = []
    for _ in range(EPOCHS):
        net.train(unfreeze == "all")
        head.train()
        optimizer.zero_grad()
        value = loss(forward(x), y)
        value.backward()
        optimizer.step()
        net.eval(), head.eval()
        with torch.no_grad():
            rows.append((value.item(), loss(forward(val_x), val_y).item()))
    return "[" + ", ".join(f"[{a:.6f}, {b:.6f}]" for a, b in rows) + "]"


print(f"[{run('mobilenet-v2:17..')}, {run('all')}]")
