//! Inputs: files of any size, gzip by their first bytes, standard input.

use crate::limits::READ_BYTES;
use flate2::bufread::MultiGzDecoder;
use sha2::{Digest, Sha256};
use sluice_normalizer::{DocumentId, Form, InputForm};
use sluice_pipeline::ContentHash;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

/// Where documents come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// A file, by the name it was given under.
    File(PathBuf),
    /// Standard input, given as `-`.
    Stdin,
}

/// Why an input cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum InputError {
    /// The system refused, or the gzip stream is damaged.
    #[error("read {name}")]
    Io {
        /// The input as given.
        name: String,
        /// What the system said.
        source: io::Error,
    },
    /// Only files hold documents.
    #[error("{name} is a folder")]
    Folder {
        /// The input as given.
        name: String,
    },
    /// Its first bytes are those of a format that is never JSON.
    #[error("{name} is {format}, not JSON")]
    Foreign {
        /// The input as given.
        name: String,
        /// What it is, with an article.
        format: &'static str,
    },
}

/// What documents of any stream have as their source.
pub(crate) const STREAM_NAME: &str = "-";

/// What documents of the file at `path` have as their source: the path without what means nothing
/// in it (`./a.json`, `a//b.json`, `a/./b.json`). No link is followed and no folder looked at, so
/// the same argument always gives the same source.
pub(crate) fn source_name(path: &Path) -> String {
    let plain: PathBuf =
        path.components().filter(|component| *component != Component::CurDir).collect();
    match plain.to_str() {
        // A file, not the stream.
        Some(STREAM_NAME) if path.as_os_str() != STREAM_NAME => "./-".to_owned(),
        Some(name) => name.to_owned(),
        // Two names that are not text must not become one.
        None => {
            let hash = ContentHash::blake3(plain.as_os_str().as_encoded_bytes()).to_string();
            format!("{}#{hash}", plain.display())
        }
    }
}

/// One document, cut from an input.
#[derive(Debug)]
pub(crate) struct InputDocument {
    pub(crate) id: DocumentId,
    pub(crate) source: Arc<str>,
    pub(crate) offset: u64,
    /// Of the whole document, also where `body` holds only its beginning.
    pub(crate) bytes: u64,
    pub(crate) form: Form,
    /// Of `body`.
    pub(crate) blake3: ContentHash,
    pub(crate) body: Vec<u8>,
    /// The document is too large to be one; `body` is its beginning.
    pub(crate) oversize: bool,
}

impl Input {
    /// What an argument means: `-` is standard input, anything else a file.
    #[must_use]
    pub fn from_argument(argument: &OsStr) -> Self {
        if argument == "-" { Input::Stdin } else { Input::File(argument.into()) }
    }

    /// The name as given.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Input::File(path) => path.to_string_lossy().into_owned(),
            Input::Stdin => "-".to_owned(),
        }
    }

    /// How a file of this name holds its records, where the name says it: `.ndjson` and `.jsonl`
    /// (also compressed, `.ndjson.gz`).
    #[must_use]
    pub fn form_by_name(&self) -> Option<InputForm> {
        let Input::File(path) = self else {
            return None;
        };
        let is = |path: &Path, expected: &str| {
            path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case(expected))
        };
        let unpacked = if is(path, "gz") { path.with_extension("") } else { path.clone() };
        let lines = is(&unpacked, "ndjson") || is(&unpacked, "jsonl");
        lines.then_some(InputForm::Ndjson)
    }

    /// Its size on disk in bytes; none for a stream.
    fn bytes(&self) -> Result<Option<u64>, InputError> {
        let Input::File(path) = self else {
            return Ok(None);
        };
        let metadata = fs::metadata(path).map_err(|source| self.failed(source))?;
        if metadata.is_dir() {
            return Err(InputError::Folder { name: self.name() });
        }
        Ok(metadata.is_file().then_some(metadata.len()))
    }

    /// Opens the input for reading, decompressed; `on_read` hears of every byte count as stored.
    ///
    /// # Errors
    /// [`InputError`], also for a format that is never JSON.
    pub fn open<'a>(&self, on_read: &'a dyn Fn(u64)) -> Result<OpenInput<'a>, InputError> {
        let is_stream = self.bytes()?.is_none();
        let stored: Box<dyn Read> = match self {
            Input::File(path) => Box::new(File::open(path).map_err(|source| self.failed(source))?),
            Input::Stdin => Box::new(io::stdin().lock()),
        };
        let counted = Counted { stored, on_read };
        let (head, rest) = read_head(counted).map_err(|source| self.failed(source))?;
        if let Some(format) = foreign_format(&head) {
            return Err(InputError::Foreign { name: self.name(), format });
        }
        let stored =
            BufReader::with_capacity(READ_BYTES, io::Cursor::new(head.clone()).chain(rest));
        let content: Box<dyn BufRead + 'a> = if head.starts_with(&[0x1f, 0x8b]) {
            Box::new(BufReader::with_capacity(READ_BYTES, MultiGzDecoder::new(stored)))
        } else {
            Box::new(stored)
        };
        let name = match self {
            Input::File(path) if !is_stream => source_name(path),
            _ => STREAM_NAME.to_owned(),
        };
        Ok(OpenInput { input: self.clone(), name: name.into(), is_stream, content })
    }

    fn failed(&self, source: io::Error) -> InputError {
        InputError::Io { name: self.name(), source }
    }
}

