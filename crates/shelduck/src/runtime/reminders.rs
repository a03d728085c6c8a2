//! Looks every hour, and at the start, for API keys that end soon.

use std::time::Duration;

use gate::Gate;
use tokio_util::sync::CancellationToken;

const EVERY: Duration = Duration::from_secs(3600);

/// Records an event for each key that has come to a reminder, until the server stops.
pub(super) async fn watch(gate: Gate, drain: CancellationToken) {
    let mut next = Duration::ZERO;
    while drain.run_until_cancelled(tokio::time::sleep(next)).await.is_some() {
        next = EVERY;
        let look = |gate: &Gate| gate.remind_of_ending_keys(&gate::local::operator(gate));
        if let Err(error) = gate::on_blocking_thread(&gate, look).await {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "keys that end soon were not looked for"
            );
        }
    }
}
