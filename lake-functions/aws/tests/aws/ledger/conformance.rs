//! The port's contract.

use super::ledger;
use crate::harness::Emulator;
use sluice_conformance::Memory;

#[tokio::test]
async fn the_ledger_conforms_on_moto() {
    sluice_conformance::ledger(&Memory::default(), &ledger(Emulator::Moto).await.0).await;
}

#[tokio::test]
async fn the_ledger_conforms_on_ministack() {
    sluice_conformance::ledger(&Memory::default(), &ledger(Emulator::Ministack).await.0).await;
}

#[tokio::test]
async fn the_rebuilds_conform_on_moto() {
    sluice_conformance::rebuilds(&ledger(Emulator::Moto).await.0).await;
}

#[tokio::test]
async fn the_rebuilds_conform_on_ministack() {
    sluice_conformance::rebuilds(&ledger(Emulator::Ministack).await.0).await;
}
