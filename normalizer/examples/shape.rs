#![allow(missing_docs, clippy::print_stdout, clippy::unwrap_used)]
use sluice_normalizer::*;
use std::time::Instant;
fn main() {
    let mut args = std::env::args().skip(1);
    let out = args.next().unwrap();
    let table = TableName::parse("t").unwrap();
    let settings =
        Settings::from_yaml("tables: {t: {limits: {columns: 5000, view_text_bytes: 5000000}}}")
            .unwrap()
            .table(&table);
    let mut registry = Registry::empty(&table, 1);
    for file in args {
        let data = std::fs::read(&file).unwrap();
        let (mut shape_s, mut encode_s, mut bytes_out) = (0.0, 0.0, 0);
        for batch in data.chunk_lines(32_000_000) {
            let t = Instant::now();
            let id = DocumentId::parse("doc").unwrap();
            let mut shaper = Shaper::new(&registry, &settings);
            for chunk in batch.chunk_lines(8_000_000) {
                shaper.document(&Document {
                    id: &id,
                    received_at_ms: 1_760_000_000_000,
                    principal: None,
                    form: Form::Ndjson,
                    encoding: Encoding::Identity,
                    body: chunk,
                });
            }
            let shaped = shaper.finish();
            shape_s += t.elapsed().as_secs_f64();
            let t = Instant::now();
            let batch_id = BatchId::derive(&table, 1, [&id].into_iter());
            for part in shaped.parts(&batch_id) {
                let bytes = part.encode().unwrap();
                bytes_out += bytes.len();
                let path = format!("{out}/{}", part.key());
                std::fs::create_dir_all(std::path::Path::new(&path).parent().unwrap()).unwrap();
                std::fs::write(path, bytes).unwrap();
            }
            encode_s += t.elapsed().as_secs_f64();
            let next = shaped.registry().clone();
            println!(
                "{}",
                serde_json::to_string(shaped.report())
                    .unwrap()
                    .chars()
                    .take(300)
                    .collect::<String>()
            );
            registry = next;
        }
        let mb = data.len() as f64 / 1e6;
        println!(
            "{file}: shape {:.0} MB/s, encode {:.0} MB/s, together {:.0} MB/s, out {:.1} MB of {mb:.1}",
            mb / shape_s,
            mb / encode_s,
            mb / (shape_s + encode_s),
            bytes_out as f64 / 1e6
        );
    }
    std::fs::write(format!("{out}/registry.json"), registry.to_json()).unwrap();
}
trait ChunkLines {
    fn chunk_lines(&self, max: usize) -> Vec<&[u8]>;
}
impl ChunkLines for [u8] {
    fn chunk_lines(&self, max: usize) -> Vec<&[u8]> {
        let mut out = Vec::new();
        let mut rest = self;
        while rest.len() > max {
            let cut = rest[..max].iter().rposition(|&b| b == b'\n').unwrap() + 1;
            out.push(&rest[..cut]);
            rest = &rest[cut..];
        }
        if !rest.is_empty() {
            out.push(rest);
        }
        out
    }
}
