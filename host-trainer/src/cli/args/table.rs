//! The options that say which images there are and whose, in place of class folders and names.

use anyhow::bail;
use clap::Args;

use crate::data::table::{Table, TablePreset, Uncertain};
use crate::data::{DataSource, PatientPattern, SourceSplits};

/// A table of images, and what tells their patients.
#[derive(Debug, Args)]
pub struct TableArgs {
    /// CSV file with a line for each image, in place of class folders: image,label[,patient][,split][,subgroup][,source], the
    /// image as its path below --data or its name there; of several hospitals NAME=FILE
    #[arg(long, value_name = "[NAME=]FILE.csv", conflicts_with = "splits")]
    table: Vec<SourceSplits>,
    /// Whose columns the table has
    #[arg(long, value_enum, value_name = "SET", default_value = "own", requires = "table")]
    table_preset: TablePreset,
    /// What becomes of images whose label is uncertain in the table
    #[arg(long, value_enum, value_name = "RULE", default_value = "leave-out", requires = "table")]
    uncertain: Uncertain,
    /// Regular expression whose only group, in ( ), is the patient in an image's path below --data; without it patients are
    /// told by DICOM files and by the names of known public sets
    #[arg(long, value_name = "REGEX")]
    patient_regex: Option<PatientPattern>,
}

impl TableArgs {
    /// Gives each source its table and the pattern. A table with a column `source` makes one source of each hospital in it.
    ///
    /// # Errors
    /// If a table names a source that is not there, or cannot be read.
    pub fn of_sources(self, mut sources: Vec<DataSource>) -> anyhow::Result<Vec<DataSource>> {
        let TableArgs { table, table_preset, uncertain, patient_regex } = self;
        for SourceSplits { name, file } in table {
            let source = DataSource::find(&mut sources, "--table", &name)?;
            source.table = Some(Table { preset: table_preset, uncertain, ..Table::new(file) });
        }
        for source in &mut sources {
            source.patients.clone_from(&patient_regex);
        }
        let [only] = sources.as_slice() else { return Ok(sources) };
        let Some(table) = &only.table else { return Ok(sources) };
        let hospitals = table.sources()?;
        if let Some(odd) = hospitals.iter().find(|name| !is_name(name)) {
            bail!(
                "{}: the source {odd:?} is no name of letters, digits, - and _; write another",
                table.file.display()
            );
        }
        if hospitals.len() < 2 {
            return Ok(sources);
        }
        let of = |name: String| DataSource {
            table: Some(Table { source: Some(name.clone()), ..table.clone() }),
            name,
            ..only.clone()
        };
        Ok(hospitals.into_iter().map(of).collect())
    }
}

fn is_name(name: &str) -> bool {
    name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}
