//! Queries of the pages.

use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;

use super::assets::SCRIPT;
use super::cache::PictureKey;
use super::site::{DeviceContext, PageFailure, Site};
use super::views::{Listing, RecordView, about_what, older};
use crate::records::{
    Day, ExportFormat, Exporter, Origin, Record, RecordQuery, RecordReader, RecordSelector,
};
use crate::status::{StatusSnapshot, Subject};
use crate::ui::i18n::Translation;
use crate::ui::picture::{self, PictureError};
use crate::ui::report::{self, BrowserControls, ReportData};

/// Records on one page of the list.
const PAGE_RECORDS: usize = 20;
/// Records in one table of a day; a device screens some hundreds.
const CSV_RECORDS: usize = 20_000;

/// How long a picture waits for an image that is being screened.
const DECODE_TIMEOUT: Duration = Duration::from_secs(3);

/// The query string of the list.
#[derive(Debug, Default, Deserialize)]
pub(super) struct RecordListParams {
    #[serde(default)]
    study: String,
    #[serde(default)]
    day: String,
    #[serde(default)]
    from: String,
    before: Option<u64>,
}

/// The record of the status page, and what can be shown of it. Before any result was shown that is the
/// newest; a result without a record has none.
pub(super) async fn latest(
    site: &Arc<Site>,
    snapshot: &StatusSnapshot,
) -> Result<Option<RecordView>, PageFailure> {
    let (shared, about) = (site.clone(), about_what(snapshot));
    let is_result = snapshot.shown.signal.is_result();
    site.query(move |reader| {
        let record = match about {
            Subject::Record(sequence) => reader.by_sequence(sequence)?,
            Subject::Nothing if !is_result => reader.newest()?,
            Subject::Nothing | Subject::Refused(_) => None,
        };
        record.map(|record| record_view(&shared, reader, record)).transpose()
    })
    .await
}

/// A record, and what can be shown of it.
pub(super) async fn view(site: &Arc<Site>, sequence: u64) -> Result<RecordView, PageFailure> {
    let shared = site.clone();
    site.query(move |reader| record_view(&shared, reader, find(reader, sequence)?)).await
}

/// A picture of a record: its X-ray or its heat map.
pub(super) async fn picture(site: &Arc<Site>, key: PictureKey) -> Result<Arc<Vec<u8>>, PageFailure> {
    let shared = site.clone();
    site.query(move |reader| {
        let (PictureKey::XRay(sequence) | PictureKey::Heat(sequence)) = key;
        let record = find(reader, sequence)?;
        draw(&shared, reader, &record).map_err(|_| PageFailure::NotFound)?;
        shared.pictures.get(key).ok_or(PageFailure::NotFound)
    })
    .await
}

/// The report of a record, to print.
pub(super) async fn report(
    site: &Arc<Site>,
    sequence: u64,
    words: Translation,
) -> Result<String, PageFailure> {
    data(site, sequence, move |data| {
        let controls = BrowserControls { back: format!("/records/{sequence}"), script: SCRIPT };
        Ok(report::html(data, &words, Some(&controls)))
    })
    .await
}

/// A record as a DICOM file.
pub(super) async fn dicom(
    site: &Arc<Site>,
    sequence: u64,
    make: fn(&ReportData) -> Result<Vec<u8>, report::dicom::DicomError>,
) -> Result<Vec<u8>, PageFailure> {
    data(site, sequence, move |data| make(data).map_err(|error| PageFailure::Refused(error.to_string())))
        .await
}

/// Calls `make` with a record and all that is known of it, while nothing else is decoded.
async fn data<T: Send + 'static>(
    site: &Arc<Site>,
    sequence: u64,
    make: impl FnOnce(&ReportData) -> Result<T, PageFailure> + Send + 'static,
) -> Result<T, PageFailure> {
    let DeviceContext { status, decoder, .. } = site.device.clone();
    site.query(move |reader| {
        let _turn = decoder.lock().take_within(DECODE_TIMEOUT).ok_or(PageFailure::Busy)?;
        let decoder = decoder.for_page();
        let data = ReportData::of(reader, &decoder, find(reader, sequence)?, status.snapshot().model)?;
        // A report without its picture would be printed as it is.
        if matches!(data.image, Err(PictureError::Busy)) {
            return Err(PageFailure::Busy);
        }
        make(&data)
    })
    .await
}

