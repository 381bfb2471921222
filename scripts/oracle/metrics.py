"""Answers of scikit-learn and statsmodels for host-trainer/tests/integration/metrics_oracle.rs.

    python -m pip install numpy scikit-learn statsmodels
    python scripts/oracle/metrics.py > host-trainer/tests/fixtures/metrics.json

DeLong's covariance is written out pair by pair, the definition in doi 10.2307/2531595. Predictive values at
another prevalence are scikit-learn's precision with weighted images. Their intervals are those of a ratio of two
proportions: the ratios r for which a - r b is within its own interval (Donner and Zou 2012). The bootstrap uses numpy's
generator, and for few images all resamples.
"""

import itertools
import json
import sys

import numpy as np
from scipy import optimize, stats
from sklearn import metrics
from sklearn.calibration import calibration_curve
from statsmodels.stats.contingency_tables import mcnemar
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


def wins_of(scores, labels):
    pos, neg = scores[labels == 1], scores[labels == 0]
    return (pos[:, None] > neg[None, :]) + 0.5 * (pos[:, None] == neg[None, :])


def delong_pair(a, b, labels):
    """Areas, difference, its interval and p value, from the covariance matrix of both."""
    wins = [wins_of(s, labels) for s in (a, b)]
    m, n = wins[0].shape
    cov = np.cov([w.mean(1) for w in wins]) / m + np.cov([w.mean(0) for w in wins]) / n
    areas = [float(metrics.roc_auc_score(labels, s)) for s in (a, b)]
    se = float(np.sqrt(np.array([-1, 1]) @ cov @ np.array([-1, 1])))
    diff = areas[1] - areas[0]
    return {
        "a": areas[0],
        "b": areas[1],
        "difference": diff,
        "interval": [diff - 1.959963984540054 * se, diff + 1.959963984540054 * se],
        "p": float(2 * stats.norm.sf(abs(diff / se))),
    }


def ece(scores, labels, bins=15):
    """Bins as in scikit-learn: above the lower edge, up to and with the upper one."""
    edges = np.linspace(0, 1, bins + 1)
    error, counts = 0.0, []
    true, pred = (list(v) for v in calibration_curve(labels, scores, n_bins=bins))
    for lo, hi in itertools.pairwise(edges):
        inside = (scores > lo) & (scores <= hi) if lo > 0 else scores <= hi
        counts.append(int(inside.sum()))
        if counts[-1]:
            t, p = true.pop(0), pred.pop(0)
            assert abs(t - labels[inside].mean()) < 1e-12 and abs(p - scores[inside].mean()) < 1e-12
            error += counts[-1] / len(scores) * abs(t - p)
    return float(error), counts


def predictive(labels, calls, prevalence):
    """Precision of either class after weighting the images to the prevalence."""

    def squared(r, sign):
        """How far a - r b is from 0, less how far its limit lets it be: 0 at an end of the ratio r."""
        end_a = wilson_a[1] if sign > 0 else wilson_a[0]
        end_b = wilson_b[0] if sign > 0 else wilson_b[1]
        return (a - r * b) ** 2 - (a - end_a) ** 2 - r * r * (b - end_b) ** 2

    ends = []
    yes, no = (labels == 1).sum(), (labels == 0).sum()
    tp, tn = int(calls[labels == 1].sum()), int((1 - calls[labels == 0]).sum())
    odds = prevalence / (1 - prevalence)
    for (k_a, n_a), (k_b, n_b), by in [((no - tn, no), (tp, yes), 1 / odds), ((yes - tp, yes), (tn, no), odds)]:
        a, b = k_a / n_a, k_b / n_b
        wilson_a, wilson_b = (proportion_confint(k, n, ALPHA_OF_Z, "wilson") for k, n in ((k_a, n_a), (k_b, n_b)))
        low = 0.0 if a == 0 else optimize.brentq(squared, 0, a / b, args=(-1,), xtol=1e-15, rtol=1e-14)
        high = optimize.brentq(squared, a / b, 1e6, args=(1,), xtol=1e-15, rtol=1e-14)
        ends += [1 / (1 + high * by), 1 / (1 + low * by)]
    weights = np.where(labels == 1, prevalence / (labels == 1).sum(), (1 - prevalence) / (labels == 0).sum())
    return (
        [prevalence]
        + [
            float(metrics.precision_score(labels, calls, pos_label=k, sample_weight=weights, zero_division=np.nan))
            for k in (1, 0)
        ]
        + ends
    )


