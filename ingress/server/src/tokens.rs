//! Who may come in: the token file.

use crate::limits::{TOKEN_FILE_BYTES_MAX, TOKENS_MAX};
use sha2::{Digest, Sha256};
use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A token's least length, characters.
const TOKEN_CHARS_MIN: usize = 16;

/// A name's greatest length, characters.
const NAME_CHARS_MAX: usize = 64;

/// Tokens and the names of those who hold them. Only digests are kept.
#[derive(Clone)]
pub struct Tokens {
    /// Name and SHA-256 of the token.
    holders: Arc<[(Arc<str>, [u8; 32])]>,
}

/// Why a token file cannot be used. Never quotes a token.
#[derive(Debug, thiserror::Error)]
pub enum TokensError {
    /// The file cannot be read.
    #[error("cannot read the token file {}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Others than its owner may read the file.
    #[error("other users can read the token file {file}: run `chmod 600 {file}`", file = path.display())]
    Exposed {
        /// The file.
        path: PathBuf,
    },
    /// No token in it.
    #[error("the token file holds no token: write one `<name>:<token>` a line")]
    Empty,
    /// More tokens, or more bytes, than a token file may have.
    #[error("the token file has more than {TOKENS_MAX} tokens or {TOKEN_FILE_BYTES_MAX} bytes")]
    TooMany,
    /// A line that is none.
    #[error("line {line} of the token file: {what}")]
    Line {
        /// Its number, from 1.
        line: usize,
        /// The rule it breaks.
        what: &'static str,
    },
}

impl Tokens {
    /// Reads a token file, which only its owner may read.
    ///
    /// # Errors
    /// [`TokensError`].
    pub fn read(path: &Path) -> Result<Self, TokensError> {
        let unreadable = |source| TokensError::Unreadable { path: path.to_owned(), source };
        let file = File::open(path).map_err(unreadable)?;
        // Of the open file, not of the path, which could be exchanged in between.
        if exposed(&file).map_err(unreadable)? {
            return Err(TokensError::Exposed { path: path.to_owned() });
        }
        let mut text = String::new();
        file.take(TOKEN_FILE_BYTES_MAX + 1).read_to_string(&mut text).map_err(unreadable)?;
        if text.len() as u64 > TOKEN_FILE_BYTES_MAX {
            return Err(TokensError::TooMany);
        }
        Tokens::parse(&text)
    }

    /// Parses a token file: a line is `<name>:<token>` or `<name> <token>`; empty lines and those
    /// that start with `#` do not count. A token is at least 16 characters of `A-Za-z0-9-._~+/=`,
    /// what `Authorization: Bearer` can carry.
    ///
    /// # Errors
    /// [`TokensError`].
    pub fn parse(text: &str) -> Result<Self, TokensError> {
        let mut holders: Vec<(Arc<str>, [u8; 32])> = Vec::new();
        for (at, line) in text.lines().enumerate() {
            let line_error = |what| TokensError::Line { line: at + 1, what };
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let (name, token) = name_and_token(line).map_err(line_error)?;
            let digest = digest(token);
            if holders.iter().any(|(taken, _)| &**taken == name) {
                return Err(line_error("the name was there before"));
            }
            if holders.iter().any(|(_, taken)| *taken == digest) {
                return Err(line_error("the token was there before, under another name"));
            }
            if holders.len() == TOKENS_MAX {
                return Err(TokensError::TooMany);
            }
            holders.push((name.into(), digest));
        }
        if holders.is_empty() {
            return Err(TokensError::Empty);
        }
        Ok(Tokens { holders: holders.into() })
    }

    /// The name of who holds this token. Takes the same time for every token, right or wrong.
    pub(crate) fn holder(&self, token: &str) -> Option<Arc<str>> {
        let presented = digest(token);
        let mut found = None;
        for (name, digest) in self.holders.iter() {
            if same(digest, &presented) {
                found = Some(name);
            }
        }
        found.map(Arc::clone)
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.holders.iter().map(|(name, _)| name)).finish()
    }
}

