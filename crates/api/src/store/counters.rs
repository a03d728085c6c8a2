//! Quotas that several servers count together, in Redis or Valkey.
//!
//! Each take is one script, which Redis runs alone and by its own clock: two servers that ask at one moment are not both
//! given the last place, and their clocks do not matter. A connection is kept by a task of its own; a request never waits
//! for one. Without a connection, or without an answer in a quarter of a second, the request is told so at once and the
//! gate counts by itself.
//!
//! # Failure
//! Every failure drops the connection; that it is gone and that it is there again are each logged once. The task tries
//! every second, and takes up only a Redis that also writes. Counters that Redis forgot begin anew.
//!
//! # Invariants
//! - What reaches Redis are keyed codes and numbers: no address, no name, no id.
//! - Every key expires by itself.

mod address;

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use gate::limits::{
    Correction, SharedAsk, SharedCounters, SharedCountersError, SharedFuture, SharedStanding,
};
use gate::random::{Random, RandomError, SystemRandom};
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, FromRedisValue, RedisError, Script, ScriptInvocation};

pub use address::{RedisAddress, RedisAddressError};

/// How long a request waits for an answer.
const ANSWER_MAX: Duration = Duration::from_millis(250);
/// How long a connection may take to come about.
const CONNECT_MAX: Duration = Duration::from_secs(2);
/// How often a server says that it is there, and looks for a connection when it has none.
const TURN: Duration = Duration::from_secs(1);
/// A server that has said nothing for so long does not count any more.
const SERVER_SILENT_MS: u64 = 30_000;

const TAKE: &str = include_str!("counters/take.lua");
const CORRECT: &str = include_str!("counters/correct.lua");
const PRESENT: &str = include_str!("counters/present.lua");
const SERVERS: &str = "shelduck:servers";

/// Counters in Redis. The task that keeps the connection ends with the last handle.
pub struct RedisCounters {
    /// Held while a connection is made.
    client: tokio::sync::Mutex<Client>,
    /// This server among those that share the counters.
    name: String,
    line: Mutex<Line>,
    servers: AtomicU32,
    scripts: Scripts,
    /// The time to count by instead of Redis's own; zero but in tests.
    clock_ms: u64,
}

/// The way to Redis.
enum Line {
    Untried,
    Up(MultiplexedConnection),
    Down,
}

struct Scripts {
    take: Script,
    correct: Script,
    present: Script,
}

/// Why there was no answer.
#[derive(Debug, thiserror::Error)]
enum Fault {
    #[error("there is no connection to Redis")]
    NotConnected,
    #[error("Redis did not answer in time")]
    Late,
    #[error("Redis failed")]
    Redis(#[from] RedisError),
}

impl std::fmt::Debug for RedisCounters {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("RedisCounters").finish_non_exhaustive()
    }
}

impl RedisCounters {
    /// Counters in the Redis of that address; a task keeps a connection from now on.
    ///
    /// Tries once before it returns, for two seconds at most, so that the first request is counted together already. A Redis
    /// that is away is logged and does not keep a server from starting.
    ///
    /// # Errors
    /// No randomness for this server's name.
    pub async fn start(address: &RedisAddress) -> Result<Arc<Self>, RandomError> {
        let counters = Arc::new(Self::new(address, 0)?);
        counters.turn().await;
        tokio::spawn(keep(Arc::downgrade(&counters)));
        Ok(counters)
    }

    fn new(address: &RedisAddress, clock_ms: u64) -> Result<Self, RandomError> {
        let mut name = [0; 16];
        SystemRandom.fill(&mut name)?;
        // The library takes the process's ciphers and cannot be handed any; whoever set them first set the same.
        let _set_already = rustls::crypto::aws_lc_rs::default_provider().install_default();
        metrics::gauge!("shelduck_shared_counters_connected").set(0.0);
        Ok(Self {
            client: tokio::sync::Mutex::new(address.client()),
            name: gate::secret::hex(&name),
            line: Mutex::new(Line::Untried),
            servers: AtomicU32::new(0),
            scripts: Scripts {
                take: Script::new(TAKE),
                correct: Script::new(CORRECT),
                present: Script::new(PRESENT),
            },
            clock_ms,
        })
    }

