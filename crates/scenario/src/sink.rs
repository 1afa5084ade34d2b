//! Where the records go: files that grow in order of time.

use std::fs::{File, create_dir_all};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::company::CLUSTERS;
use crate::truth::{Minted, Totals};

/// How CloudTrail is delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// One growing file of lines.
    Lines,
    /// S3 objects: gzip, `{"Records":[...]}`, some hundred records each, in the platform's key layout.
    Objects,
}

/// Records of one S3 object.
const OBJECT_RECORDS: usize = 400;

/// The open files.
pub(crate) struct Sink {
    out: PathBuf,
    form: Form,
    cloudtrail: Option<BufWriter<File>>,
    object: Vec<String>,
    objects: u64,
    kubernetes: Vec<BufWriter<File>>,
    vault: BufWriter<File>,
    truth: BufWriter<File>,
    /// Bytes of records, uncompressed.
    pub(crate) bytes: u64,
}

impl Sink {
    pub(crate) fn create(out: &Path, form: Form) -> io::Result<Sink> {
        let file = |name: &str| -> io::Result<BufWriter<File>> {
            let path = out.join(name);
            create_dir_all(path.parent().unwrap_or(out))?;
            Ok(BufWriter::with_capacity(1 << 20, File::create(path)?))
        };
        let cloudtrail = match form {
            Form::Lines => Some(file("cloudtrail/events.ndjson")?),
            Form::Objects => None,
        };
        let kubernetes = CLUSTERS.map(|name| file(&format!("kubernetes/{name}.log")));
        Ok(Sink {
            form,
            cloudtrail,
            object: Vec::new(),
            objects: 0,
            kubernetes: kubernetes.into_iter().collect::<io::Result<_>>()?,
            vault: file("vault/audit.log")?,
            truth: file("truth.ndjson")?,
            out: out.to_owned(),
            bytes: 0,
        })
    }

    pub(crate) fn cloudtrail(&mut self, record: &str) -> io::Result<()> {
        self.bytes += record.len() as u64 + 1;
        match &mut self.cloudtrail {
            Some(file) => line(file, record),
            None => {
                self.object.push(record.to_owned());
                if self.object.len() >= OBJECT_RECORDS { self.close_object() } else { Ok(()) }
            }
        }
    }

    pub(crate) fn kubernetes(&mut self, cluster: usize, record: &str) -> io::Result<()> {
        self.bytes += record.len() as u64 + 1;
        self.kubernetes.get_mut(cluster).map_or(Ok(()), |file| line(file, record))
    }

    pub(crate) fn vault(&mut self, record: &str) -> io::Result<()> {
        self.bytes += record.len() as u64 + 1;
        line(&mut self.vault, record)
    }

    pub(crate) fn truth(&mut self, minted: &Minted) -> io::Result<()> {
        line(&mut self.truth, &serde_json::to_string(minted)?)
    }

    pub(crate) fn finish(mut self, totals: &Totals) -> io::Result<()> {
        if self.form == Form::Objects && !self.object.is_empty() {
            self.close_object()?;
        }
        line(&mut self.truth, &serde_json::to_string(totals)?)?;
        for mut file in self.kubernetes.into_iter().chain([self.vault, self.truth]).chain(self.cloudtrail) {
            file.flush()?;
        }
        Ok(())
    }

    fn close_object(&mut self) -> io::Result<()> {
        let folder = self.out.join("cloudtrail/AWSLogs/CloudTrail/eu-north-1");
        create_dir_all(&folder)?;
        let name = format!("halden_CloudTrail_eu-north-1_{:07}.json.gz", self.objects);
        let mut gzip = GzEncoder::new(File::create(folder.join(name))?, Compression::new(6));
        gzip.write_all(b"{\"Records\":[")?;
        for (n, record) in self.object.drain(..).enumerate() {
            if n > 0 {
                gzip.write_all(b",")?;
            }
            gzip.write_all(record.as_bytes())?;
        }
        gzip.write_all(b"]}")?;
        gzip.finish()?;
        self.objects += 1;
        Ok(())
    }
}

fn line(file: &mut BufWriter<File>, text: &str) -> io::Result<()> {
    file.write_all(text.as_bytes())?;
    file.write_all(b"\n")
}
