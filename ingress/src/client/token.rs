//! The token a client shows, from a file: never an argument, which every user of the machine sees.

use crate::failure::Failure;
use anyhow::{Context, anyhow};
use std::path::Path;

/// Reads the file's one token.
pub(super) fn read(path: &Path) -> Result<String, Failure> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("read the token file {}", path.display()))
        .map_err(Failure::wrong_usage)?;
    parse(&text).map_err(|problem| {
        Failure::wrong_usage(anyhow!("the token file {} {problem}", path.display()))
            .next("give a file that holds one token, bare or as name:token")
    })
}

fn parse(text: &str) -> Result<String, &'static str> {
    let mut lines =
        text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let line = lines.next().ok_or("holds no token")?;
    if lines.next().is_some() {
        return Err("holds several tokens");
    }
    // The server's own file may have a blank instead of the colon.
    let token = match line.split_once(|c: char| c == ':' || c.is_whitespace()) {
        None => line,
        Some((_, token)) => token.trim(),
    };
    if token.contains(':') {
        return Err("has a line with several :");
    }
    if token.is_empty() {
        return Err("holds no token");
    }
    if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err("holds a token with characters that HTTP does not carry");
    }
    Ok(token.to_owned())
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn bare_and_named_tokens() {
        let cases = [
            ("s3cret\n", Ok("s3cret")),
            ("# mine\n\nada:s3cret\n", Ok("s3cret")),
            ("ada: s3cret", Ok("s3cret")),
            ("", Err("holds no token")),
            ("ada:", Err("holds no token")),
            ("a\nb\n", Err("holds several tokens")),
            ("a:b:c", Err("has a line with several :")),
            ("ada  s3cret", Ok("s3cret")),
            ("a b c", Err("holds a token with characters that HTTP does not carry")),
        ];
        for (text, expected) in cases {
            assert_eq!(parse(text).as_deref(), expected.as_ref().copied(), "{text}");
        }
    }
}
