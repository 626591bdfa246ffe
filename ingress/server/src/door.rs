//! What every request passes: who asks and from where, before any route; panics and figures after.

use crate::failure::{Code, Failure};
use crate::front::Front;
use crate::log;
use axum::extract::{MatchedPath, Request, State};
use axum::http::header::{AUTHORIZATION, CACHE_CONTROL, HOST, ORIGIN, X_CONTENT_TYPE_OPTIONS};
use axum::http::uri::Authority;
use axum::http::{HeaderValue, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures::FutureExt;
use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

/// The one route that needs no token.
pub(crate) const HEALTH: &str = "/health";

/// Who asks, as the token file names them.
#[derive(Debug, Clone)]
pub(crate) struct Principal(pub(crate) Arc<str>);

/// Around every route.
pub(crate) async fn door(
    State(front): State<Arc<Front>>,
    request: Request,
    next: Next,
) -> Response {
    let path = request.extensions().get::<MatchedPath>().cloned();
    let route = path.as_ref().map_or("other", MatchedPath::as_str);
    let watch = front.figures.begin(route, request.method());
    let mut response = match admit(&front, request, route) {
        Ok(request) => contained(route, next.run(request)).await,
        Err(failure) => failure.into_response(),
    };
    let headers = response.headers_mut();
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    watch.end(response.status());
    response
}

/// A handler's answer, also when it panics: one request's failure is no other's.
async fn contained(route: &str, answer: impl Future<Output = Response>) -> Response {
    AssertUnwindSafe(answer).catch_unwind().await.unwrap_or_else(|_| {
        log::event("request_panicked", &[("route", route.to_owned())]);
        Failure::internal().into_response()
    })
}

/// Lets a request in, with its [`Principal`] where tokens are in force.
fn admit(front: &Front, mut request: Request, route: &str) -> Result<Request, Failure> {
    let host = host(&request)?;
    if let Some(origin) = request.headers().get(ORIGIN)
        && !origin_allowed(origin, host.as_ref())
    {
        return Err(Failure::new(
            Code::CrossOrigin,
            "pages of other sites may not use this server; call it from outside the browser",
        ));
    }
    let Some(tokens) = &front.tokens else {
        // A name that leads to this machine although it is none of ours: DNS rebinding.
        if host.is_some_and(|host| !is_local_name(host.host())) {
            return Err(Failure::new(
                Code::BadHost,
                "without tokens this server answers only to localhost and IP addresses, not to \
                 the name in Host",
            ));
        }
        return Ok(request);
    };
    if route == HEALTH {
        return Ok(request);
    }
    let presented = request.headers().get(AUTHORIZATION).and_then(bearer);
    let Some(name) = presented.and_then(|token| tokens.holder(token)) else {
        return Err(Failure::new(
            Code::Unauthorized,
            "send `Authorization: Bearer <token>` with a token of this server's token file",
        ));
    };
    request.extensions_mut().insert(Principal(name));
    Ok(request)
}

/// The token of `Bearer <token>`.
fn bearer(value: &HeaderValue) -> Option<&str> {
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// Whom the request is for, where it says so. The request line goes first, as RFC 9112 has it.
fn host(request: &Request) -> Result<Option<Authority>, Failure> {
    let bad = || Failure::new(Code::BadRequest, "the Host header is no host, or there are several");
    let mut values = request.headers().get_all(HOST).iter();
    let header = match (values.next(), values.next()) {
        (None, _) => None,
        (Some(value), None) if value.is_empty() => None,
        (Some(value), None) => Some(Authority::try_from(value.as_bytes()).map_err(|_| bad())?),
        (Some(_), Some(_)) => return Err(bad()),
    };
    Ok(request.uri().authority().cloned().or(header))
}

/// Same origin as the server, or a page of this machine.
fn origin_allowed(origin: &HeaderValue, host: Option<&Authority>) -> bool {
    let Ok(origin) = Uri::try_from(origin.as_bytes()) else { return false };
    // `null`, of a sandboxed frame or a file, has no scheme.
    let (Some(scheme), Some(origin)) = (origin.scheme_str(), origin.authority()) else {
        return false;
    };
    if !matches!(scheme, "http" | "https") {
        return false;
    }
    if is_loopback(origin.host()) {
        return true;
    }
    let port = |authority: &Authority| {
        authority.port_u16().unwrap_or(if scheme == "https" { 443 } else { 80 })
    };
    host.is_some_and(|host| {
        host.host().eq_ignore_ascii_case(origin.host()) && port(host) == port(origin)
    })
}

/// `localhost`, or an address: what no foreign name server can point here.
fn is_local_name(host: &str) -> bool {
    is_localhost(host) || address(host).is_some()
}

fn is_loopback(host: &str) -> bool {
    is_localhost(host) || address(host).is_some_and(|address| address.to_canonical().is_loopback())
}

/// RFC 6761: `localhost` and all below it.
fn is_localhost(host: &str) -> bool {
    let host = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
    host == "localhost" || host.ends_with(".localhost")
}

fn address(host: &str) -> Option<IpAddr> {
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    bare.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::{bearer, contained, is_local_name, origin_allowed};
    use axum::body::to_bytes;
    use axum::http::HeaderValue;
    use axum::http::uri::Authority;

    #[tokio::test]
    async fn a_panic_is_an_answer_without_its_message() {
        let response = contained("/sql", async { panic!("with a secret") }).await;
        assert_eq!(response.status(), 500);
        let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        let told = r#"{"success":false,"error":{"code":"internal","message":"the server failed; its log says where"}}"#;
        assert_eq!(String::from_utf8(body.to_vec()).unwrap(), told);
    }

    #[test]
    fn pages_of_other_sites_stay_out() {
        let cases = [
            ("http://localhost:3000", "127.0.0.1:8080", true),
            ("http://127.0.0.1", "localhost:8080", true),
            ("http://[::1]:1", "localhost:8080", true),
            ("https://lake.example", "lake.example", true),
            ("https://lake.example", "lake.example:443", true),
            ("http://lake.example:8080", "LAKE.example:8080", true),
            ("http://lake.example:8081", "lake.example:8080", false),
            ("http://lake.example", "lake.example:443", false),
            ("https://evil.example", "lake.example", false),
            ("https://localhost.evil.example", "localhost:8080", false),
            ("https://evil.example", "127.0.0.1:8080", false),
            ("http://10.0.0.1", "127.0.0.1:8080", false),
            ("null", "localhost:8080", false),
            ("", "localhost:8080", false),
            ("file://localhost", "localhost:8080", false),
            ("localhost:8080", "localhost:8080", false),
        ];
        for (origin, host, expected) in cases {
            let host: Authority = host.parse().unwrap();
            let origin = HeaderValue::from_str(origin).unwrap();
            assert_eq!(origin_allowed(&origin, Some(&host)), expected, "{origin:?} {host}");
        }
    }

    #[test]
    fn only_addresses_and_localhost_are_local_names() {
        for local in [
            "localhost",
            "LOCALHOST",
            "localhost.",
            "a.localhost",
            "127.0.0.1",
            "[::1]",
            "10.1.2.3",
        ] {
            assert!(is_local_name(local), "{local}");
        }
        for foreign in
            ["evil.example", "localhost.evil.example", "xlocalhost", "127.0.0.1.nip.io", ""]
        {
            assert!(!is_local_name(foreign), "{foreign}");
        }
    }

    #[test]
    fn a_token_comes_as_bearer() {
        let cases = [
            ("Bearer abc", Some("abc")),
            ("bearer  abc ", Some("abc")),
            ("Basic abc", None),
            ("Bearer", None),
            ("abc", None),
        ];
        for (value, expected) in cases {
            assert_eq!(bearer(&HeaderValue::from_str(value).unwrap()), expected, "{value}");
        }
    }
}
