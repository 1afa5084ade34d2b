//! Evidence segments: plain Parquet, one row per leaf of any kind (`docs/format/evidence.md`).

mod read;
mod segments;
#[cfg(test)]
mod tests;
mod write;

use std::sync::Arc;

use parquet::basic::{Compression, Encoding, Repetition, Type as Physical, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterPropertiesPtr};
use parquet::schema::types::{ColumnPath, Type, TypePtr};

pub(crate) use read::{Batch, Digest, EvidenceFile, RowReader, ending};
pub use segments::Segment;
pub(crate) use segments::{Chosen, choose, list};
pub(crate) use write::{Finished, Writer};

/// Compression level of header and body: the knee between speed and size.
const ZSTD_LEVEL: i32 = 3;

/// Bytes after which a page ends: what a point read has to unpack.
const PAGE_BYTES: usize = 1 << 20;

/// Rows after which a page ends.
const PAGE_ROWS: usize = 1_024;

/// Rows between two looks at the size of a page.
const WRITE_BATCH_ROWS: usize = 64;

/// Names of the columns, in order.
const COLUMNS: [&str; 6] = ["index", "kind", "sequenced_at", "salt", "header", "body"];

fn schema() -> Result<TypePtr, ParquetError> {
    let types = [
        Physical::INT64,
        Physical::INT32,
        Physical::INT64,
        Physical::FIXED_LEN_BYTE_ARRAY,
        Physical::BYTE_ARRAY,
        Physical::BYTE_ARRAY,
    ];
    let mut fields = Vec::with_capacity(COLUMNS.len());
    for (name, physical) in COLUMNS.into_iter().zip(types) {
        let mut column = Type::primitive_type_builder(name, physical).with_repetition(Repetition::REQUIRED);
        if physical == Physical::FIXED_LEN_BYTE_ARRAY {
            column = column.with_length(model::SALT_BYTES as i32);
        }
        fields.push(Arc::new(column.build()?));
    }
    Ok(Arc::new(Type::group_type_builder("leaf").with_fields(fields).build()?))
}

/// No statistics on salt, header and body: an erased value must not live on in a minimum.
fn properties() -> Result<WriterPropertiesPtr, ParquetError> {
    let mut properties = WriterProperties::builder()
        .set_created_by("deedbook evidence 0".to_owned())
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(ZSTD_LEVEL)?))
        .set_dictionary_enabled(false)
        .set_statistics_enabled(EnabledStatistics::None)
        .set_data_page_size_limit(PAGE_BYTES)
        .set_data_page_row_count_limit(PAGE_ROWS)
        .set_write_batch_size(WRITE_BATCH_ROWS)
        .set_column_compression(ColumnPath::from("salt"), Compression::UNCOMPRESSED);
    for column in ["index", "sequenced_at"] {
        properties = properties.set_column_encoding(ColumnPath::from(column), Encoding::DELTA_BINARY_PACKED);
    }
    for column in ["index", "kind", "sequenced_at"] {
        properties = properties.set_column_statistics_enabled(ColumnPath::from(column), EnabledStatistics::Page);
    }
    Ok(Arc::new(properties.build()))
}
