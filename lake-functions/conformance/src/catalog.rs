//! The contract of [`Catalog`].

use crate::given::{registry, table};
use sluice_normalizer::Registry;
use sluice_pipeline::{Catalog, Shown};

/// Checks an empty catalog. Registry versions 1 to 3 of the table `orders` are shown, so a catalog
/// that reads them elsewhere needs them there.
///
/// # Panics
/// Where the catalog breaks the port's contract.
pub async fn catalog(catalog: &impl Catalog) {
    let orders = table("orders");
    let shown = async |generation| catalog.shown(&orders, generation).await.expect("shown");
    assert_eq!(shown(1).await, None);
    // It only ever goes up.
    for (version, expected) in [(2, 2), (1, 2), (2, 2), (3, 3), (2, 3)] {
        catalog.show(&registry("orders", version)).await.expect("show");
        assert_eq!(shown(1).await, Some(Shown { version: expected }));
    }
    let next = Registry { generation: 2, ..registry("orders", 1) };
    catalog.show(&next).await.expect("show");
    assert_eq!(
        (shown(1).await, shown(2).await),
        (Some(Shown { version: 3 }), Some(Shown { version: 1 }))
    );
    assert_eq!(catalog.shown(&table("order"), 1).await.expect("shown"), None);
}
