//! Prometheus' text format, version 0.0.4 (prometheus.io/docs/instrumenting/exposition_formats).

use std::fmt::Write;

use crate::status::HistogramSnapshot;

/// Metrics one after another. Those of one name are grouped under one line of help.
#[derive(Debug, Default)]
pub struct MetricsText {
    out: String,
    last: &'static str,
}

type Labels<'a> = &'a [(&'a str, &'a str)];

impl MetricsText {
    /// A number that only rises.
    pub fn counter(&mut self, name: &'static str, help: &str, labels: Labels<'_>, value: u64) {
        self.head(name, help, "counter");
        self.sample(name, labels, &value.to_string());
    }

    /// A number as it is now.
    pub fn gauge(&mut self, name: &'static str, help: &str, labels: Labels<'_>, value: f64) {
        self.head(name, help, "gauge");
        self.sample(name, labels, &value.to_string());
    }

    /// Times in seconds.
    pub fn histogram(&mut self, name: &'static str, help: &str, times: &HistogramSnapshot) {
        self.head(name, help, "histogram");
        let bucket = format!("{name}_bucket");
        for (bound, count) in &times.below {
            self.sample(&bucket, &[("le", &bound.to_string())], &count.to_string());
        }
        self.sample(&bucket, &[("le", "+Inf")], &times.count.to_string());
        self.sample(&format!("{name}_sum"), &[], &times.seconds.to_string());
        self.sample(&format!("{name}_count"), &[], &times.count.to_string());
    }

    /// The whole text.
    pub fn end(self) -> String {
        self.out
    }

    fn head(&mut self, name: &'static str, help: &str, kind: &str) {
        if self.last != name {
            self.last = name;
            let help = help.replace('\\', "\\\\").replace('\n', "\\n");
            self.line(&format!("# HELP {name} {help}\n# TYPE {name} {kind}"));
        }
    }

    fn sample(&mut self, name: &str, labels: Labels<'_>, value: &str) {
        let labels: Vec<String> = labels
            .iter()
            .map(|(key, value)| {
                let value = value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
                format!("{key}=\"{value}\"")
            })
            .collect();
        match labels.is_empty() {
            true => self.line(&format!("{name} {value}")),
            false => self.line(&format!("{name}{{{}}} {value}", labels.join(","))),
        }
    }

    fn line(&mut self, line: &str) {
        // Writing to a string does not fail.
        let _ = writeln!(self.out, "{line}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_is_the_one_of_the_format() {
        let mut text = MetricsText::default();
        text.counter("a_total", "What a is.", &[("kind", "x")], 3);
        text.counter("a_total", "What a is.", &[("kind", "a \"b\" \\ \n")], 0);
        text.gauge("b", "Two\nlines \\.", &[], 0.25);
        let times = HistogramSnapshot { below: vec![(0.5, 1), (10.0, 2)], count: 3, seconds: 100.75 };
        text.histogram("c_seconds", "Times.", &times);
        let expected = concat!(
            "# HELP a_total What a is.\n",
            "# TYPE a_total counter\n",
            "a_total{kind=\"x\"} 3\n",
            "a_total{kind=\"a \\\"b\\\" \\\\ \\n\"} 0\n",
            "# HELP b Two\\nlines \\\\.\n",
            "# TYPE b gauge\n",
            "b 0.25\n",
            "# HELP c_seconds Times.\n",
            "# TYPE c_seconds histogram\n",
            "c_seconds_bucket{le=\"0.5\"} 1\n",
            "c_seconds_bucket{le=\"10\"} 2\n",
            "c_seconds_bucket{le=\"+Inf\"} 3\n",
            "c_seconds_sum 100.75\n",
            "c_seconds_count 3\n",
        );
        assert_eq!(text.end(), expected);
    }
}
