//! From options to what each part is opened with.

use std::time::Duration;

use audit::syslog::{BadAddress, SyslogConfig};
use gate::GateConfig;
use gate::config::{
    CorsConfig, ForwardedHeader, KeysConfig, LimitsConfig, LockoutConfig, MfaConfig, MfaRule, Mode,
    OffConfig, PasswordConfig, SessionsConfig, TokensConfig,
};
use gate::factor::totp::TotpAlgorithm;
use gate::limits::{Burst, CallerScope, Costs, HeavyConfig, InFlightMax, Tiers};

use crate::config::{Config, ForwardedFamily, LimitsMode, LimitsScope, MfaAlgorithm, MfaRequired};
use crate::listen::{ListenConfig, TlsConfig};

/// What the gate is set up with.
pub(crate) fn gate(config: &Config) -> GateConfig {
    let auth = &config.auth;
    GateConfig {
        public_url: config.server.public_url.clone(),
        trusted_proxies: config.server.trusted_proxies.clone(),
        forwarded_header: match config.server.forwarded_header {
            ForwardedFamily::XForwardedFor => ForwardedHeader::XForwardedFor,
            ForwardedFamily::Forwarded => ForwardedHeader::Forwarded,
        },
        hsts_preload: config.http.hsts_preload,
        passwords: PasswordConfig {
            memory_kib: whole(auth.memory.0 / 1024),
            passes: auth.iterations,
            characters_min: usize::try_from(auth.length_min).unwrap_or(usize::MAX),
            history: usize::try_from(auth.history).unwrap_or(usize::MAX),
            composition: auth.composition,
            expiry_days: auth.expiry_days,
            ..PasswordConfig::default()
        },
        lockout: LockoutConfig {
            account_failures: auth.attempts,
            address_failures: auth.address_attempts,
            lock_s: seconds(auth.duration),
            lock_s_max: seconds(auth.duration_max),
            authenticator_failures: auth.attempts_in_a_row,
            stuffing_pairs: auth.stuffing_pairs,
            stuffing_lock_s: seconds(auth.stuffing_duration),
            device_life_s: seconds(auth.device_life),
            ..LockoutConfig::default()
        },
        sessions: SessionsConfig {
            idle_s: seconds(auth.idle),
            privileged_idle_s: seconds(auth.idle / 2),
            absolute_s: seconds(auth.absolute),
            privileged_absolute_s: seconds(auth.absolute / 2),
            ..SessionsConfig::default()
        },
        tokens: tokens(config),
        mfa: mfa(config),
        keys: keys(config),
        limits: limits(config),
        cors: CorsConfig { api_origins: config.cors.api_origins.clone() },
        off: OffConfig {
            limits: config.insecure.limits_off,
            lockout: config.insecure.lockout_off,
            headers: config.insecure.headers_off,
        },
        audit_decisions: config.audit.decisions,
        ..GateConfig::default()
    }
}

fn tokens(config: &Config) -> TokensConfig {
    let auth = &config.auth;
    TokensConfig {
        algorithm: auth.token_algorithm,
        access_life_s: seconds(auth.access_life),
        refresh_idle_s: seconds(auth.refresh_idle),
        refresh_absolute_s: seconds(auth.refresh_absolute),
        per_user_max: auth.per_user_max,
    }
}

fn keys(config: &Config) -> KeysConfig {
    let auth = &config.auth;
    KeysConfig {
        environment: auth.environment.clone(),
        life_days: days(auth.key_life),
        life_days_max: days(auth.key_life_max),
        overlap_hours: whole(auth.overlap.as_secs() / 3600),
        short_imports: auth.short_imports,
    }
}

fn mfa(config: &Config) -> MfaConfig {
    let auth = &config.auth;
    MfaConfig {
        required: match auth.required {
            MfaRequired::Privileged => MfaRule::Privileged,
            MfaRequired::All => MfaRule::All,
            MfaRequired::None => MfaRule::None,
        },
        databases: auth.databases.clone(),
        // What does not fit is out of bounds, and the gate says so.
        steps_back: u8::try_from(auth.previous_codes).unwrap_or(u8::MAX),
        digits: u8::try_from(auth.digits).unwrap_or(u8::MAX),
        algorithm: match auth.algorithm {
            MfaAlgorithm::Sha1 => TotpAlgorithm::Sha1,
            MfaAlgorithm::Sha256 => TotpAlgorithm::Sha256,
        },
    }
}

