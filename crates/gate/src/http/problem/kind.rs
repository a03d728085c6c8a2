//! The kinds of problems the gate itself answers with.

use http::StatusCode;

use super::Kind;

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $slug:literal, $status:ident, $title:literal;)*) => {
        $($(#[$doc])* pub const $name: Kind = Kind::new($slug, StatusCode::$status, $title);)*
    };
}

kinds! {
    /// The request cannot be read.
    BAD_REQUEST = "bad-request", BAD_REQUEST, "The request cannot be read";
    /// The request was read, but values in it will not do.
    INVALID = "invalid", UNPROCESSABLE_ENTITY, "Values in the request will not do";
    /// Two different credentials.
    TWO_CREDENTIALS = "two-credentials", BAD_REQUEST, "The request carries two different credentials";
    /// No valid credential.
    UNAUTHENTICATED = "unauthenticated", UNAUTHORIZED, "Sign in or send a valid key";
    /// Wrong name or password.
    WRONG_CREDENTIALS = "wrong-credentials", UNAUTHORIZED, "Wrong name or password";
    /// Not allowed.
    FORBIDDEN = "forbidden", FORBIDDEN, "This is not allowed with these rights";
    /// The account must do something else first.
    ACTION_REQUIRED = "action-required", FORBIDDEN, "Something must be done about this account first";
    /// The session's proof is too old, or too weak, for this.
    STEP_UP_REQUIRED = "step-up-required", FORBIDDEN, "Prove again who you are before you do this";
    /// The account has had its one sign-in without a second factor.
    FACTOR_REQUIRED = "factor-required", FORBIDDEN, "This account needs a second factor";
    /// The second factor is wrong.
    WRONG_FACTOR = "wrong-factor", UNAUTHORIZED, "The code or passkey is wrong, or was used before";
    /// The sign-in took too long or too many tries.
    TRANSACTION_ENDED = "transaction-ended", UNAUTHORIZED, "The sign-in has ended; begin again";
    /// Passkeys do not work at the server's address.
    PASSKEYS_UNAVAILABLE = "passkeys-unavailable", CONFLICT, "Passkeys do not work at this server's address";
    /// Not provably from our own page.
    CROSS_ORIGIN = "cross-origin", FORBIDDEN, "The request does not come from this server's own pages";
    /// No such thing, or none the caller may know of.
    NOT_FOUND = "not-found", NOT_FOUND, "There is no such thing";
    /// Not with this method.
    METHOD_NOT_ALLOWED = "method-not-allowed", METHOD_NOT_ALLOWED, "The method is not allowed here";
    /// The client was too slow.
    REQUEST_TIMEOUT = "request-timeout", REQUEST_TIMEOUT, "The request did not arrive in time";
    /// It conflicts with what is there.
    CONFLICT = "conflict", CONFLICT, "This conflicts with what is there";
    /// The body weighs too much.
    TOO_LARGE = "too-large", PAYLOAD_TOO_LARGE, "The body is too large";
    /// The address is too long.
    URI_TOO_LONG = "uri-too-long", URI_TOO_LONG, "The address is too long";
    /// The body has the wrong type.
    UNSUPPORTED_TYPE = "unsupported-type", UNSUPPORTED_MEDIA_TYPE, "The body has the wrong content type";
    /// The host name is not ours.
    MISDIRECTED = "misdirected", MISDIRECTED_REQUEST, "This server does not answer to that host name";
    /// Too many headers.
    HEADERS_TOO_LARGE = "headers-too-large", REQUEST_HEADER_FIELDS_TOO_LARGE, "There are too many headers";
    /// Over the quota.
    QUOTA_EXCEEDED = "quota-exceeded", TOO_MANY_REQUESTS, "Too many requests";
    /// Too many at a time.
    TOO_MANY = "too-many-at-a-time", TOO_MANY_REQUESTS, "Too many requests at a time";
    /// Locked after failures.
    LOCKED = "locked", TOO_MANY_REQUESTS, "Too many failed attempts";
    /// The server itself failed.
    INTERNAL = "internal", INTERNAL_SERVER_ERROR, "Something went wrong in the server";
    /// The server cannot do it now.
    UNAVAILABLE = "unavailable", SERVICE_UNAVAILABLE, "The server cannot do this at the moment";
    /// Events cannot be kept, so nothing is changed.
    AUDIT_UNAVAILABLE = "audit-unavailable", SERVICE_UNAVAILABLE, "The audit log cannot be written, so nothing may be changed";
    /// The server was too slow.
    TIMEOUT = "timeout", SERVICE_UNAVAILABLE, "The server did not finish in time";
}
