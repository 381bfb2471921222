#!/usr/bin/env python3
"""What Keras's callbacks do on given figures, for host-trainer/tests/integration/callbacks.rs.

    pip install keras torch
    KERAS_BACKEND=torch python scripts/oracle/callbacks.py > host-trainer/tests/fixtures/callbacks.json

Each trace is a list of figures, one a pass. The callbacks are shown them as `fit` would; nothing is trained.
  early stopping      for each pass that was run: whether its weights are the ones that would be restored
  reduce on plateau   the step size of each pass
  checkpoint          for each pass: whether it was saved (save_best_only)
"""

import json
import os
import random
import tempfile

os.environ.setdefault("KERAS_BACKEND", "torch")
import keras


def model():
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.Adam(1e-4), "mse")
    return model


def early_stopping(values, monitor, min_delta, patience):
    net = model()
    callback = keras.callbacks.EarlyStopping(
        monitor, min_delta, patience, restore_best_weights=True, mode="min" if monitor == "val_loss" else "max"
    )
    callback.set_model(net)
    callback.on_train_begin()
    best = []
    for epoch, value in enumerate(values):
        callback.on_epoch_end(epoch, {monitor: value})
        best.append(callback.best_epoch == epoch)
        if net.stop_training:
            break
    return best


def reduce_on_plateau(values, monitor, **options):
    net = model()
    net.optimizer.learning_rate.assign(options.pop("rate"))
    callback = keras.callbacks.ReduceLROnPlateau(monitor, mode="min" if monitor == "val_loss" else "max", **options)
    callback.set_model(net)
    callback.on_train_begin()
    rates = []
    for epoch, value in enumerate(values):
        rates.append(float(net.optimizer.learning_rate.value))
        callback.on_epoch_end(epoch, {monitor: value})
    return rates


def checkpoint(values, monitor):
    net = model()
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "best.weights.h5")
        callback = keras.callbacks.ModelCheckpoint(
            path, monitor, save_best_only=True, save_weights_only=True, mode="min" if monitor == "val_loss" else "max"
        )
        callback.set_model(net)
        callback.on_train_begin()
        saved = []
        for epoch, value in enumerate(values):
            if os.path.exists(path):
                os.remove(path)
            callback.on_epoch_end(epoch, {monitor: value})
            saved.append(os.path.exists(path))
    return saved


def trace(rng, count, falling):
    """Figures that better at first and then wander, in steps of a hundredth, so that ties and least steps occur."""
    level, values = (0.9, []) if falling else (0.6, [])
    for index in range(count):
        drift = 0.03 if index < count // 3 else 0.0
        level += (-drift if falling else drift) + rng.choice([-0.02, -0.01, 0.0, 0.0, 0.01, 0.02])
        values.append(round(level, 2))
    return values


def main():
    rng = random.Random(4)
    cases = []
    for number in range(12):
        loss = number % 2 == 0
        monitor = "val_loss" if loss else "val_accuracy"
        values = trace(rng, 24, falling=loss)
        stop = {"min_delta": rng.choice([0.0, 0.005, 0.015]), "patience": rng.choice([1, 2, 4, 6])}
        plateau = {
            "factor": rng.choice([0.1, 0.3, 0.5]),
            "patience": rng.choice([1, 2, 3]),
            "min_delta": rng.choice([0.0, 0.0001, 0.015]),
            "cooldown": rng.choice([0, 1, 3]),
            "min_lr": rng.choice([0.0, 1e-5]),
        }
        cases.append(
            {
                "monitor": monitor.replace("_", "-"),
                "values": values,
                "early_stopping": stop | {"best": early_stopping(values, monitor, **stop)},
                "reduce_on_plateau": plateau
                | {"rate": 1e-3, "rates": reduce_on_plateau(values, monitor, rate=1e-3, **plateau)},
                "saved": checkpoint(values, monitor),
            }
        )
    print(json.dumps({"keras": keras.__version__, "cases": cases}, indent=1))


main()
