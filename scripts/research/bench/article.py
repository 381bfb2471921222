#!/usr/bin/env python3
"""The article's training as a plain PyTorch script: both frozen nets run over every image in every epoch.

    scripts/research/bench/article.py DATA WEIGHTS EPOCHS [BATCH]

DATA holds train/NORMAL and train/PNEUMONIA, WEIGHTS the two safetensors files in torchvision's names, or `random`.
A tenth of the images is validation. Writes one JSON object on standard output: seconds of each epoch. Called by
article.sh.
"""

import json
import random
import sys
import time
from pathlib import Path

import torch
import torchvision
from PIL import Image
from safetensors.torch import load_file
from torch import nn
from torch.utils.data import DataLoader, Dataset
from torchvision.transforms import v2

NETS = {"densenet169": torchvision.models.densenet169, "mobilenet_v2": torchvision.models.mobilenet_v2}


class XRays(Dataset):
    def __init__(self, files, flip):
        steps = [v2.ToImage(), v2.Resize((224, 224), antialias=True)]
        steps += [v2.RandomHorizontalFlip()] if flip else []
        steps += [v2.ToDtype(torch.float32, scale=True), v2.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])]
        self.files, self.prepare = files, v2.Compose(steps)

    def __len__(self):
        return len(self.files)

    def __getitem__(self, index):
        path = self.files[index]
        return self.prepare(Image.open(path).convert("RGB")), float(path.parent.name == "PNEUMONIA")


class Stack(nn.Module):
    """Both nets, frozen, and the article's head."""

    def __init__(self, weights):
        super().__init__()
        self.nets = nn.ModuleList()
        for name, build in NETS.items():
            net = build(weights=None)
            if weights != "random":
                (file,) = Path(weights).glob(f"{name}-*.safetensors")
                net.load_state_dict({k: v.float() for k, v in load_file(file).items()}, strict=False)
            self.nets.append(net.features.eval().requires_grad_(False))
        self.head = nn.Sequential(
            nn.BatchNorm1d(2944),
            nn.Linear(2944, 256),
            nn.ReLU(),
            nn.Dropout(0.5),
            nn.BatchNorm1d(256),
            nn.Linear(256, 128),
            nn.ReLU(),
            nn.Dropout(0.5),
            nn.Linear(128, 1),
        )

    def forward(self, images):
        with torch.no_grad():
            features = torch.cat([torch.relu(net(images)).mean((2, 3)) for net in self.nets], 1)
        return self.head(features).squeeze(1)


def main():
    data, weights, epochs = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    batch = int(sys.argv[4]) if len(sys.argv) > 4 else 16
    random.seed(42)
    torch.manual_seed(42)
    files = sorted(p for p in (data / "train").rglob("*") if p.is_file())
    random.shuffle(files)
    cut = len(files) // 10
    train = DataLoader(XRays(files[cut:], flip=True), batch, shuffle=True, drop_last=True)
    validation = DataLoader(XRays(files[:cut], flip=False), batch)
    model = Stack(weights)
    optimizer = torch.optim.Adam(model.head.parameters(), lr=1e-4, eps=1e-7)
    loss = nn.BCEWithLogitsLoss()
    seconds = []
    for _ in range(epochs):
        started = time.perf_counter()
        model.head.train()
        for images, labels in train:
            optimizer.zero_grad()
            loss(model(images), labels.float()).backward()
            optimizer.step()
        model.head.eval()
        with torch.no_grad():
            for images, labels in validation:
                loss(model(images), labels.float())
        seconds.append(time.perf_counter() - started)
    print(
        json.dumps(
            {
                "torch": torch.__version__,
                "threads": torch.get_num_threads(),
                "images": len(files),
                "epoch_seconds": seconds,
            }
        )
    )


main()
