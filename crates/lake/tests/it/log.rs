//! A log in memory, with evidence files as the ledger writes them.

use std::fs::File;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use lake::{Answer, Checkpoint, Evidence, Lake, Limits, Sealed, Segment};
use model::{CanonicalJson, Directive, Header, Kind, Millis, Position, ViewManifest, canonical_json};
use parquet::basic::{Compression, ZstdLevel};
use parquet::data_type::{ByteArray, ByteArrayType, FixedLenByteArrayType, Int32Type, Int64Type};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;

/// Short name of every log here.
pub(crate) const LOG: &str = "3f2a91c0";

#[derive(Clone, Debug)]
struct Leaf {
    kind: Kind,
    sequenced_at: Millis,
    header: Vec<u8>,
    body: Vec<u8>,
}

/// Leaves, and the files of those that have some.
#[derive(Clone, Debug, Default)]
pub(crate) struct Log {
    leaves: Vec<Leaf>,
    segments: Vec<Segment>,
    begun: Millis,
}

impl Log {
    /// A log with one source, number 1, set to `auto`.
    pub(crate) fn new() -> Log {
        Log::begun(Millis(1_700_000_000_000))
    }

    /// The same, with a leaf each ten milliseconds from there.
    pub(crate) fn begun(begun: Millis) -> Log {
        let mut log = Log { begun, ..Log::default() };
        log.source(1, "trail", "auto");
        log
    }

    pub(crate) fn source(&mut self, number: u32, name: &str, platform: &str) {
        let body =
            Directive::Source { number, name: name.into(), platform: platform.into(), authority: None, owner: None };
        self.own(Kind::Directive, &body);
    }

    pub(crate) fn own<T: CanonicalJson>(&mut self, kind: Kind, body: &T) {
        self.push(kind, 0, Position::default(), 0, canonical_json(body));
    }

    pub(crate) fn record(&mut self, body: &str) -> u64 {
        self.record_at(1, Position::default(), body.as_bytes())
    }

    pub(crate) fn record_at(&mut self, source: u32, position: Position, body: &[u8]) -> u64 {
        self.push(Kind::Record, source, position, 0, body.to_vec())
    }

    pub(crate) fn push(&mut self, kind: Kind, source: u32, position: Position, flags: u8, body: Vec<u8>) -> u64 {
        let index = self.leaves.len() as u64;
        let at = Millis(self.begun.0 + index * 10);
        let header = Header {
            kind,
            flags,
            source,
            source_seq: index,
            received_at: at,
            body_bytes: body.len() as u64,
            replacements: Vec::new(),
            position,
        };
        let mut bytes = Vec::new();
        header.encode(&mut bytes);
        self.leaves.push(Leaf { kind, sequenced_at: at, header: bytes, body });
        index
    }

    pub(crate) fn size(&self) -> u64 {
        self.leaves.len() as u64
    }

    /// Writes the leaves that have no file yet into one.
    pub(crate) fn close_segment(&mut self, folder: &Path) {
        let first = self.segments.last().map_or(0, |segment| segment.last + 1);
        let last = self.size() - 1;
        std::fs::create_dir_all(folder).unwrap();
        let path = folder.join(format!("{first}-{last}.1.parquet"));
        let leaves = &self.leaves[first as usize..];
        let schema = "message evidence {
            REQUIRED INT64 index; REQUIRED INT32 kind; REQUIRED INT64 sequenced_at;
            REQUIRED FIXED_LEN_BYTE_ARRAY(16) salt; REQUIRED BYTE_ARRAY header; REQUIRED BYTE_ARRAY body; }";
        let properties =
            WriterProperties::builder().set_compression(Compression::ZSTD(ZstdLevel::try_new(3).unwrap())).build();
        let schema = Arc::new(parse_message_type(schema).unwrap());
        let mut file = SerializedFileWriter::new(File::create(&path).unwrap(), schema, Arc::new(properties)).unwrap();
        let mut group = file.next_row_group().unwrap();
        macro_rules! column {
            ($kind:ty, $values:expr) => {{
                let values: Vec<_> = $values.collect();
                let mut column = group.next_column().unwrap().unwrap();
                column.typed::<$kind>().write_batch(&values, None, None).unwrap();
                column.close().unwrap();
            }};
        }
        column!(Int64Type, (first..=last).map(|index| index as i64));
        column!(Int32Type, leaves.iter().map(|leaf| i32::from(leaf.kind.number())));
        column!(Int64Type, leaves.iter().map(|leaf| leaf.sequenced_at.0 as i64));
        column!(FixedLenByteArrayType, leaves.iter().map(|_| ByteArray::from(vec![7; 16]).into()));
        column!(ByteArrayType, leaves.iter().map(|leaf| ByteArray::from(leaf.header.clone())));
        column!(ByteArrayType, leaves.iter().map(|leaf| ByteArray::from(leaf.body.clone())));
        group.close().unwrap();
        file.close().unwrap();
        self.segments.push(Segment { first, last, path });
    }

    /// Forgets the evidence file with this number, as a ledger does that has lost it.
    pub(crate) fn lose_segment(&mut self, number: usize) -> Segment {
        self.segments.remove(number)
    }

    /// Closes a segment, lets the lake write its files and seals their manifest: what the pipeline
    /// does.
    pub(crate) fn settle(&mut self, folder: &Path) {
        self.close_segment(&folder.join("evidence"));
        let lake = Lake::open_for_writing(&folder.join("lake"), Arc::new(self.clone())).unwrap();
        let mut follower = lake.follow().unwrap();
        let from = follower.next();
        self.scan(from, self.size(), &mut |leaf| {
            follower.push(leaf).unwrap();
            ControlFlow::Continue(())
        })
        .unwrap();
        let mut closing = follower.close().unwrap();
        while let Some(files) = closing {
            let written = files.wait().unwrap();
            self.announce(&written.manifest);
            closing = follower.announced(&written.manifest).unwrap();
        }
    }

    pub(crate) fn announce(&mut self, manifest: &ViewManifest) {
        self.own(Kind::ViewManifest, manifest);
    }

    pub(crate) fn lake(&self, folder: &Path) -> Arc<Lake> {
        Arc::new(Lake::open(&folder.join("lake"), Arc::new(self.clone())).unwrap())
    }
}