fn name_and_token(line: &str) -> Result<(&str, &str), &'static str> {
    let split = line.find(|c: char| c == ':' || c.is_whitespace());
    let (name, token) = split.map_or((line, ""), |at| line.split_at(at));
    let separator = |c: char| c == ':' || c.is_whitespace();
    let token = token.strip_prefix(separator).unwrap_or(token).trim();
    let name_allowed = |b: u8| b.is_ascii_alphanumeric() || b"._-@+".contains(&b);
    if token.is_empty() {
        return Err("a line is `<name>:<token>`");
    }
    if name.is_empty() || name.len() > NAME_CHARS_MAX || !name.bytes().all(name_allowed) {
        return Err("a name has 1 to 64 characters of letters, digits, . _ - @ and +");
    }
    if token.len() < TOKEN_CHARS_MIN {
        return Err("a token has at least 16 characters (`openssl rand -hex 32` makes one)");
    }
    let token_allowed = |b: u8| b.is_ascii_alphanumeric() || b"-._~+/=".contains(&b);
    if !token.bytes().all(token_allowed) {
        return Err("a token has only letters, digits and - . _ ~ + / =");
    }
    Ok((name, token))
}

fn digest(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

/// Whether two digests are the same, looking at every byte of both.
fn same(one: &[u8; 32], other: &[u8; 32]) -> bool {
    one.iter().zip(other).fold(0_u8, |differing, (a, b)| differing | (a ^ b)) == 0
}

#[cfg(unix)]
fn exposed(file: &File) -> std::io::Result<bool> {
    use std::os::unix::fs::PermissionsExt;
    let mode = file.metadata()?.permissions().mode();
    Ok(mode & 0o077 != 0)
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "the signature of the other systems")]
fn exposed(_file: &File) -> std::io::Result<bool> {
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::{Tokens, TokensError};

    const A: &str = "aaaaaaaaaaaaaaaa";
    const B: &str = "bbbbbbbbbbbbbbbb";

    #[track_caller]
    fn check(file: &str, expected: &str) {
        let got = match Tokens::parse(file) {
            Ok(tokens) => format!("{tokens:?}"),
            Err(error) => error.to_string(),
        };
        assert_eq!(got, expected, "{file}");
        assert!(!got.contains("aaaa") && !got.contains("short"), "a token is told");
    }

    #[test]
    fn a_token_file_is_names_and_tokens() {
        check(&format!("# us\n\none:{A}\r\ntwo {B}\n"), r#"["one", "two"]"#);
        check(&format!("one\t  {A}"), r#"["one"]"#);
        check("", "the token file holds no token: write one `<name>:<token>` a line");
        let line = |what: &str| format!("line 1 of the token file: {what}");
        check("one", &line("a line is `<name>:<token>`"));
        check(A, &line("a line is `<name>:<token>`"));
        check("one:", &line("a line is `<name>:<token>`"));
        let name = "a name has 1 to 64 characters of letters, digits, . _ - @ and +";
        check(&format!(":{A}"), &line(name));
        check(&format!("ä:{A}"), &line(name));
        check(
            "one:short",
            &line("a token has at least 16 characters (`openssl rand -hex 32` makes one)"),
        );
        let token = "a token has only letters, digits and - . _ ~ + / =";
        check(&format!("one:{A} {B}"), &line(token));
        check(&format!("one:{A}\none:{B}"), "line 2 of the token file: the name was there before");
        check(
            &format!("one:{A}\ntwo:{A}"),
            "line 2 of the token file: the token was there before, under another name",
        );
    }

    #[test]
    fn only_the_whole_token_opens() {
        let tokens = Tokens::parse(&format!("one:{A}\ntwo:{B}")).unwrap();
        let holder = |token: &str| tokens.holder(token).map(|name| name.to_string());
        assert_eq!(holder(A).as_deref(), Some("one"));
        assert_eq!(holder(B).as_deref(), Some("two"));
        for wrong in ["", "a", &A[1..], &format!("{A}a"), "one", &A.to_uppercase()] {
            assert_eq!(holder(wrong), None, "{wrong}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_others_can_read_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tokens");
        std::fs::write(&path, format!("one:{A}")).unwrap();
        for mode in [0o644, 0o640, 0o604, 0o620] {
            std::fs::set_permissions(&path, PermissionsExt::from_mode(mode)).unwrap();
            let error = Tokens::read(&path).unwrap_err();
            assert!(matches!(error, TokensError::Exposed { .. }), "{mode:o}");
            assert!(error.to_string().contains("chmod 600"));
        }
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
        assert!(Tokens::read(&path).is_ok());
        let missing = Tokens::read(&folder.path().join("none")).unwrap_err();
        assert!(matches!(missing, TokensError::Unreadable { .. }));
    }
}
