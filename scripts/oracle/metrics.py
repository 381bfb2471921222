"""Answers of scikit-learn and statsmodels for host-trainer/tests/metrics_oracle.rs.

    python -m pip install numpy scikit-learn statsmodels
    python scripts/oracle/metrics.py > host-trainer/tests/fixtures/metrics.json

DeLong's variance is written out pair by pair, the definition in doi 10.2307/2531595.
"""
import json
import sys

import numpy as np
from sklearn import metrics
from statsmodels.stats.proportion import proportion_confint

ALPHA_OF_Z = 0.05  # two-sided; z = 1.959964


def delong(scores, labels):
    pos, neg = scores[labels == 1], scores[labels == 0]
    wins = (pos[:, None] > neg[None, :]) + 0.5 * (pos[:, None] == neg[None, :])
    var = wins.mean(1).var(ddof=1) / len(pos) + wins.mean(0).var(ddof=1) / len(neg)
    half = 1.959963984540054 * np.sqrt(var)
    return [max(0.0, wins.mean() - half), min(1.0, wins.mean() + half)]


def youden(scores, labels):
    """Midpoint of the lowest of the best cuts, by trying every one."""
    edges = np.concatenate([[0.0], np.unique(scores), [1.0]])
    cuts = (edges[:-1] + edges[1:]) / 2
    js = [round((scores[labels == 1] >= c).mean() + (scores[labels == 0] < c).mean(), 12) for c in cuts]
    return float(cuts[int(np.argmax(js))])


def case(name, scores, labels, threshold):
    calls = (scores >= threshold).astype(int)
    report = metrics.precision_recall_fscore_support(labels, calls, labels=[0, 1], zero_division=np.nan)
    tn, fp, fn, tp = (int(v) for v in metrics.confusion_matrix(labels, calls, labels=[0, 1]).ravel())

    def wilson(k, n):
        return [float(v) for v in proportion_confint(k, n, ALPHA_OF_Z, "wilson")]

    return {
        "name": name, "threshold": threshold,
        "scores": scores.tolist(), "labels": [bool(v) for v in labels],
        "confusion": [tp, fp, tn, fn],
        "precision": report[0].tolist(), "recall": report[1].tolist(), "f1": report[2].tolist(),
        "accuracy": float(metrics.accuracy_score(labels, calls)),
        "wilson_accuracy": wilson(tp + tn, len(labels)),
        "wilson_sensitivity": wilson(tp, tp + fn), "wilson_specificity": wilson(tn, tn + fp),
        "auroc": float(metrics.roc_auc_score(labels, scores)), "delong": delong(scores, labels),
        "log_loss": float(metrics.log_loss(labels, scores, labels=[0, 1])),
        "youden": youden(scores, labels),
    }


def main():
    rng = np.random.default_rng(20261122)
    cases = []
    for name, n, share, digits, threshold in [
        ("plain", 120, 0.6, 6, 0.5), ("many ties", 150, 0.5, 1, 0.4), ("few positives", 80, 0.1, 3, 0.3),
    ]:
        labels = (rng.random(n) < share).astype(int)
        scores = 1 / (1 + np.exp(-(rng.normal(size=n) * 1.5 + (labels - 0.5) * 2)))
        cases.append(case(name, scores.round(digits), labels, threshold))
    certain = np.array([0.0, 1.0, 0.2, 0.9, 1.0, 0.0]), np.array([0, 0, 0, 1, 1, 1])
    cases.append(case("certain and wrong", *certain, 0.5))
    cases.append(case("perfect", np.array([0.1, 0.2, 0.7, 0.8]), np.array([0, 0, 1, 1]), 0.5))
    proportions = [[k, n, *map(float, proportion_confint(k, n, ALPHA_OF_Z, "wilson"))]
                   for k, n in [(0, 1), (1, 1), (0, 20), (20, 20), (7, 20), (117, 234), (390, 390), (389, 390)]]
    json.dump({"cases": cases, "wilson": proportions}, sys.stdout)


if __name__ == "__main__":
    main()