/// The inputs' size on disk together in bytes, for a progress bar; none when one is a stream.
///
/// # Errors
/// [`InputError`] for the first input that does not exist or is a folder.
pub fn inputs_bytes(inputs: &[Input]) -> Result<Option<u64>, InputError> {
    let mut total = Some(0);
    for input in inputs {
        let bytes = input.bytes()?;
        total = total.zip(bytes).map(|(total, bytes)| total + bytes);
    }
    Ok(total)
}

/// An input being read.
pub struct OpenInput<'a> {
    input: Input,
    /// What documents remember as their source, see [`source_name`]; all streams share one.
    pub(crate) name: Arc<str>,
    is_stream: bool,
    content: Box<dyn BufRead + 'a>,
}

impl OpenInput<'_> {
    /// What documents remember as their source: the file's name as given, without what means
    /// nothing in a path; `-` for every stream.
    #[must_use]
    pub fn source(&self) -> &Arc<str> {
        &self.name
    }

    /// Whether it can be read only once: standard input, a pipe.
    #[must_use]
    pub fn is_stream(&self) -> bool {
        self.is_stream
    }

    /// Hands the next decompressed bytes to `take`; false at the end.
    ///
    /// # Errors
    /// [`InputError::Io`].
    pub fn read(&mut self, take: &mut dyn FnMut(&[u8])) -> Result<bool, InputError> {
        let bytes = loop {
            match self.content.fill_buf() {
                // The borrow of a buffer that is returned from a loop: ask again, it is at hand.
                Ok(_) => break self.content.fill_buf().map_err(|e| self.input.failed(e))?,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(self.input.failed(error)),
            }
        };
        let count = bytes.len();
        take(bytes);
        self.content.consume(count);
        Ok(count > 0)
    }

    /// The id of the document whose body hashes to `content` and starts at `offset`.
    ///
    /// A file's name and the offset say which document it is. A stream has no name, and two
    /// different streams must not be taken for one another: there the content counts too.
    pub(crate) fn document_id(&self, offset: u64, content: &ContentHash) -> DocumentId {
        let mut hasher = Sha256::new();
        if self.is_stream {
            hasher.update(b"sluice stream document\0");
            hasher.update(content.as_bytes());
        } else {
            hasher.update(b"sluice file document\0");
        }
        hasher.update(self.name.as_bytes());
        hasher.update([0]);
        hasher.update(offset.to_le_bytes());
        let digest: [u8; 32] = hasher.finalize().into();
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&digest[..16]);
        let id = uuid::Builder::from_custom_bytes(bytes).into_uuid().to_string();
        DocumentId::parse(&id).expect("a UUID is a document id")
    }
}

/// Enough bytes to tell gzip and foreign formats by.
const HEAD_BYTES: u64 = 6;

/// The first bytes of a stream, and the rest of it.
fn read_head<R: Read>(mut stream: R) -> io::Result<(Vec<u8>, R)> {
    let mut head = Vec::new();
    stream.by_ref().take(HEAD_BYTES).read_to_end(&mut head)?;
    Ok((head, stream))
}

/// Formats that people do pass by mistake. Rejecting their megabytes record by record helps nobody.
fn foreign_format(head: &[u8]) -> Option<&'static str> {
    let formats: [(&[u8], &str); 6] = [
        (b"\x28\xb5\x2f\xfd", "a zstd file"),
        (b"BZh", "a bzip2 file"),
        (b"\xfd7zXZ\0", "an xz file"),
        (b"PK\x03\x04", "a zip file"),
        (b"PAR1", "a Parquet file"),
        (b"Obj\x01", "an Avro file"),
    ];
    formats.iter().find(|(magic, _)| head.starts_with(magic)).map(|(_, format)| *format)
}

struct Counted<'a> {
    stored: Box<dyn Read>,
    on_read: &'a dyn Fn(u64),
}

