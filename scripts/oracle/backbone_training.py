#!/usr/bin/env python3
"""Passes of the training of a whole backbone in PyTorch, for host-trainer/tests/integration/backbone_training.rs.

    pip install torch torchvision keras safetensors numpy
    KERAS_BACKEND=torch python scripts/oracle/backbone_training.py \
      > host-trainer/tests/fixtures/backbone_training/passes.in

MobileNetV2 and the images are those of fine_tune.py. All training images are one batch, as they are. torch.optim.AdamW,
clip_grad_norm_, a moving average of weights and running statistics, a linear output that begins with zeros: the
finding, then no finding, bacteria and virus.
"""

import copy
import math
import sys

import torch
from fine_tune import FEATURES, TRAIN, VALIDATION, build, samples
from torch import nn

PASSES, RATE, DECAY, WARM_UP, CLIP, AVERAGE = 6, 3e-4, 0.02, 4, 0.5, 0.2
SMOOTHING, CLASS_WEIGHTS, SUBCLASS_WEIGHT = 0.06, (2.0, 0.5), 0.3


class Student(nn.Module):
    def __init__(self):
        super().__init__()
        self.net, _ = build()
        self.out = nn.Linear(FEATURES, 4)
        nn.init.zeros_(self.out.weight), nn.init.zeros_(self.out.bias)

    def forward(self, x):
        return self.out(torch.relu(self.net(x)).mean((2, 3)))


def main():
    student = Student()
    average = copy.deepcopy(student).eval()
    optimizer = torch.optim.AdamW(
        [{"params": student.net.parameters(), "faster": 1}, {"params": student.out.parameters(), "faster": 3}],
        weight_decay=DECAY,
    )
    (x, y), (val_x, val_y) = samples(range(TRAIN)), samples(range(TRAIN, TRAIN + VALIDATION))
    y, val_y = y[:, 0], val_y[:, 0]
    subclass = torch.tensor([0 if i % 2 == 0 else 1 if i % 4 == 1 else 2 for i in range(TRAIN)])
    weight = torch.where(y > 0, CLASS_WEIGHTS[1], CLASS_WEIGHTS[0])
    binary, rows = nn.functional.binary_cross_entropy_with_logits, []
    for step in range(PASSES):
        rate = RATE * min(1, (step + 1) / WARM_UP) * 0.5 * (1 + math.cos(math.pi * step / PASSES))
        for group in optimizer.param_groups:
            group["lr"] = rate * group["faster"]
        student.train()
        out = student(x)
        target = y * (1 - SMOOTHING) + SMOOTHING / 2
        loss = (binary(out[:, 0], target, reduction="none") * weight).mean()
        loss = loss + SUBCLASS_WEIGHT * nn.functional.cross_entropy(out[:, 1:], subclass)
        optimizer.zero_grad()
        loss.backward()
        norm = nn.utils.clip_grad_norm_(student.parameters(), CLIP)
        print(f"pass {step + 1}: norm of the gradients {norm:.4f}", file=sys.stderr)
        optimizer.step()
        kept = min(AVERAGE, (step + 1) / (step + 21))
        with torch.no_grad():
            for mine, current in zip(average.state_dict().values(), student.state_dict().values(), strict=True):
                if mine.dtype.is_floating_point:
                    mine.mul_(kept).add_(current, alpha=1 - kept)
            rows.append((binary(out[:, 0], y).item(), binary(average(val_x)[:, 0], val_y).item(), rate))
    print("[" + ", ".join(f"[{a:.6f}, {b:.6f}, {c:.15e}]" for a, b, c in rows) + "]")


if __name__ == "__main__":
    main()
