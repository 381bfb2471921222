//! The figures of scikit-learn and statsmodels (scripts/oracle/metrics.py), and what holds for any scores.

use std::num::NonZeroUsize;

use host_trainer::data::ClassNames;
use host_trainer::metrics::*;
use proptest::prelude::*;
use serde_json::Value;

fn fixture() -> Value {
    serde_json::from_str(include_str!("../fixtures/metrics.json")).unwrap()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect()
}

fn rows(value: &Value) -> Vec<Vec<f64>> {
    value.as_array().unwrap().iter().map(numbers).collect()
}

fn labels(value: &Value) -> Vec<bool> {
    value.as_array().unwrap().iter().map(|v| v.as_bool().unwrap()).collect()
}

fn close(ours: f64, theirs: f64, what: &str) {
    assert!((ours - theirs).abs() < 1e-7, "{what}: {ours}, expected {theirs}");
}

fn close_interval(ours: Option<Interval>, theirs: &Value, what: &str) {
    let (ours, theirs) = (ours.unwrap(), numbers(theirs));
    close(ours.low, theirs[0], what);
    close(ours.high, theirs[1], what);
}

#[test]
fn figures_equal_the_oracles() {
    for case in fixture()["cases"].as_array().unwrap() {
        let name = case["name"].as_str().unwrap();
        let scored: Vec<_> = numbers(&case["scores"]).into_iter().zip(labels(&case["labels"])).collect();
        let e = Evaluation::new(&scored, case["threshold"].as_f64().unwrap()).unwrap();
        let c = e.confusion;
        assert_eq!(
            [c.tp, c.fp, c.tn, c.fn_].map(|v| v as f64).to_vec(),
            numbers(&case["confusion"]),
            "{name}"
        );
        for (i, report) in [e.negative, e.positive].into_iter().enumerate() {
            close(report.precision.unwrap(), numbers(&case["precision"])[i], name);
            close(report.recall.unwrap(), numbers(&case["recall"])[i], name);
            close(report.f1.unwrap(), numbers(&case["f1"])[i], name);
        }
        close(e.accuracy.value.unwrap(), case["accuracy"].as_f64().unwrap(), name);
        close_interval(e.accuracy.interval, &case["wilson_accuracy"], name);
        close_interval(e.sensitivity.interval, &case["wilson_sensitivity"], name);
        close_interval(e.specificity.interval, &case["wilson_specificity"], name);
        close(e.auroc.unwrap(), case["auroc"].as_f64().unwrap(), name);
        close_interval(e.auroc_interval, &case["delong"], name);
        close(e.log_loss, case["log_loss"].as_f64().unwrap(), name);
        close(youden_threshold(&scored).unwrap(), case["youden"].as_f64().unwrap(), name);
        close(
            average_precision(&scored).unwrap().unwrap(),
            case["average_precision"].as_f64().unwrap(),
            name,
        );
        close(brier_score(&scored).unwrap(), case["brier"].as_f64().unwrap(), name);
        let table = threshold_table(&scored).unwrap();
        let ours: Vec<_> = table
            .iter()
            .map(|row| vec![row.threshold, row.confusion.tp as f64, row.confusion.fp as f64])
            .collect();
        assert_eq!(ours, rows(&case["thresholds"]), "{name}");
        assert!(table.iter().all(|row| row.confusion == Confusion::at(&scored, row.threshold)), "{name}");
        let temperature = fit_temperature(&scored).unwrap();
        match case["temperature"].as_f64() {
            // The oracle stops where the loss is flat to double precision.
            Some(theirs) => assert!((temperature.unwrap() / theirs - 1.0).abs() < 1e-5, "{name}"),
            None => assert_eq!(temperature, None, "{name}"),
        }
        for row in rows(&case["operating"]) {
            close(threshold_for_sensitivity(&scored, row[0]).unwrap(), row[1], name);
            close(threshold_for_specificity(&scored, row[0]).unwrap(), row[2], name);
        }
        let bins = reliability(&scored).unwrap();
        close(bins.expected_error, case["ece"].as_f64().unwrap(), name);
        let counts: Vec<_> = bins.bins.iter().map(|bin| bin.positive.n as f64).collect();
        assert_eq!(counts, numbers(&case["ece_bins"]), "{name}");
        for row in rows(&case["predictive"]) {
            let ours = c.predictive_values(row[0]).unwrap();
            close(ours.ppv.unwrap(), row[1], name);
            close(ours.npv.unwrap(), row[2], name);
            for (interval, ends) in [(ours.ppv_interval, &row[3..5]), (ours.npv_interval, &row[5..7])] {
                close(interval.unwrap().low, ends[0], name);
                close(interval.unwrap().high, ends[1], name);
            }
        }
    }
    for row in fixture()["wilson"].as_array().unwrap() {
        let row = numbers(row);
        let ours = wilson(row[0] as u64, row[1] as u64).unwrap();
        close(ours.low, row[2], "wilson");
        close(ours.high, row[3], "wilson");
    }
}

