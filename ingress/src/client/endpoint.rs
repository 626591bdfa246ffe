//! Where a server is, parsed once.

use std::net::IpAddr;
use ureq::http::Uri;

/// A base URL: `http` or `https`, a host, maybe a path; no slash at its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Endpoint {
    url: String,
    is_loopback: bool,
}

impl Endpoint {
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        const WANTED: &str = "not a URL like http://127.0.0.1:8080";
        let url = text.trim_end_matches('/');
        let uri: Uri = url.parse().map_err(|_| WANTED)?;
        if !matches!(uri.scheme_str(), Some("http" | "https")) {
            return Err(WANTED.to_owned());
        }
        let authority = uri.authority().ok_or(WANTED)?;
        if authority.as_str().contains('@') {
            return Err("it holds a password; use --token-file".to_owned());
        }
        if uri.query().is_some() || url.contains('#') {
            return Err("it has a ? or #; give the part before".to_owned());
        }
        let host = authority.host().trim_start_matches('[').trim_end_matches(']');
        let is_loopback = host.eq_ignore_ascii_case("localhost")
            || host.parse().is_ok_and(|address: IpAddr| address.is_loopback());
        Ok(Endpoint { url: url.to_owned(), is_loopback })
    }

    pub(crate) fn is_loopback(&self) -> bool {
        self.is_loopback
    }
}

impl std::fmt::Display for Endpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.url)
    }
}

#[cfg(test)]
mod tests {
    use super::Endpoint;

    #[test]
    fn endpoints() {
        let cases = [
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080 here"),
            ("http://[::1]:8080/", "http://[::1]:8080 here"),
            ("http://LocalHost", "http://LocalHost here"),
            ("https://abc.example.com/main/", "https://abc.example.com/main"),
            ("127.0.0.1:8080", "not a URL like http://127.0.0.1:8080"),
            ("ftp://a", "not a URL like http://127.0.0.1:8080"),
            ("", "not a URL like http://127.0.0.1:8080"),
            ("http://", "not a URL like http://127.0.0.1:8080"),
            ("http://a b", "not a URL like http://127.0.0.1:8080"),
            ("http://u:p@a", "it holds a password; use --token-file"),
            ("http://a?x=1", "it has a ? or #; give the part before"),
        ];
        for (text, expected) in cases {
            let got = match Endpoint::parse(text) {
                Ok(endpoint) if endpoint.is_loopback() => format!("{endpoint} here"),
                Ok(endpoint) => endpoint.to_string(),
                Err(error) => error,
            };
            assert_eq!(got, expected, "{text}");
        }
    }
}
