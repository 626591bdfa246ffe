//! Why a server does not start.

use crate::front::{Running, options, tokens};
use sluice_server::{Server, StartError};
use std::net::SocketAddr;

#[tokio::test(flavor = "multi_thread")]
async fn the_network_needs_tokens() {
    let folder = tempfile::tempdir().unwrap();
    for listen in ["0.0.0.0:0", "[::]:0", "192.0.2.1:80"] {
        let mut options = options(&folder);
        options.listen = listen.parse().unwrap();
        let error = Server::start(options).await.unwrap_err();
        assert!(matches!(error, StartError::NeedsTokens { .. }), "{error}");
        assert!(error.to_string().contains("token file"), "{error}");
    }
    // Nothing was opened.
    assert!(!folder.path().join("data").exists());
}

/// An address that this machine does not have.
#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_cannot_be_had_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let mut options = options(&folder);
    options.listen = SocketAddr::from(([192, 0, 2, 1], 0));
    options.tokens = Some(tokens());
    let error = Server::start(options).await.unwrap_err();
    assert_eq!(error.to_string(), "cannot listen on 192.0.2.1:0");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_is_had_once() {
    let server = Running::start(|_| ()).await;
    let folder = tempfile::tempdir().unwrap();
    let mut options = options(&folder);
    options.listen = server.address;
    let error = Server::start(options).await.unwrap_err();
    assert!(matches!(error, StartError::Listen { .. }), "{error}");
    server.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_is_had_once() {
    let folder = tempfile::tempdir().unwrap();
    let first = Server::start(options(&folder)).await.unwrap();
    let error = Server::start(options(&folder)).await.unwrap_err();
    assert!(matches!(error, StartError::Platform(_)), "{error}");
    first.run(async {}).await;
    let again = Server::start(options(&folder)).await.unwrap();
    again.run(async {}).await;
}
