//! The lake's folder as the only place that queries can read from.

use datafusion::common::{DataFusionError, Result};
use datafusion::execution::object_store::{
    DefaultObjectStoreRegistry, ObjectStoreRegistry, ObjectStoreUrl,
};
use datafusion::object_store::ObjectStore;
use datafusion::object_store::local::LocalFileSystem;
use std::path::Path;
use std::sync::Arc;

/// Where the parts lie, as a scan names it: a scheme of its own, so that no path that a user can
/// write leads there.
pub(crate) fn url() -> ObjectStoreUrl {
    ObjectStoreUrl::parse("sluice-lake://parts").expect("a constant URL")
}

/// The lake's folder. Nothing outside of it has a path in this store.
pub(crate) fn open(root: &Path) -> Result<Arc<dyn ObjectStore>> {
    let store = LocalFileSystem::new_with_prefix(root)
        .map_err(|error| DataFusionError::ObjectStore(Box::new(error)))?;
    Ok(Arc::new(store))
}

/// A registry that knows the lake and nothing else, not even the file system.
pub(crate) fn registry(store: Arc<dyn ObjectStore>) -> Result<Arc<dyn ObjectStoreRegistry>> {
    let registry = DefaultObjectStoreRegistry::new();
    registry.deregister_store(ObjectStoreUrl::local_filesystem().as_ref())?;
    registry.register_store(url().as_ref(), store);
    Ok(Arc::new(registry))
}
