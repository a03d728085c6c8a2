//! The tasks of a listener: its connections, and what they began.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{Instant, timeout_at};

/// Tasks that the drain waits for, and ends when they take too long.
#[derive(Clone, Default)]
pub(super) struct Tasks(Arc<Mutex<JoinSet<()>>>);

impl Tasks {
    /// Runs a task.
    pub(super) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) -> AbortHandle {
        let mut tasks = self.lock();
        // Who ended is forgotten here; a panic was reported where it happened.
        while tasks.try_join_next().is_some() {}
        tasks.spawn(task)
    }

    /// Waits so long for all tasks, also for those they begin meanwhile, then ends the rest; gives how many that were.
    pub(super) async fn finish(&self, limit: Duration) -> usize {
        let deadline = Instant::now() + limit;
        let mut cut = 0;
        loop {
            let mut tasks = std::mem::take(&mut *self.lock());
            if tasks.is_empty() {
                return cut;
            }
            let all = async { while tasks.join_next().await.is_some() {} };
            if timeout_at(deadline, all).await.is_err() {
                cut += tasks.len();
                tasks.shutdown().await;
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, JoinSet<()>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
