#!/usr/bin/env python3
"""The event file of two epochs as TensorBoard's own writer makes it, for host-trainer/src/run/tensorboard.rs.

    pip install tensorboard==2.21.0
    python scripts/oracle/tensorboard_events.py host-trainer/tests/fixtures/events.tfevents

Every event has the time 0. The file is read again with TensorBoard's reader and printed.
"""

import sys

from tensorboard.backend.event_processing.event_file_loader import LegacyEventFileLoader
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.record_writer import RecordWriter

# Tags in the order in which they are written; the second epoch has no AUROC.
EPOCHS = [
    (
        1,
        [
            ("loss/train", 0.75),
            ("loss/validation", 0.5),
            ("accuracy/train", 0.625),
            ("accuracy/validation", 0.875),
            ("auroc/validation", 0.9375),
            ("learning-rate", 1e-4),
        ],
    ),
    (
        2,
        [
            ("loss/train", 0.6),
            ("loss/validation", 0.45),
            ("accuracy/train", 0.7),
            ("accuracy/validation", 0.9),
            ("learning-rate", 5e-5),
        ],
    ),
]


def main(path):
    with open(path, "wb") as file:
        writer = RecordWriter(file)
        writer.write(Event(file_version="brain.Event:2").SerializeToString())
        for step, values in EPOCHS:
            summary = Summary(value=[Summary.Value(tag=tag, simple_value=value) for tag, value in values])
            writer.write(Event(step=step, summary=summary).SerializeToString())
        writer.flush()
    for event in LegacyEventFileLoader(path).Load():
        print(event)


main(sys.argv[1])