#[test]
fn bootstrap_intervals_are_those_of_another_generator_and_of_every_resample() {
    let many = |n| NonZeroUsize::new(n).unwrap();
    for case in fixture()["cases"].as_array().unwrap() {
        let scored: Vec<_> = numbers(&case["scores"]).into_iter().zip(labels(&case["labels"])).collect();
        let near = |ours: Option<Interval>, theirs: &[f64], figure: &str| {
            let (ours, name) = (ours.unwrap(), &case["name"]);
            // Both draw 20,000 times; with eight positives the ends still differ by .006 between seeds.
            assert!((ours.low - theirs[0]).abs() < 0.008, "{name}, {figure}: {ours:?}, expected {theirs:?}");
            assert!((ours.high - theirs[1]).abs() < 0.008, "{name}, {figure}: {ours:?}, expected {theirs:?}");
        };
        let area = || bootstrap(&scored, many(20_000), 3, |drawn| auroc(drawn).ok()).unwrap();
        near(area(), &numbers(&case["bootstrap"]), "AUROC");
        assert_eq!(area(), area());
        let (threshold, others) = (case["threshold"].as_f64().unwrap(), rows(&case["resampled"]));
        let of = |figure: fn(&[Scored], f64) -> Option<f64>| {
            bootstrap(&scored, many(20_000), 3, |drawn| figure(drawn, threshold)).unwrap()
        };
        near(of(|drawn, _| average_precision(drawn).unwrap()), &others[0], "average precision");
        near(of(|drawn, _| brier_score(drawn).ok()), &others[1], "Brier score");
        near(of(|drawn, cut| Confusion::at(drawn, cut).positive().f1), &others[2], "F1");
    }
    let few = &fixture()["every_resample"];
    let scored: Vec<_> = numbers(&few["scores"]).into_iter().zip(labels(&few["labels"])).collect();
    close_interval(
        bootstrap(&scored, many(100_000), 3, |drawn| auroc(drawn).ok()).unwrap(),
        &few["interval"],
        "every resample",
    );
}

#[test]
fn tests_on_the_same_images_equal_the_oracles() {
    for row in rows(&fixture()["mcnemar"]) {
        let (b, c) = (row[0] as usize, row[1] as usize);
        let only_one = std::iter::repeat_n((true, false), b).chain(std::iter::repeat_n((false, true), c));
        let ours = mcnemar(only_one.chain([(true, true), (false, false), (true, true)]));
        assert_eq!((ours.only_a_right, ours.only_b_right), (b as u64, c as u64));
        assert_eq!((ours.both_right, ours.both_wrong), (2, 1));
        close(ours.p_exact, row[2], "exact");
        close(ours.p_mid, row[3], "mid-p");
    }
    for pair in fixture()["delong_pairs"].as_array().unwrap() {
        let both = numbers(&pair["a_scores"]).into_iter().zip(numbers(&pair["b_scores"]));
        let paired: Vec<_> = both.zip(labels(&pair["labels"])).map(|((a, b), label)| (a, b, label)).collect();
        let ours = compare_auroc(&paired).unwrap();
        close(ours.a, pair["a"].as_f64().unwrap(), "A");
        close(ours.b, pair["b"].as_f64().unwrap(), "B");
        close(ours.difference, pair["difference"].as_f64().unwrap(), "difference");
        close_interval(ours.interval, &pair["interval"], "interval");
        close(ours.p.unwrap(), pair["p"].as_f64().unwrap(), "p");
    }
    // A classifier against itself: no difference, and sure of it.
    let same: Vec<_> = [0.1, 0.4, 0.3, 0.8].iter().enumerate().map(|(i, p)| (*p, *p, i > 1)).collect();
    let ours = compare_auroc(&same).unwrap();
    assert_eq!(
        (ours.difference, ours.p, ours.interval),
        (0.0, Some(1.0), Some(Interval { low: 0.0, high: 0.0 }))
    );
}