fn limits(config: &Config) -> LimitsConfig {
    let limits = &config.limits;
    LimitsConfig {
        mode: match limits.mode {
            LimitsMode::Enforce => Mode::Enforce,
            LimitsMode::Shadow => Mode::Shadow,
        },
        shadow: limits.shadow.clone(),
        scope: match limits.scope {
            LimitsScope::Address => CallerScope::Address,
            LimitsScope::Session => CallerScope::Session,
        },
        per_database: limits.per_database,
        read: limits.read,
        query: limits.query,
        write: limits.write,
        auth: limits.auth,
        monitoring: limits.monitoring,
        ingest: limits.ingest,
        static_files: limits.static_files,
        other: limits.other,
        pre_auth: limits.pre_auth,
        bad_credentials: limits.bad_credentials,
        costs: Costs {
            read: limits.cost_read,
            query: limits.cost_query,
            write: limits.cost_write,
            auth: limits.cost_auth,
            monitoring: limits.cost_monitoring,
        },
        tiers: Tiers {
            anonymous: limits.tier_anonymous,
            signed_in: limits.tier_signed_in,
            key: limits.tier_key,
        },
        api_burst: Some(Burst::per_minute(
            limits.api_per_second.saturating_mul(60),
            limits.api_size,
        )),
        auth_burst: Some(Burst::per_minute(limits.login_per_minute, limits.login_size)),
        in_flight: InFlightMax {
            anonymous: limits.in_flight_anonymous,
            signed_in: limits.in_flight_signed_in,
            key: limits.in_flight_key,
            ..InFlightMax::default()
        },
        heavy: HeavyConfig {
            units: limits.heavy_units,
            per_database: limits.heavy_units_per_database,
            queue_max: limits.heavy_queue,
            wait_ms: whole(u64::try_from(limits.heavy_wait.as_millis()).unwrap_or(u64::MAX)),
        },
        callers_max: limits.callers_max,
        compatibility_headers: limits.compatibility_headers,
        servers_min: config.scale.servers.max(1),
    }
}

/// How the public listener is bound.
pub(crate) fn http(config: &Config) -> ListenConfig {
    let http = &config.http;
    let tls = http
        .certificate
        .clone()
        .zip(http.key.clone())
        .map(|(certificate, key)| TlsConfig { certificate, key });
    ListenConfig {
        address: http.listen,
        tls,
        connections_max: http.connections_max,
        connections_per_address_max: http.connections_per_address_max,
        uncapped: config.server.trusted_proxies.clone(),
        proxy_protocol: http.proxy_protocol,
        handshake_deadline: http.handshake_timeout,
        first_byte_deadline: http.first_byte_timeout,
        head_deadline: http.head_timeout,
        body_deadline: http.body_timeout,
        idle_deadline: http.idle_timeout,
        write_stall_deadline: http.write_timeout,
        requests_per_connection_max: http.requests_per_connection_max,
        drain_deadline: config.server.drain_timeout,
        ..ListenConfig::default()
    }
}

/// How the listener is bound that sends pages to HTTPS, if it is wanted.
pub(crate) fn redirect(config: &Config) -> Option<ListenConfig> {
    let address = config.http.redirect_listen?;
    Some(ListenConfig { address, tls: None, ..http(config) })
}

/// How the operator's listener and the local socket are bound.
pub(crate) fn admin(config: &Config) -> ListenConfig {
    ListenConfig {
        address: config.admin.listen,
        drain_deadline: config.server.drain_timeout,
        connections_max: 64,
        ..ListenConfig::default()
    }
}

fn days(duration: Duration) -> u32 {
    whole(duration.as_secs() / (24 * 3600))
}

fn seconds(duration: Duration) -> u32 {
    whole(duration.as_secs())
}

fn whole(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// Where the audit log is sent on to, if anywhere.
pub(crate) fn syslog(config: &Config) -> Result<Option<SyslogConfig>, BadAddress> {
    let Some(address) = &config.audit.syslog else {
        return Ok(None);
    };
    Ok(Some(SyslogConfig {
        address: address.parse()?,
        authorities: config.audit.syslog_ca.clone(),
        position: config.server.data_dir.join("syslog-position"),
    }))
}

/// Where the audit log is, and its bounds.
pub(crate) fn audit(config: &Config) -> audit::Config {
    let settings = &config.audit;
    audit::Config {
        rotate_bytes: settings.rotate_size.0,
        rotate_age: settings.rotate_age,
        keep: settings.keep,
        files_max: usize::try_from(settings.files_max).unwrap_or(usize::MAX),
        ..audit::Config::new(config.server.data_dir.join("audit"))
    }
}