def temperature(scores, labels):
    """Least log loss over temperatures from .05 to 20, None at either end. 0 and 1 are taken for the numbers
    beside those that float32 has."""
    p = np.clip(scores, 2.0**-150, 1 - 2.0**-25)
    margins = np.where(labels == 1, 1, -1) * (np.log(p) - np.log1p(-p))
    found = optimize.minimize_scalar(
        lambda t: np.logaddexp(0, -margins / np.exp(t)).sum(),
        bounds=(np.log(0.05), np.log(20)),
        method="bounded",
        options={"xatol": 1e-12},
    )
    return float(np.exp(found.x)) if abs(found.x) < np.log(20) - 1e-3 else None


def operating(scores, labels):
    """Highest cut that reaches a sensitivity, lowest that reaches a specificity, by trying every one."""
    edges = np.concatenate([[0.0], np.unique(scores), [1.0]])
    cuts = (edges[:-1] + edges[1:]) / 2
    rows = []
    for least in (0.8, 0.95, 1.0):
        rows.append(
            [
                least,
                float(max(c for c in cuts if (scores[labels == 1] >= c).mean() >= least)),
                float(min((c for c in cuts if (scores[labels == 0] < c).mean() >= least), default=1.0)),
            ]
        )
    return rows


def bootstrap(rng, scores, labels, resamples=20000):
    wins = wins_of(scores, labels)
    m, n = wins.shape
    areas = [wins[np.ix_(rng.integers(0, m, m), rng.integers(0, n, n))].mean() for _ in range(resamples)]
    return [float(v) for v in np.percentile(areas, [2.5, 97.5])]


def figures_by_count(scores, labels, threshold):
    """Average precision, Brier score and F1 from their definitions: scikit-learn's take an hour for all resamples."""
    order = np.argsort(-scores)
    found, last = np.cumsum(labels[order]), np.append(scores[order][1:] != scores[order][:-1], True)
    gained, called = np.diff(found[last], prepend=0), np.flatnonzero(last) + 1
    hit, calls = labels[scores >= threshold].sum(), (scores >= threshold).sum()
    return [
        (gained * found[last] / called).sum() / labels.sum(),
        ((scores - labels) ** 2).mean(),
        2 * hit / (calls + labels.sum()),
    ]


def resampled_figures(rng, scores, labels, threshold, resamples=20000):
    """95% intervals of average precision, Brier score and F1, each class drawn again by itself."""
    whole = [
        metrics.average_precision_score(labels, scores),
        metrics.brier_score_loss(labels, scores),
        metrics.f1_score(labels, scores >= threshold),
    ]
    assert np.allclose(figures_by_count(scores, labels, threshold), whole, rtol=0, atol=1e-12)
    positives, negatives = (np.flatnonzero(labels == value) for value in (1, 0))
    rows = []
    for _ in range(resamples):
        drawn = np.concatenate([rng.choice(positives, len(positives)), rng.choice(negatives, len(negatives))])
        rows.append(figures_by_count(scores[drawn], labels[drawn], threshold))
    return [[float(v) for v in ends] for ends in np.percentile(rows, [2.5, 97.5], axis=0).T]


def every_resample(scores, labels):
    """The 2.5% and 97.5% points of all resamples, and how far these shares are from where the points jump."""
    wins = wins_of(scores, labels)
    m, n = wins.shape
    areas = sorted(
        wins[np.ix_(i, j)].mean()
        for i in itertools.product(range(m), repeat=m)
        for j in itertools.product(range(n), repeat=n)
    )
    values, counts = np.unique(np.round(areas, 12), return_counts=True)
    steps = np.cumsum(counts) / len(areas)
    ends = [float(values[np.searchsorted(steps, q)]) for q in (0.025, 0.975)]
    assert min(abs(steps - q).min() for q in (0.025, 0.975)) > 0.002, steps
    return {"scores": scores.tolist(), "labels": [bool(v) for v in labels], "interval": ends}