#[test]
fn what_is_undefined_says_so() {
    let only_negative = Evaluation::new(&[(0.1, false), (0.2, false)], 0.5).unwrap();
    assert_eq!((only_negative.sensitivity.value, only_negative.sensitivity.interval), (None, None));
    assert_eq!((only_negative.auroc, only_negative.positive.precision), (None, None));
    let text = only_negative.render_text(&ClassNames::default());
    assert!(text.contains("sensitivity  undefined  n = 0\n"), "{text}");
    assert!(text.contains("AUROC        undefined\n"), "{text}");
    assert!(!text.contains("NaN"), "{text}");
    assert!(serde_json::to_value(&only_negative).unwrap()["auroc"].is_null());
    assert_eq!(auroc_interval(&[(0.1, false), (0.2, true), (0.3, true)]), Ok(None));
    let only_negative = [(0.1, false), (0.2, false)];
    assert_eq!(average_precision(&only_negative), Ok(None));
    assert_eq!(bootstrap(&only_negative, RESAMPLES, 1, |drawn| auroc(drawn).ok()), Ok(None));
    assert!(matches!(bootstrap(&[], RESAMPLES, 1, |_| Some(0.0)), Err(MetricsError::Empty)));
    let c = Confusion { tp: 3, fn_: 1, ..Confusion::default() };
    let nothing =
        PredictiveValues { prevalence: 0.1, ppv: None, npv: None, ppv_interval: None, npv_interval: None };
    assert_eq!(c.predictive_values(0.1), Ok(nothing));
    assert!(matches!(c.predictive_values(f64::NAN), Err(MetricsError::Prevalence { .. })));
    // Nobody is called positive: what a positive call means is not known.
    let silent = Confusion { fn_: 2, tn: 2, ..Confusion::default() }.predictive_values(0.1).unwrap();
    assert_eq!((silent.ppv, silent.npv), (None, Some(0.9)));
    assert_eq!(silent.ppv_interval, None);
    let bins = reliability(&only_negative).unwrap().bins;
    assert_eq!((bins[0].mean, bins[1].mean, bins[2].mean), (None, Some(0.1), Some(0.2)));
    assert_eq!(bins[0].positive.interval, None);
    assert_eq!(wilson(0, 0), None);
    assert_eq!(wilson(2, 1), None);
}

#[test]
fn what_is_no_probability_is_refused() {
    assert!(matches!(Evaluation::new(&[], 0.5), Err(MetricsError::Empty)));
    for bad in [f64::NAN, -0.1, 1.1, f64::INFINITY] {
        let error = Evaluation::new(&[(0.5, true), (bad, false)], 0.5).unwrap_err();
        assert!(matches!(error, MetricsError::Score { index: 1, .. }), "{error}");
        assert!(matches!(Evaluation::new(&[(0.5, true)], bad), Err(MetricsError::Threshold { .. })));
    }
}

#[test]
fn the_table_of_thresholds_reads_as_expected() {
    let rows = threshold_table(&[(0.9, true), (0.4, false), (0.4, true)]).unwrap();
    assert_eq!(
        threshold_csv(&rows),
        "threshold,tp,fp,tn,fn,sensitivity,specificity,ppv,npv,accuracy\n\
         0.9,1,0,1,1,0.500000,1.000000,1.000000,0.500000,0.666667\n\
         0.4,2,1,0,0,1.000000,0.000000,0.666667,,0.666667\n"
    );
}

#[test]
fn the_report_reads_as_expected() {
    let scored = [(0.9, true), (0.8, true), (0.3, true), (0.6, false), (0.1, false)];
    let text = Evaluation::new(&scored, 0.5).unwrap().to_string();
    // By hand: TP 2, FN 1, FP 1, TN 1.
    for line in [
        "NORMAL           0.5000     0.5000     0.5000         2\n",
        "PNEUMONIA        0.6667     0.6667     0.6667         3\n",
        "NORMAL                  1            1\n",
        "PNEUMONIA               1            2\n",
        "  n = 5\n",
    ] {
        assert!(text.contains(line), "{text}\nlacks {line:?}");
    }
}

fn scores() -> impl Strategy<Value = Vec<(f64, bool)>> {
    proptest::collection::vec(((0u32..=40).prop_map(|s| f64::from(s) / 40.0), any::<bool>()), 2..60)
        .prop_filter("both classes", |v| v.iter().any(|s| s.1) && v.iter().any(|s| !s.1))
}

proptest! {
    #[test]
    fn the_area_knows_only_the_order(scored in scores()) {
        let area = auroc(&scored).unwrap();
        let squared: Vec<_> = scored.iter().map(|(s, l)| (s * s, *l)).collect();
        prop_assert!((auroc(&squared).unwrap() - area).abs() < 1e-12);
        let swapped: Vec<_> = scored.iter().map(|(s, l)| (*s, !l)).collect();
        prop_assert!((auroc(&swapped).unwrap() - (1.0 - area)).abs() < 1e-12);
        let mut reversed = scored.clone();
        reversed.reverse();
        prop_assert!((auroc(&reversed).unwrap() - area).abs() < 1e-12);
    }

    #[test]
    fn no_cut_beats_youdens(scored in scores(), cut in 0.0f64..1.0) {
        let j = |t: f64| {
            let c = Confusion::at(&scored, t);
            c.sensitivity().unwrap() + c.specificity().unwrap()
        };
        prop_assert!(j(youden_threshold(&scored).unwrap()) >= j(cut) - 1e-12);
    }

    #[test]
    fn wilson_holds_the_proportion_and_is_symmetric(n in 1u64..5000, part in 0.0f64..=1.0) {
        let k = (part * n as f64).round() as u64;
        let (i, mirrored) = (wilson(k, n).unwrap(), wilson(n - k, n).unwrap());
        let p = k as f64 / n as f64;
        prop_assert!(0.0 <= i.low && i.low <= p && p <= i.high && i.high <= 1.0);
        prop_assert!((i.low - (1.0 - mirrored.high)).abs() < 1e-12);
        prop_assert!(i.high - i.low > 0.0);
    }
}
