//! What a threshold would mean among a thousand people.

use serde::Serialize;

use super::{Confusion, MetricsError, Rate};

/// What things cost, in any currency.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Prices {
    /// One person with the finding who is not sent on.
    pub missed: f64,
    /// One person without the finding who is sent on, beside the price of being sent on.
    pub false_alarm: f64,
    /// One person who is sent on, with or without the finding: the next examination.
    pub sent_on: f64,
}

impl Prices {
    /// # Errors
    /// [`MetricsError::Price`] if one is below 0 or no number.
    pub fn check(&self) -> Result<(), MetricsError> {
        let wrong = |price: &f64| !(*price >= 0.0 && price.is_finite());
        match [self.missed, self.false_alarm, self.sent_on].into_iter().find(wrong) {
            Some(price) => Err(MetricsError::Price { price }),
            None => Ok(()),
        }
    }
}

/// What is expected of a thousand people who are screened, at one threshold and one prevalence: the table of the toolkit of
/// WHO and TDR (Determining the local calibration of computer-assisted detection (CAD) thresholds, 2021, tdr.who.int). That
/// sensitivity and specificity carry over from the images to these people is an assumption.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct OfThousand {
    /// Calibrated probability from which on a person is sent on.
    pub threshold: f64,
    /// On the images.
    pub sensitivity: Rate,
    /// On the images.
    pub specificity: Rate,
    /// With the finding and sent on.
    pub found: f64,
    /// With the finding and not sent on.
    pub missed: f64,
    /// Without the finding and sent on.
    pub false_alarms: f64,
    /// All who are sent on.
    pub sent_on: f64,
    /// None without prices.
    pub cost: Option<f64>,
}

/// The row of a threshold; `None` where the images lack a class.
///
/// # Errors
/// [`MetricsError::Prevalence`] if it is not in 0..=1, [`MetricsError::Price`] as [`Prices::check`].
pub fn of_thousand(
    threshold: f64,
    confusion: &Confusion,
    prevalence: f64,
    prices: Option<&Prices>,
) -> Result<Option<OfThousand>, MetricsError> {
    if !(0.0..=1.0).contains(&prevalence) {
        return Err(MetricsError::Prevalence { prevalence });
    }
    prices.map_or(Ok(()), Prices::check)?;
    let c = confusion;
    let (Some(sensitivity), Some(specificity)) = (c.sensitivity(), c.specificity()) else { return Ok(None) };
    let (ill, well) = (1000.0 * prevalence, 1000.0 * (1.0 - prevalence));
    let found = sensitivity * ill;
    let false_alarms = (1.0 - specificity) * well;
    let (missed, sent_on) = (ill - found, found + false_alarms);
    let cost =
        |price: &Prices| price.missed * missed + price.false_alarm * false_alarms + price.sent_on * sent_on;
    Ok(Some(OfThousand {
        threshold,
        sensitivity: Rate::new(c.tp, c.tp + c.fn_),
        specificity: Rate::new(c.tn, c.tn + c.fp),
        found,
        missed,
        false_alarms,
        sent_on,
        cost: prices.map(cost),
    }))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn a_thousand_by_hand() {
        // Sensitivity 9/10, specificity 3/4; of 1000 at a prevalence of 2%: 20 ill, 980 well.
        let confusion = Confusion { tp: 9, fn_: 1, tn: 15, fp: 5 };
        let prices = Prices { missed: 100.0, false_alarm: 1.0, sent_on: 10.0 };
        let row = of_thousand(0.4, &confusion, 0.02, Some(&prices)).unwrap().unwrap();
        let close = |found: f64, expected: f64| assert!((found - expected).abs() < 1e-9, "{found}");
        close(row.found, 18.0);
        close(row.missed, 2.0);
        close(row.false_alarms, 245.0);
        close(row.sent_on, 263.0);
        close(row.cost.unwrap(), 200.0 + 245.0 + 2630.0);
        assert_eq!(of_thousand(0.4, &confusion, 0.02, None).unwrap().unwrap().cost, None);
        let one_class = Confusion { tp: 9, fn_: 1, ..Confusion::default() };
        assert_eq!(of_thousand(0.4, &one_class, 0.02, None), Ok(None));
        assert_eq!(
            of_thousand(0.4, &confusion, 2.0, None),
            Err(MetricsError::Prevalence { prevalence: 2.0 })
        );
        let wrong = Prices { sent_on: -1.0, ..prices };
        assert_eq!(
            of_thousand(0.4, &confusion, 0.02, Some(&wrong)),
            Err(MetricsError::Price { price: -1.0 })
        );
    }
}