impl Evidence for Log {
    fn log(&self) -> &str {
        LOG
    }

    fn size(&self) -> u64 {
        Log::size(self)
    }

    fn segments(&self) -> &[Segment] {
        &self.segments
    }

    fn scan(&self, from: u64, to: u64, visit: &mut dyn FnMut(&Sealed<'_>) -> ControlFlow<()>) -> lake::Result<()> {
        for index in from..to {
            let leaf = &self.leaves[index as usize];
            let sealed = Sealed { index, sequenced_at: leaf.sequenced_at, header: &leaf.header, body: &leaf.body };
            if visit(&sealed).is_break() {
                break;
            }
        }
        Ok(())
    }

    fn leaves(&self, indexes: &[u64], visit: &mut dyn FnMut(&Sealed<'_>)) -> lake::Result<()> {
        for index in indexes {
            self.scan(*index, index + 1, &mut |leaf| {
                visit(leaf);
                ControlFlow::Continue(())
            })?;
        }
        Ok(())
    }

    fn checkpoints(&self) -> lake::Result<Vec<Checkpoint>> {
        Ok(vec![Checkpoint { size: 3, root: "AAAA".into() }])
    }
}

/// All rows of an answer as lines of JSON.
pub(crate) fn lines(answer: Answer) -> lake::Result<Vec<String>> {
    let mut out = Vec::new();
    for batch in answer {
        lake::json::write_lines(&batch?, &mut out).unwrap();
    }
    Ok(String::from_utf8(out).unwrap().lines().map(str::to_owned).collect())
}

/// The rows of a SQL query as lines of JSON.
pub(crate) fn ask(lake: &Arc<Lake>, sql: &str) -> Vec<String> {
    try_ask(lake, sql, Limits::default()).unwrap_or_else(|error| panic!("{sql}: {error}"))
}

pub(crate) fn try_ask(lake: &Arc<Lake>, sql: &str, limits: Limits) -> lake::Result<Vec<String>> {
    lines(lake.sql(sql, limits)?)
}

/// A Kubernetes audit event.
pub(crate) fn k8s(id: &str, user: &str, verb: &str, secret: &str, second: u32) -> String {
    format!(
        r#"{{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Metadata","auditID":"{id}","stage":"ResponseComplete","requestURI":"/api/v1/namespaces/pay/secrets/{secret}","verb":"{verb}","user":{{"username":"{user}","groups":["system:authenticated"]}},"sourceIPs":["10.0.0.{ip}"],"userAgent":"kubectl","objectRef":{{"resource":"secrets","namespace":"pay","name":"{secret}","apiVersion":"v1"}},"responseStatus":{{"metadata":{{}},"code":200}},"requestReceivedTimestamp":"2023-02-01T10:00:{second:02}.000000Z","stageTimestamp":"2023-02-01T10:00:{second:02}.500000Z","annotations":{{"authorization.k8s.io/decision":"allow"}}}}"#,
        ip = second % 7 + 1,
    )
}
