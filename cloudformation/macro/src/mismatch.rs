//! Resources of one template that do not fit together.

use crate::fault::Fault;
use crate::function::Function;
use crate::intrinsic::{attribute_of, leaves};
use crate::properties::Reading;
use crate::queue::Queue;
use serde_json::Value;
use std::collections::BTreeMap;

/// What a function says of a queue of the same template must be so.
pub(crate) fn tell_mismatches(
    queues: &BTreeMap<&str, Queue>,
    functions: &BTreeMap<&str, Function>,
    reading: &Reading<'_>,
) {
    for (id, function) in functions {
        let Some(source) = &function.source else { continue };
        let named = leaves(source.queue.value());
        // Behind a condition each, nobody knows which timeout goes with which queue.
        let told = named.len() == 1 || function.timeouts_known.len() == 1;
        let longest = function.timeouts_known.iter().max().filter(|_| told);
        for (queue_id, queue) in named.iter().filter_map(|arn| queue_of(arn, queues)) {
            if source.fifo != queue.fifo {
                let text = format!(
                    "Properties.Consumes.Fifo is {}: {}, as {queue_id} is",
                    source.fifo, queue.fifo
                );
                reading.fault(Fault::of_resource(id, text));
            }
            let most = queue.consumer_timeout_seconds;
            if let Some(timeout) = longest.filter(|timeout| **timeout > most) {
                let text = format!(
                    "Properties.TimeoutSeconds is {timeout}: at most {most}, the \
                     ConsumerTimeoutSeconds of {queue_id}"
                );
                reading.fault(Fault::of_resource(id, text));
            }
        }
    }
}

fn queue_of<'q>(arn: &Value, queues: &'q BTreeMap<&str, Queue>) -> Option<(&'q str, &'q Queue)> {
    let (id, _) = attribute_of(arn).filter(|(_, attribute)| *attribute == "Arn")?;
    queues.get_key_value(id).map(|(id, queue)| (*id, queue))
}
