//! What the pages ask the store.

use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;

use super::cache::Which;
use super::site::{Failed, Site};
use super::views::{Listing, SCRIPT, Sight, about_what, older};
use crate::outputs::lights::About;
use crate::outputs::live::Glance;
use crate::outputs::picture::{self, Unshown};
use crate::outputs::report::{self, Around, Case};
use crate::outputs::words::{Language, Words};
use crate::record::{Day, Exporter, Form, Origin, Query, Reader, Record, Study};

/// Records on one page of the list.
const PAGE: usize = 20;
/// Records in one table of a day; a device screens some hundreds.
const TABLE: usize = 20_000;

/// How long a picture waits for an image that is being screened.
const PATIENCE: Duration = Duration::from_secs(3);

/// What stands behind the question mark.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Question {
    #[serde(default)]
    study: String,
    #[serde(default)]
    day: String,
    #[serde(default)]
    from: String,
    before: Option<u64>,
}

/// The record that the status page is about, and what there is to see of it. Before anything was shown that is the
/// newest; a result without a record has none.
pub(super) async fn latest(site: &Arc<Site>, glance: &Glance) -> Result<Option<Sight>, Failed> {
    let (asked, about) = (site.clone(), about_what(glance));
    let is_result = glance.shown.signal.is_result();
    site.ask(move |reader| {
        let record = match about {
            About::Record(sequence) => reader.by_sequence(sequence)?,
            About::Nothing if !is_result => reader.newest()?,
            About::Nothing | About::Refused(_) => None,
        };
        record.map(|record| look(&asked, reader, record)).transpose()
    })
    .await
}

/// A record and what there is to see of it.
pub(super) async fn sight(site: &Arc<Site>, sequence: u64) -> Result<Sight, Failed> {
    let asked = site.clone();
    site.ask(move |reader| look(&asked, reader, find(reader, sequence)?)).await
}

/// The picture of a record.
pub(super) async fn picture(site: &Arc<Site>, sequence: u64) -> Result<Arc<Vec<u8>>, Failed> {
    let asked = site.clone();
    site.ask(move |reader| {
        let record = find(reader, sequence)?;
        draw(&asked, reader, &record).map_err(|_| Failed::NotFound)?;
        asked.pictures.get(Which::XRay(sequence)).ok_or(Failed::NotFound)
    })
    .await
}

/// The heat map of a record.
pub(super) async fn heat(site: &Arc<Site>, sequence: u64) -> Result<Arc<Vec<u8>>, Failed> {
    let asked = site.clone();
    site.ask(move |reader| {
        let record = find(reader, sequence)?;
        draw(&asked, reader, &record).map_err(|_| Failed::NotFound)?;
        asked.pictures.get(Which::Heat(sequence)).ok_or(Failed::NotFound)
    })
    .await
}

/// The report of a record, to print.
pub(super) async fn report(
    site: &Arc<Site>,
    sequence: u64,
    words: Words,
    language: Language,
) -> Result<String, Failed> {
    case(site, sequence, move |case| {
        let around = Around { back: format!("/records/{sequence}"), script: SCRIPT };
        Ok(report::html(case, (&words, language), Some(&around)))
    })
    .await
}

/// A record as a DICOM file.
#[cfg(feature = "dicom")]
pub(super) async fn dicom(
    site: &Arc<Site>,
    sequence: u64,
    make: fn(&Case) -> Result<Vec<u8>, report::dicom::DicomError>,
) -> Result<Vec<u8>, Failed> {
    case(site, sequence, move |case| make(case).map_err(|error| Failed::Refused(error.to_string()))).await
}

/// What `make` makes of a record and all that is known of it, while nothing else is decoded.
async fn case<T: Send + 'static>(
    site: &Arc<Site>,
    sequence: u64,
    make: impl FnOnce(&Case) -> Result<T, Failed> + Send + 'static,
) -> Result<T, Failed> {
    let live = site.device.live.clone();
    site.ask(move |reader| {
        let _turn = live.decoding().take_within(PATIENCE).ok_or(Failed::Busy)?;
        make(&Case::of(reader, find(reader, sequence)?, live.glance().model)?)
    })
    .await
}

/// The records that fit a question.
pub(super) async fn listing(site: &Site, words: &Words, question: Question) -> Result<Listing, Failed> {
    let Question { study, day, from, before } = question;
    let mut listing = Listing { origin: Origin::from_code(&from), study, day, ..Listing::default() };
    let given = |text: &str| !text.trim().is_empty();
    let (named, on) = (Study::parse(&listing.study), Day::parse(listing.day.trim()));
    if given(&listing.study) && named.is_none() {
        listing.unclear = Some(words.page.study_unclear.clone());
        return Ok(listing);
    }
    if given(&listing.day) && on.is_none() {
        listing.unclear = Some(words.page.day_unclear.clone());
        return Ok(listing);
    }
    listing.day = on.map(|day| day.to_string()).unwrap_or_default();
    let query = Query { day: on, study: named, origin: listing.origin, before };
    listing.found = site.ask(move |reader| Ok(reader.search(&query, PAGE + 1)?)).await?;
    if listing.found.len() > PAGE {
        listing.found.truncate(PAGE);
        let last = listing.found.iter().rev().find_map(|found| found.as_ref().ok());
        listing.older = last.map(|last| older(&listing.study, on, listing.origin, last.sequence));
    }
    Ok(listing)
}

/// The table of a day.
pub(super) async fn csv(site: &Site, words: &Words, day: &str) -> Result<(Day, Vec<u8>), Failed> {
    let day = Day::parse(day.trim()).ok_or_else(|| Failed::Refused(words.page.day_unclear.clone()))?;
    let query = Query { day: Some(day), ..Query::default() };
    let table = site
        .ask(move |reader| {
            let failed = |error: std::io::Error| Failed::Fault(error.to_string());
            let mut table = Vec::new();
            let mut exporter = Exporter::new(Form::Csv, &mut table).map_err(failed)?;
            for found in reader.search(&query, TABLE)?.into_iter().rev() {
                exporter.write(&found?).map_err(failed)?;
            }
            exporter.end().map_err(failed)?;
            Ok(table)
        })
        .await?;
    Ok((day, table))
}

fn find(reader: &Reader, sequence: u64) -> Result<Record, Failed> {
    reader.by_sequence(sequence)?.ok_or(Failed::NotFound)
}

fn look(site: &Site, reader: &Reader, record: Record) -> Result<Sight, Failed> {
    let reported = reader.is_reported(record.sequence)?;
    let unshown = draw(site, reader, &record).err().map(|why| why.to_string());
    let heat = unshown.is_none() && site.pictures.get(Which::Heat(record.sequence)).is_some();
    Ok(Sight { record, reported, unshown, heat })
}

/// Draws the picture and the heat map of a record, unless they are there already.
fn draw(site: &Site, reader: &Reader, record: &Record) -> Result<(), Unshown> {
    let which = Which::XRay(record.sequence);
    if site.pictures.get(which).is_some() {
        return Ok(());
    }
    let _turn = site.device.live.decoding().take_within(PATIENCE).ok_or(Unshown::Busy)?;
    let image = picture::decode(&picture::stored(reader, record)?)?;
    site.pictures.put(which, &Arc::new(picture::jpeg(&image)?));
    if let Some(layer) = picture::heat(reader, record, &image)? {
        site.pictures.put(Which::Heat(record.sequence), &Arc::new(layer));
    }
    Ok(())
}
