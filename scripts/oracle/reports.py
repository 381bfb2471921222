#!/usr/bin/env python3
"""Checks DICOM reports of `edge-runtime report` with pydicom, and metrics with Prometheus' parser.

    pip install numpy pydicom prometheus-client
    edge-runtime report --record 1 --format sc --out image.dcm
    edge-runtime report --record 1 --format sr --out report.dcm
    edge-runtime records show 1 --json > record.json
    python scripts/oracle/reports.py image.dcm report.dcm record.json
    curl -s http://127.0.0.1:8080/metrics | python scripts/oracle/reports.py --metrics

Exit status: 0 all checks passed, 1 one failed, which is printed.
"""

import json
import sys

import pydicom
from pydicom.uid import UID

DISCLAIMER = "A screening aid, not a diagnosis: a clinician decides."


def check(holds, what):
    if not holds:
        sys.exit(f"does not hold: {what}")


def uids(dataset):
    for element in dataset.iterall():
        if element.VR == "UI":
            values = [element.value] if isinstance(element.value, str) else element.value
            for value in values:
                check(UID(value).is_valid, f"{element.tag}: {value} is a UID")


def concepts(dataset):
    found = {}
    for item in dataset.ContentSequence:
        found[item.ConceptNameCodeSequence[0].CodeValue] = item
    return found


def capture(file, record):
    image = pydicom.dcmread(file)
    check(image.SOPClassUID == "1.2.840.10008.5.1.4.1.1.7", "a Secondary Capture")
    pixels = image.pixel_array
    check(pixels.shape == (image.Rows, image.Columns, 3), f"the pixels are {pixels.shape}")
    check(pixels.std() > 1, "there is something to see")
    check(image.ImageComments == DISCLAIMER, "the disclaimer")
    uids(image)
    return image


def structured(file, record):
    report = pydicom.dcmread(file)
    check(report.SOPClassUID == "1.2.840.10008.5.1.4.1.1.88.33", "a Comprehensive SR")
    check(report.VerificationFlag == "UNVERIFIED", "nobody has verified it")
    said = concepts(report)
    check(said["121106"].TextValue == DISCLAIMER, "the disclaimer")
    check(said["content"].TextValue == record["content"], "the hash of the image")
    check(said["model"].TextValue == record["model"], "the hash of the model")
    check(said["record"].TextValue == str(record["sequence"]), "the number")

    def number(name):
        return float(said[name].MeasuredValueSequence[0].NumericValue)

    check(abs(number("threshold") - record["threshold"]) < 1e-6, "the threshold")
    if record["probability"] is None:
        check("probability" not in said, "no result has no probability")
        check(said["result"].TextValue.startswith("NO RESULT"), "no result is called one")
    else:
        check(abs(number("probability") - record["probability"]) < 1e-6, "the probability")
    if "CurrentRequestedProcedureEvidenceSequence" in report:
        evidence = report.CurrentRequestedProcedureEvidenceSequence[0].ReferencedSeriesSequence[0]
        image = report.ContentSequence[-1].ReferencedSOPSequence[0]
        check(
            evidence.ReferencedSOPSequence[0].ReferencedSOPInstanceUID == image.ReferencedSOPInstanceUID,
            "the X-ray is named as evidence",
        )
    uids(report)
    return report


def metrics(text):
    from prometheus_client.parser import text_string_to_metric_families

    families = list(text_string_to_metric_families(text))
    check(len(families) >= 10, f"{len(families)} metrics")
    for family in families:
        check(family.name.startswith("xray_edge_"), family.name)
        check(family.type in ("counter", "gauge", "histogram"), f"{family.name} is a {family.type}")
        check(family.documentation, f"{family.name} has no help")
        check(family.samples, f"{family.name} has no sample")
    names = [family.name for family in families]
    check(len(names) == len(set(names)), "each name stands once")
    histogram = next(family for family in families if family.type == "histogram")
    buckets = [sample.value for sample in histogram.samples if sample.name.endswith("_bucket")]
    count = next(sample.value for sample in histogram.samples if sample.name.endswith("_count"))
    check(buckets == sorted(buckets) and buckets[-1] == count, "buckets rise to the count")
    print(f"{len(families)} metrics hold")


def main():
    if sys.argv[1:] == ["--metrics"]:
        return metrics(sys.stdin.read())
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    with open(sys.argv[3]) as file:
        record = json.load(file)
    image, report = capture(sys.argv[1], record), structured(sys.argv[2], record)
    for name in ("StudyInstanceUID", "PatientID", "PatientName"):
        check(image[name].value == report[name].value, f"{name} is the same in both")
    check(image.SOPInstanceUID != report.SOPInstanceUID, "each has a UID of its own")
    print(f"record {record['sequence']} holds")


main()
