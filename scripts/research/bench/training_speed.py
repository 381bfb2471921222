#!/usr/bin/env python3
"""Images per second of training a whole backbone in PyTorch: forward, backward, a step of Adam, on drawn numbers.

    pip install torch
    python scripts/research/bench/training_speed.py mobilenet-v2 --size 224 --batch 32 --steps 5 --threads 2

The equal of host-trainer/examples/training_speed.rs. The nets are those of torchvision, written out here so that it is
not needed. --channels-last is PyTorch's faster layout on a CPU; without it the layout is PyTorch's own.
"""

import argparse
import time

import torch
from torch import nn


def conv_norm(inputs, outputs, kernel=3, stride=1, groups=1, activation=True):
    layers = [
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(outputs),
    ]
    return nn.Sequential(*layers, *([nn.ReLU6(inplace=True)] if activation else []))


class InvertedResidual(nn.Module):
    def __init__(self, inputs, outputs, stride, factor):
        super().__init__()
        hidden = inputs * factor
        self.residual = stride == 1 and inputs == outputs
        expand = [conv_norm(inputs, hidden, 1)] if factor != 1 else []
        self.layers = nn.Sequential(
            *expand,
            conv_norm(hidden, hidden, 3, stride, hidden),
            conv_norm(hidden, outputs, 1, activation=False),
        )

    def forward(self, x):
        return x + self.layers(x) if self.residual else self.layers(x)


def mobilenet_v2():
    layers, channels = [conv_norm(3, 32, stride=2)], 32
    stages = [(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)]
    for factor, outputs, repeats, stride in stages:
        for index in range(repeats):
            layers.append(InvertedResidual(channels, outputs, stride if index == 0 else 1, factor))
            channels = outputs
    return nn.Sequential(*layers, conv_norm(channels, 1280, 1))


class DenseLayer(nn.Module):
    def __init__(self, inputs, growth=32, width=128):
        super().__init__()
        self.layers = nn.Sequential(
            nn.BatchNorm2d(inputs),
            nn.ReLU(inplace=True),
            nn.Conv2d(inputs, width, 1, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(inplace=True),
            nn.Conv2d(width, growth, 3, padding=1, bias=False),
        )

    def forward(self, x):
        return torch.cat([x, self.layers(x)], 1)


def densenet169():
    layers = [
        nn.Conv2d(3, 64, 7, 2, 3, bias=False),
        nn.BatchNorm2d(64),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(3, 2, 1),
    ]
    channels = 64
    for index, count in enumerate((6, 12, 32, 32)):
        layers += [DenseLayer(channels + 32 * layer) for layer in range(count)]
        channels += 32 * count
        layers += [nn.BatchNorm2d(channels), nn.ReLU(inplace=True)]
        if index < 3:
            layers += [nn.Conv2d(channels, channels // 2, 1, bias=False), nn.AvgPool2d(2)]
            channels //= 2
    return nn.Sequential(*layers)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("net", choices=("mobilenet-v2", "densenet169"))
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--steps", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--channels-last", action="store_true")
    args = parser.parse_args()
    torch.manual_seed(1)
    torch.set_num_threads(args.threads)
    layout = torch.channels_last if args.channels_last else torch.contiguous_format
    net = {"mobilenet-v2": mobilenet_v2, "densenet169": densenet169}[args.net]().to(memory_format=layout)
    images = (4 * torch.rand(args.batch, 3, args.size, args.size) - 2).to(memory_format=layout)
    adam = torch.optim.Adam(net.parameters(), lr=1e-4)

    def step():
        adam.zero_grad()
        net(images).mean((2, 3)).square().mean().backward()
        adam.step()

    step()
    times = []
    for _ in range(args.steps):
        start = time.perf_counter()
        step()
        times.append(time.perf_counter() - start)
    mean = args.batch * args.steps / sum(times)
    name = f"PyTorch {torch.__version__} {args.net} {args.size} px, batch {args.batch}"
    layout = "channels last" if args.channels_last else "channels first"
    print(f"{name}, {layout}: {mean:.1f} images/s, fastest step {args.batch / min(times):.1f}")


if __name__ == "__main__":
    main()
