//! The port's contract.

use super::catalog;
use crate::harness::Emulator;

#[tokio::test]
async fn the_catalog_conforms_on_moto() {
    sluice_conformance::catalog(&catalog(Emulator::Moto).await).await;
}

#[tokio::test]
async fn the_catalog_conforms_on_ministack() {
    sluice_conformance::catalog(&catalog(Emulator::Ministack).await).await;
}
