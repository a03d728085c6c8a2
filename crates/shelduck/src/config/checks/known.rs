//! Secrets and passwords that stand in documents, and so in every attacker's
//! list.

/// The default and example values of Duckling, Mallard Metrics, `WaddlePerf` and DRACO METRIC, in their documents and their
/// code, and what people write when they mean to come back to it.
pub(super) const PUBLISHED: &[&str] = &[
    // WaddlePerf: the environment of its development set-up, and its seeded accounts.
    "dev_root_password",
    "dev_password",
    "dev-secret-key-change-in-production",
    "dev-jwt-secret-change-in-production",
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "admin123",
    "ChangeMeAlready",
    "TestPassword123!",
    // DRACO METRIC: its example of a key.
    "your-key-here-min-32-chars-long-abcdef",
    "your-key-here",
    // Mallard Metrics: the fixed key of its visitor hash.
    "mallard-metrics-salt",
    // Duckling: the names it asks for, written where their values belong, and its fallback.
    "DUCKLING_API_KEY",
    "SESSION_SECRET",
    "JWT_SECRET",
    "ADMIN_PASSWORD",
    "duckling",
    "default",
    // Everybody.
    "admin",
    "changeme",
    "change-me",
    "change-in-production",
    "password",
    "secret",
    "your-secret-key",
];

/// Whether that value is published somewhere, in whatever case.
pub(super) fn is_published(secret: &str) -> bool {
    PUBLISHED.iter().any(|published| published.eq_ignore_ascii_case(secret.trim()))
}