def case(name, scores, labels, threshold):
    calls = (scores >= threshold).astype(int)
    report = metrics.precision_recall_fscore_support(labels, calls, labels=[0, 1], zero_division=np.nan)
    tn, fp, fn, tp = (int(v) for v in metrics.confusion_matrix(labels, calls, labels=[0, 1]).ravel())

    def wilson(k, n):
        return [float(v) for v in proportion_confint(k, n, ALPHA_OF_Z, "wilson")]

    error, bins = ece(scores, labels)
    fpr, tpr, cuts = metrics.roc_curve(labels, scores, drop_intermediate=False)
    table = [
        [float(c), round(t * (labels == 1).sum()), round(f * (labels == 0).sum())]
        for f, t, c in zip(fpr, tpr, cuts, strict=False)
    ][1:]
    return {
        "name": name,
        "threshold": threshold,
        "scores": scores.tolist(),
        "labels": [bool(v) for v in labels],
        "confusion": [tp, fp, tn, fn],
        "precision": report[0].tolist(),
        "recall": report[1].tolist(),
        "f1": report[2].tolist(),
        "accuracy": float(metrics.accuracy_score(labels, calls)),
        "wilson_accuracy": wilson(tp + tn, len(labels)),
        "wilson_sensitivity": wilson(tp, tp + fn),
        "wilson_specificity": wilson(tn, tn + fp),
        "auroc": float(metrics.roc_auc_score(labels, scores)),
        "delong": delong(scores, labels),
        "log_loss": float(metrics.log_loss(labels, scores, labels=[0, 1])),
        "youden": youden(scores, labels),
        "average_precision": float(metrics.average_precision_score(labels, scores)),
        "brier": float(metrics.brier_score_loss(labels, scores)),
        "ece": error,
        "ece_bins": bins,
        "thresholds": table,
        "temperature": temperature(scores, labels),
        "operating": operating(scores, labels),
        "bootstrap": bootstrap(np.random.default_rng(7), scores, labels),
        "resampled": resampled_figures(np.random.default_rng(8), scores, labels, threshold),
        "predictive": [predictive(labels, calls, p) for p in (0.02, 0.1, 0.5)],
    }


def main():
    rng = np.random.default_rng(20261122)
    cases = []
    for name, n, share, digits, threshold in [
        ("plain", 120, 0.6, 6, 0.5),
        ("many ties", 150, 0.5, 1, 0.4),
        ("few positives", 80, 0.1, 3, 0.3),
    ]:
        labels = (rng.random(n) < share).astype(int)
        scores = 1 / (1 + np.exp(-(rng.normal(size=n) * 1.5 + (labels - 0.5) * 2)))
        cases.append(case(name, scores.round(digits), labels, threshold))
    certain = np.array([0.0, 1.0, 0.2, 0.9, 1.0, 0.0]), np.array([0, 0, 0, 1, 1, 1])
    cases.append(case("certain and wrong", *certain, 0.5))
    cases.append(case("perfect", np.array([0.1, 0.2, 0.7, 0.8]), np.array([0, 0, 1, 1]), 0.5))
    unsure = rng.random(60) < 0.5
    scores = 1 / (1 + np.exp(-0.4 * (rng.normal(size=60) + 4 * (unsure - 0.5))))
    cases.append(case("unsure", scores.round(4), unsure.astype(int), 0.5))
    proportions = [
        [k, n, *map(float, proportion_confint(k, n, ALPHA_OF_Z, "wilson"))]
        for k, n in [(0, 1), (1, 1), (0, 20), (20, 20), (7, 20), (117, 234), (390, 390), (389, 390)]
    ]
    tests = []
    for b, c in [(0, 0), (0, 1), (3, 3), (1, 9), (12, 5), (700, 640), (3, 2000)]:
        both = mcnemar([[50, b], [c, 20]], exact=True).pvalue
        mid = 2 * stats.binom.cdf(min(b, c), b + c, 0.5) - stats.binom.pmf(min(b, c), b + c, 0.5)
        tests.append([b, c, float(both), float(min(1, mid))])
    pairs = []
    for n, digits, shift in [(90, 6, 0.0), (200, 1, 0.8), (40, 2, 0.3)]:
        labels = np.arange(n) % 3 > 0
        base = rng.normal(size=n) + labels
        a, b = (1 / (1 + np.exp(-base - rng.normal(size=n) * s)) for s in (0.5, 0.5 + shift))
        a, b, labels = a.round(digits), b.round(digits), labels.astype(int)
        pairs.append(
            {
                "a_scores": a.tolist(),
                "b_scores": b.tolist(),
                "labels": [bool(v) for v in labels],
                **delong_pair(a, b, labels),
            }
        )
    few = every_resample(np.array([0.2, 0.7, 0.5, 0.9, 0.4, 0.1, 0.6, 0.8]), np.array([1, 1, 1, 1, 0, 0, 0, 0]))
    json.dump(
        {"cases": cases, "wilson": proportions, "mcnemar": tests, "delong_pairs": pairs, "every_resample": few},
        sys.stdout,
    )


if __name__ == "__main__":
    main()
