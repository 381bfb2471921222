#!/usr/bin/env python3
"""Losses of a fine-tuning's first epochs in PyTorch, for host-trainer/tests/integration/fine_tune.rs.

    pip install torch torchvision keras safetensors numpy
    KERAS_BACKEND=torch python scripts/oracle/fine_tune.py > host-trainer/tests/fixtures/fine_tune/losses.in

MobileNetV2, a small head and the images are hashes of names and indices, which the test computes again in Rust. All
training images are one batch, but for the last row; dropout is off. Two ways to train:
  mobilenet-v2:17..   features.17 and on, BatchNorm by its running statistics, which stay as they are
  all                 every layer, BatchNorm by the batch, running statistics moved by a tenth
each on one device and on three: the batch is split in its order (5, 5 and 6 images), BatchNorm normalises by the images
of its device, gradients are those of the whole batch's mean loss, and running statistics become the mean over the
devices. The first way also in three steps an epoch: batches of 6, 6 and 4 images, the last on two of the three devices.
"""

import copy

import numpy as np
import torch
import torchvision
from backbones import hashed, uniform
from torch import nn

SIZE, TRAIN, VALIDATION = 64, 16, 8
HIDDEN, FEATURES = (8, 4), 1280
# By number of devices: the fewer images BatchNorm has, the more a step of Adam depends on rounding.
NET_RATES, HEAD_RATE = {1: 1e-4, 3: 1e-5}, 1e-3
# The order of the training images in each epoch, as ChaCha8 draws it from the test's seed in host-trainer/src/head/.
ORDERS = (
    (3, 11, 0, 7, 2, 1, 9, 15, 5, 8, 13, 12, 10, 6, 4, 14),
    (3, 8, 10, 4, 5, 13, 7, 2, 14, 15, 12, 9, 6, 0, 1, 11),
    (8, 0, 14, 10, 9, 2, 4, 13, 6, 7, 12, 15, 5, 3, 11, 1),
)


def image(index):
    """Noise, a hundred levels brighter where the finding is."""
    levels = np.floor(uniform(f"fine-tune.{index}", SIZE * SIZE) * 156) + (100 if index % 2 else 0)
    grey = torch.tensor(levels, dtype=torch.float32).reshape(1, SIZE, SIZE) / 255
    mean, std = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    return (grey.expand(3, -1, -1) - mean[:, None, None]) / std[:, None, None]


def samples(indices):
    return (torch.stack([image(i) for i in indices]), torch.tensor([[float(i % 2)] for i in indices]))


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
    head = nn.Sequential(
        Biased(FEATURES, eps=1e-3),
        dense("dense1", FEATURES, HIDDEN[0]),
        nn.ReLU(),
        Biased(HIDDEN[0], eps=1e-3),
        dense("dense2", *HIDDEN),
        nn.ReLU(),
        dense("dense3", HIDDEN[1], 1),
    )
    return net, head


def averaged(module, replicas):
    """Running statistics of a module: the mean of those of its replicas."""
    for name, kept in module.named_buffers():
        if name.endswith(("running_mean", "running_var")):
            kept.copy_(torch.stack([dict(r.named_buffers())[name] for r in replicas]).mean(0))


def run(unfreeze, devices=1, batch=TRAIN):
    net, head = build()
    for name, parameter in net.named_parameters():
        parameter.requires_grad_(unfreeze == "all" or int(name.split(".")[0]) >= 17)
    trained = [p for p in net.parameters() if p.requires_grad]
    optimizer = torch.optim.Adam(
        [{"params": trained, "lr": NET_RATES[devices]}, {"params": head.parameters(), "lr": HEAD_RATE}], eps=1e-7
    )
    loss = nn.BCEWithLogitsLoss()
    (x, y), (val_x, val_y) = samples(range(TRAIN)), samples(range(TRAIN, TRAIN + VALIDATION))

    def forward(x):
        return head(torch.relu(net(x)).mean((2, 3)))

    losses = []
    for order in ORDERS:
        net.train(unfreeze == "all")
        head.train()
        value = 0.0
        for rows in (list(order[at : at + batch]) for at in range(0, TRAIN, batch)):
            optimizer.zero_grad()
            replicas, shares = [], min(devices, len(rows) // 2)
            for share in range(shares):
                part = rows[share * len(rows) // shares : (share + 1) * len(rows) // shares]
                # The same parameters, statistics of its own.
                replica = copy.deepcopy(nn.ModuleList([net, head]))
                for mine, main in zip(replica.parameters(), [*net.parameters(), *head.parameters()], strict=False):
                    mine.data, mine.grad = main.data, None
                of_share = loss(replica[1](torch.relu(replica[0](x[part])).mean((2, 3))), y[part])
                (of_share * len(part) / len(rows)).backward()
                for mine, main in zip(replica.parameters(), [*net.parameters(), *head.parameters()], strict=False):
                    if mine.grad is not None:
                        main.grad = mine.grad if main.grad is None else main.grad + mine.grad
                value += of_share.item() * len(part) / TRAIN
                replicas.append(replica)
            averaged(nn.ModuleList([net, head]), replicas)
            optimizer.step()
        net.eval(), head.eval()
        with torch.no_grad():
            losses.append((value, loss(forward(val_x), val_y).item()))
    return "[" + ", ".join(f"[{a:.6f}, {b:.6f}]" for a, b in losses) + "]"


if __name__ == "__main__":
    rows = [run(u, n) for n in (1, 3) for u in ("mobilenet-v2:17..", "all")] + [run("mobilenet-v2:17..", 3, 6)]
    print("[" + ", ".join(rows) + "]")