impl Read for Counted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.stored.read(buffer)?;
        (self.on_read)(count as u64);
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::{ContentHash, Input, InputError, InputForm, inputs_bytes, source_name};
    use std::cell::Cell;
    use std::ffi::OsStr;
    use std::fs;
    use std::io::Write;
    use std::path::Path;

    fn content_of(bytes: &[u8]) -> Result<(Vec<u8>, u64), InputError> {
        let folder = tempfile::tempdir().expect("temporary folder");
        let path = folder.path().join("input");
        fs::write(&path, bytes).expect("write");
        let stored = Cell::new(0);
        let on_read = |count| stored.set(stored.get() + count);
        let mut open = Input::File(path).open(&on_read)?;
        let mut content = Vec::new();
        while open.read(&mut |bytes| content.extend_from_slice(bytes))? {}
        Ok((content, stored.get()))
    }

    fn gzip(text: &str) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(text.as_bytes()).expect("compress");
        encoder.finish().expect("compress")
    }

    #[test]
    fn content_is_told_by_its_first_bytes() {
        let plain = content_of(b"{\"a\":1}").expect("read");
        assert_eq!(plain, (b"{\"a\":1}".to_vec(), 7));
        assert_eq!(content_of(b"").expect("read"), (Vec::new(), 0));
        assert_eq!(content_of(b"\x1f").expect("read"), (b"\x1f".to_vec(), 1));

        let members = [gzip("{\"a\":1}\n"), gzip("{\"a\":2}\n")].concat();
        let stored = members.len() as u64;
        let unpacked = content_of(&members).expect("read");
        assert_eq!(unpacked, (b"{\"a\":1}\n{\"a\":2}\n".to_vec(), stored));

        let cut_short = &gzip("{\"a\":1}\n")[..15];
        assert!(matches!(content_of(cut_short), Err(InputError::Io { .. })));
        let zstd = content_of(b"\x28\xb5\x2f\xfd....").expect_err("not JSON");
        assert!(zstd.to_string().ends_with("input is a zstd file, not JSON"), "{zstd}");
    }

    #[test]
    fn ids_derive_from_name_and_offset() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let path = folder.path().join("input");
        fs::write(&path, "").expect("write");
        let open = Input::File(path).open(&|_| {}).expect("open");
        let (one, other) = (ContentHash::blake3(b"1"), ContentHash::blake3(b"2"));
        assert_eq!(open.document_id(0, &one), open.document_id(0, &other));
        assert_ne!(open.document_id(0, &one), open.document_id(1, &one));
        assert_eq!(open.document_id(0, &one).as_str().as_bytes()[14], b'8', "a UUIDv8");
    }

    #[test]
    fn one_file_has_one_source_however_its_path_is_spelled() {
        let cases = [
            ("a.json", "a.json"),
            ("./a.json", "a.json"),
            ("x//a.json", "x/a.json"),
            ("././x/.//./a.json", "x/a.json"),
            ("/x//./a.json", "/x/a.json"),
            // What a link could make another file is left alone.
            ("x/../a.json", "x/../a.json"),
            (".a.json", ".a.json"),
            // The file, not the stream.
            ("./-", "./-"),
            (".//-", "./-"),
            ("-", "-"),
        ];
        for (path, expected) in cases {
            assert_eq!(source_name(Path::new(path)), expected, "{path}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn names_that_are_no_text_stay_apart() {
        use std::os::unix::ffi::OsStrExt;
        let name = |bytes: &[u8]| source_name(Path::new(OsStr::from_bytes(bytes)));
        assert_ne!(name(b"\xfe.json"), name(b"\xff.json"));
        assert_eq!(name(b"./\xff.json"), name(b"\xff.json"));
    }

    #[test]
    fn some_names_say_that_the_file_is_lines() {
        let form = |name: &str| Input::from_argument(OsStr::new(name)).form_by_name();
        for name in ["a.ndjson", "x/a.jsonl", "a.b.NDJSON", "a.ndjson.gz", "a.jsonl.GZ"] {
            assert_eq!(form(name), Some(InputForm::Ndjson), "{name}");
        }
        for name in ["a.json", "a.json.gz", "a", "-", "ndjson", ".jsonl", "a.ndjson.json", "a.gz"] {
            assert_eq!(form(name), None, "{name}");
        }
    }

    #[test]
    fn what_is_no_file_is_said_before_anything_starts() {
        assert_eq!(Input::from_argument(OsStr::new("-")), Input::Stdin);
        assert_eq!(inputs_bytes(&[Input::Stdin]).expect("a stream"), None);
        let folder = tempfile::tempdir().expect("temporary folder");
        let folder_input = Input::File(folder.path().to_owned());
        assert!(matches!(inputs_bytes(&[folder_input]), Err(InputError::Folder { .. })));
        let missing = Input::File(folder.path().join("missing"));
        assert!(matches!(inputs_bytes(&[missing]), Err(InputError::Io { .. })));
    }
}