    /// Whether there is a connection.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        self.connection().is_ok()
    }

    fn connection(&self) -> Result<MultiplexedConnection, Fault> {
        match &*self.line.lock().unwrap_or_else(PoisonError::into_inner) {
            Line::Up(connection) => Ok(connection.clone()),
            Line::Untried | Line::Down => Err(Fault::NotConnected),
        }
    }

    fn up(&self, connection: MultiplexedConnection) {
        let mut line = self.line.lock().unwrap_or_else(PoisonError::into_inner);
        if !matches!(*line, Line::Up(_)) {
            tracing::info!("limits are counted together with other servers, in Redis");
        }
        *line = Line::Up(connection);
        metrics::gauge!("shelduck_shared_counters_connected").set(1.0);
    }

    fn down(&self, fault: &Fault) {
        let mut line = self.line.lock().unwrap_or_else(PoisonError::into_inner);
        if !matches!(*line, Line::Down) {
            tracing::warn!(
                error = fault as &dyn std::error::Error,
                "Redis cannot be asked: each server allows its part of every limit until it can"
            );
        }
        *line = Line::Down;
        metrics::gauge!("shelduck_shared_counters_connected").set(0.0);
    }

    /// Says that this server is there, over a new connection if there is none.
    async fn turn(&self) {
        let said = match self.connection() {
            Ok(mut connection) => within(ANSWER_MAX, self.say_present(&mut connection)).await,
            Err(_) => within(CONNECT_MAX, self.connect()).await,
        };
        if let Err(fault) = said {
            self.down(&fault);
        }
    }

    /// Takes up a connection over which this server could say that it is there.
    async fn connect(&self) -> Result<(), RedisError> {
        let client = self.client.lock().await;
        self.up(self.connection_of(&client).await?);
        Ok(())
    }

    async fn connection_of(&self, client: &Client) -> Result<MultiplexedConnection, RedisError> {
        // The bounds are those of who waits, in `within`.
        let config =
            AsyncConnectionConfig::new().set_connection_timeout(None).set_response_timeout(None);
        let mut connection = client.get_multiplexed_async_connection_with_config(&config).await?;
        self.say_present(&mut connection).await?;
        Ok(connection)
    }

    /// Counts at another address from now on.
    ///
    /// # Errors
    /// There is no connection to it within two seconds; everything stays as it was.
    pub async fn go_over(&self, address: &RedisAddress) -> Result<(), SharedCountersError> {
        let mut client = self.client.lock().await;
        let next = address.client();
        let connection = within(CONNECT_MAX, self.connection_of(&next)).await;
        self.up(connection.map_err(SharedCountersError::new)?);
        *client = next;
        Ok(())
    }

    /// Says that this server is there and learns how many are.
    async fn say_present(&self, connection: &mut MultiplexedConnection) -> Result<(), RedisError> {
        let mut script = self.scripts.present.key(SERVERS);
        script.arg(&self.name).arg(SERVER_SILENT_MS);
        let servers: u32 = script.invoke_async(connection).await?;
        self.servers.store(servers, Ordering::Relaxed);
        Ok(())
    }

    /// Runs a script in the time a request waits for it.
    async fn run<T: FromRedisValue>(
        &self,
        script: &ScriptInvocation<'_>,
    ) -> Result<T, SharedCountersError> {
        let mut connection = self.connection().map_err(SharedCountersError::new)?;
        let ran = within(ANSWER_MAX, script.invoke_async(&mut connection)).await;
        ran.map_err(|fault| {
            self.down(&fault);
            SharedCountersError::new(fault)
        })
    }

    async fn take_now(&self, ask: SharedAsk) -> Result<SharedStanding, SharedCountersError> {
        let (interval_ms, size) = ask.burst.map_or((0, 0), |burst| (burst.interval_ms, burst.size));
        let mut script = self.scripts.take.key(key(&ask));
        script.arg(ask.quota).arg(ask.cost).arg(ask.step_ms).arg(ask.steps);
        script.arg(interval_ms).arg(size).arg(self.clock_ms);
        let answer: (u8, u64, u64, u64, u8, u64) = self.run(&script).await?;
        let (taken, used, reset_ms, wait_ms, by_burst, at_ms) = answer;
        Ok(SharedStanding {
            used: u32::try_from(used).unwrap_or(u32::MAX),
            reset: Duration::from_millis(reset_ms),
            retry_after: (taken == 0).then(|| Duration::from_millis(wait_ms)),
            by_burst: by_burst == 1,
            at_ms,
        })
    }

    async fn correct_now(
        &self,
        ask: SharedAsk,
        correction: Correction,
    ) -> Result<(), SharedCountersError> {
        let (more, less, at_ms) = match correction {
            Correction::More(more) => (more, 0, 0),
            Correction::Less { amount, at_ms } => (0, amount, at_ms),
        };
        let mut script = self.scripts.correct.key(key(&ask));
        script.arg(more).arg(less).arg(at_ms).arg(ask.step_ms).arg(ask.steps).arg(self.clock_ms);
        self.run(&script).await
    }
}

impl SharedCounters for RedisCounters {
    fn take(&self, ask: SharedAsk) -> SharedFuture<'_, SharedStanding> {
        Box::pin(self.take_now(ask))
    }

    fn correct(&self, ask: SharedAsk, correction: Correction) -> SharedFuture<'_, ()> {
        Box::pin(self.correct_now(ask, correction))
    }

    fn servers(&self) -> u32 {
        self.servers.load(Ordering::Relaxed)
    }
}

fn key(ask: &SharedAsk) -> String {
    format!("shelduck:limit:{}", gate::secret::hex(&ask.name))
}

async fn within<T>(
    most: Duration,
    work: impl Future<Output = Result<T, RedisError>>,
) -> Result<T, Fault> {
    Ok(tokio::time::timeout(most, work).await.map_err(|_| Fault::Late)??)
}

/// Keeps a connection as long as somebody has the counters.
async fn keep(counters: Weak<RedisCounters>) {
    loop {
        tokio::time::sleep(TURN).await;
        let Some(counters) = counters.upgrade() else { return };
        counters.turn().await;
    }
}

#[cfg(test)]
mod tests;
