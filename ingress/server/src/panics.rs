//! Panics: contained, and told without their message.

use crate::log;

/// Makes panics write one line with their place to the log, and nothing else: their messages can
/// hold what a document holds (I-8). For the binary, once, at its start.
pub fn quiet_panics() {
    std::panic::set_hook(Box::new(|info| {
        let place = info.location().map_or_else(String::new, ToString::to_string);
        let thread = std::thread::current().name().unwrap_or_default().to_owned();
        log::event("panic", &[("place", place), ("thread", thread)]);
    }));
}
