//! `Sluice::Api`.

use crate::fault::Fault;
use crate::made::Made;
use crate::properties::Reading;
use crate::resource::Resource;

/// The resources of API `resource`; none when something is wrong, which is told.
pub(crate) fn expand<'t>(resource: &Resource<'t>, reading: &'t Reading<'t>) -> Vec<Made> {
    let _properties = resource.properties(reading);
    let text = "Type is \"Sluice::Api\": this macro does not know it yet";
    reading.fault(Fault::of_resource(resource.id, text));
    Vec::new()
}