/// The records that fit a question.
pub(super) async fn listing(
    site: &Site,
    words: &Translation,
    question: RecordListParams,
) -> Result<Listing, PageFailure> {
    let RecordListParams { study, day, from, before } = question;
    let mut listing = Listing { origin: Origin::from_code(&from), study, day, ..Listing::default() };
    let given = |text: &str| !text.trim().is_empty();
    let (named, on) = (RecordSelector::parse(&listing.study), Day::parse(listing.day.trim()));
    if given(&listing.study) && named.is_none() {
        listing.unclear = Some(words.page.study_unclear.clone());
        return Ok(listing);
    }
    if given(&listing.day) && on.is_none() {
        listing.unclear = Some(words.page.day_unclear.clone());
        return Ok(listing);
    }
    listing.day = on.map(|day| day.to_string()).unwrap_or_default();
    let query = RecordQuery { day: on, study: named, origin: listing.origin, before };
    listing.found = site.query(move |reader| Ok(reader.search(&query, PAGE_RECORDS + 1)?)).await?;
    if listing.found.len() > PAGE_RECORDS {
        listing.found.truncate(PAGE_RECORDS);
        let last = listing.found.iter().rev().find_map(|found| found.as_ref().ok());
        listing.older = last.map(|last| older(&listing.study, on, listing.origin, last.sequence));
    }
    Ok(listing)
}

/// The table of a day.
pub(super) async fn csv(site: &Site, words: &Translation, day: &str) -> Result<(Day, Vec<u8>), PageFailure> {
    let day = Day::parse(day.trim()).ok_or_else(|| PageFailure::Refused(words.page.day_unclear.clone()))?;
    let query = RecordQuery { day: Some(day), ..RecordQuery::default() };
    let table = site
        .query(move |reader| {
            let failed = |error: std::io::Error| PageFailure::Fault(error.to_string());
            let mut table = Vec::new();
            let mut exporter = Exporter::new(ExportFormat::Csv, &mut table).map_err(failed)?;
            for found in reader.search(&query, CSV_RECORDS)?.into_iter().rev() {
                exporter.write(&found?).map_err(failed)?;
            }
            exporter.end().map_err(failed)?;
            Ok(table)
        })
        .await?;
    Ok((day, table))
}

fn find(reader: &RecordReader, sequence: u64) -> Result<Record, PageFailure> {
    reader.by_sequence(sequence)?.ok_or(PageFailure::NotFound)
}

fn record_view(site: &Site, reader: &RecordReader, record: Record) -> Result<RecordView, PageFailure> {
    let reported = reader.is_reported(record.sequence)?;
    let picture_error = draw(site, reader, &record).err().map(|why| why.to_string());
    let heat = picture_error.is_none() && site.pictures.get(PictureKey::Heat(record.sequence)).is_some();
    Ok(RecordView { record, reported, picture_error, heat })
}

/// Draws the picture and the heat map of a record, unless they are there already.
fn draw(site: &Site, reader: &RecordReader, record: &Record) -> Result<(), PictureError> {
    let which = PictureKey::XRay(record.sequence);
    // A picture outlives its image in the cache; nobody shall see one that was erased.
    if let Err(gone) = picture::kept(reader, record) {
        site.pictures.forget(record.sequence);
        return Err(gone);
    }
    if site.pictures.get(which).is_some() {
        return Ok(());
    }
    if let Some(error) = site.pictures.failure(record.sequence) {
        return Err(error);
    }
    let bytes = picture::stored(reader, record)?;
    let decoder = &site.device.decoder;
    let _turn = decoder.lock().take_within(DECODE_TIMEOUT).ok_or(PictureError::Busy)?;
    let image = picture::decode(&decoder.for_page(), &bytes)
        .inspect_err(|error| site.pictures.put_failure(record.sequence, error))?;
    site.pictures.put(which, &Arc::new(picture::jpeg(&image)?));
    if let Some(layer) = picture::heat(reader, record, &image)? {
        site.pictures.put(PictureKey::Heat(record.sequence), &Arc::new(layer));
    }
    Ok(())
}
