#!/usr/bin/env python3
"""Checks the hash chain of an export of `edge-runtime records export`, without edge-runtime.

    scripts/oracle/record_chain.py EXPORT.csv|EXPORT.jsonl
    scripts/oracle/record_chain.py --example    prints the hashes that edge-runtime/src/records/tests/mod.rs expects

The encoding is described in edge-runtime/src/records/chain.rs. Only Python's standard library is used.
"""

import csv
import hashlib
import json
import struct
import sys


def field(data):
    return struct.pack(">Q", len(data)) + data


def number(value):
    return field(struct.pack(">Q", value))


def double(value):
    return field(struct.pack(">d", value))


def encode(row):
    out = field(b"xray-edge/record/1")
    out += number(row["sequence"])
    out += field(bytes.fromhex(row["previous"]))
    out += field(bytes.fromhex(row["content"]))
    out += number(row["bytes"])
    out += field(row["origin"].encode())
    out += field(struct.pack(">q", row["recorded_ms"]))
    out += field(b"\1" if row["time_trusted"] else b"\0")
    out += field(bytes.fromhex(row["model"]))
    out += double(row["threshold"])
    out += field(row["outcome"].encode())
    out += field(b"") if row["probability"] is None else double(row["probability"])
    out += number(row["intake_us"])
    out += number(row["screening_us"])
    out += number(len(row["reasons"]))
    for reason in row["reasons"]:
        out += field(reason.encode())
    return out


def digest(row):
    return hashlib.sha256(encode(row)).hexdigest()


def read(path):
    with open(path, newline="") as file:
        if not path.endswith(".csv"):
            return [json.loads(line) for line in file]
        rows = list(csv.DictReader(file))
    for row in rows:
        for name in ("sequence", "recorded_ms", "bytes", "intake_us", "screening_us"):
            row[name] = int(row[name])
        row["time_trusted"] = row["time_trusted"] == "true"
        row["threshold"] = float(row["threshold"])
        row["probability"] = float(row["probability"]) if row["probability"] else None
        row["reasons"] = row["reasons"].split()
    return rows


def example():
    def sha256(data):
        return hashlib.sha256(data).hexdigest()

    first = {
        "sequence": 1,
        "previous": "00" * 32,
        "content": sha256(b"a"),
        "bytes": 1,
        "origin": "folder",
        "recorded_ms": 1795459341500,
        "time_trusted": True,
        "model": sha256(b"model"),
        "threshold": 0.5,
        "outcome": "no-sign",
        "probability": 0.25,
        "intake_us": 1500,
        "screening_us": 42000,
        "reasons": [],
    }
    second = first | {
        "sequence": 2,
        "previous": digest(first),
        "content": sha256(b"b"),
        "origin": "stick",
        "recorded_ms": -5,
        "time_trusted": False,
        "outcome": "no-result",
        "probability": None,
        "screening_us": 0,
        "reasons": ["truncated", "ä"],
    }
    print(digest(first), digest(second), sep="\n")


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    if sys.argv[1] == "--example":
        return example()
    rows = read(sys.argv[1])
    previous, sequence = None, None
    for row in rows:
        if sequence is not None and (row["sequence"] != sequence + 1 or row["previous"] != previous):
            sys.exit(f"record {row['sequence']}: does not follow the one before it")
        if digest(row) != row["hash"]:
            sys.exit(f"record {row['sequence']}: its hash is {digest(row)}")
        previous, sequence = row["hash"], row["sequence"]
    print(f"{len(rows)} records: the chain holds")


main()
