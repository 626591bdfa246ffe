//! Which part a decoder gave up on.

use datafusion::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::fs::File;
use std::path::Path;

/// Parts that are looked at.
const PARTS_MAX: usize = 64;

/// The first of `keys` that cannot be read to its end. Decoders do not say what they read, and
/// readers of the part next in line are open at the same time; so each is read once more, which
/// only happens after a failure.
pub(crate) async fn find_damaged(lake_root: &Path, keys: Vec<String>) -> Option<String> {
    let lake_root = lake_root.to_owned();
    let find = move || keys.into_iter().take(PARTS_MAX).find(|key| !readable(&lake_root.join(key)));
    tokio::task::spawn_blocking(find).await.ok().flatten()
}

fn readable(path: &Path) -> bool {
    let Ok(file) = File::open(path) else { return false };
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).and_then(|builder| builder.build());
    reader.is_ok_and(|mut batches| batches.all(|batch| batch.is_ok()))
}
