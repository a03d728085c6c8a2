//! How errors of the crates below become problems: one table.
//!
//! What the caller is told is written here or is the reason of a checked parameter; what the inner error says goes to the log.

use std::time::Duration;

use control::{SiteError, StoreError};
use gate::http::{Kind, Problem, kind};
use http::StatusCode;
use web::event::BodyError;
use web::ingest::Refusal;
use web::report::ReportError;

use crate::words::fixed;

const FOREIGN_ORIGIN: Kind = Kind::new(
    "foreign-origin",
    StatusCode::FORBIDDEN,
    "The event does not come from a page of the site",
);
const UNKNOWN_SITE: Kind = Kind::new(
    "unknown-site",
    StatusCode::BAD_REQUEST,
    "The event is for a site this server does not know",
);
const SITE_EXISTS: Kind = Kind::new("site-exists", StatusCode::CONFLICT, "The site exists");

/// When to try a store again that could not answer.
const RETRY_AFTER: Duration = Duration::from_secs(5);
/// When to try a full queue again; it empties with every write of the disk.
const BUSY_RETRY_AFTER: Duration = Duration::from_secs(1);

/// An error of a crate below, on its way out.
#[derive(Debug)]
pub(crate) enum ApiError {
    Problem(Problem),
    Site(SiteError),
    Store(StoreError),
    Report(ReportError),
    Ingest(Refusal),
}

impl From<ApiError> for Problem {
    fn from(error: ApiError) -> Self {
        match error {
            ApiError::Problem(problem) => problem,
            ApiError::Site(error) => of_site(error),
            ApiError::Store(error) => of_store(error),
            ApiError::Report(error) => of_report(error),
            ApiError::Ingest(refusal) => of_refusal(refusal),
        }
    }
}

impl From<Problem> for ApiError {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl From<SiteError> for ApiError {
    fn from(error: SiteError) -> Self {
        Self::Site(error)
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<ReportError> for ApiError {
    fn from(error: ReportError) -> Self {
        Self::Report(error)
    }
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        Self::Ingest(refusal)
    }
}

fn of_site(error: SiteError) -> Problem {
    match error {
        SiteError::DomainTaken => Problem::new(SITE_EXISTS).field("domain", "is added already"),
        SiteError::Unknown => Problem::not_found(),
        SiteError::UnknownTimeZone => {
            Problem::invalid("time_zone", "must be an IANA name such as Europe/Berlin")
        }
        SiteError::TooManyHostnames => Problem::invalid("allowed_hostnames", "are too many"),
        SiteError::TooMany => {
            Problem::new(kind::CONFLICT).detail("There are as many sites as this server holds.")
        }
        SiteError::Store(error) => of_store(error),
        error => Problem::internal(error),
    }
}

fn of_store(error: StoreError) -> Problem {
    match error {
        StoreError::Busy(_) | StoreError::Full(_) => {
            Problem::unavailable(error).retry_after(RETRY_AFTER)
        }
        error => Problem::internal(error),
    }
}

fn of_report(error: ReportError) -> Problem {
    match error {
        ReportError::InvalidParameter(error) => {
            Problem::new(kind::INVALID).field(error.field, fixed(error.reason))
        }
        ReportError::Deadline => {
            Problem::new(kind::TIMEOUT).because(error).retry_after(RETRY_AFTER)
        }
        ReportError::Warehouse(_) => Problem::unavailable(error).retry_after(RETRY_AFTER),
        error @ (ReportError::TimeZone(_) | ReportError::Row(_)) => Problem::internal(error),
    }
}

fn of_refusal(refusal: Refusal) -> Problem {
    match refusal {
        Refusal::Body(BodyError::NotAnObject) => {
            Problem::new(kind::BAD_REQUEST).detail("The body is not a JSON object.")
        }
        Refusal::Body(BodyError::Fields(errors)) => {
            errors.into_iter().fold(Problem::new(kind::BAD_REQUEST), |problem, error| {
                problem.field(error.field.as_str(), fixed(error.rule.to_string().into()))
            })
        }
        Refusal::TooLarge => Problem::new(kind::TOO_LARGE),
        Refusal::UnknownSite => {
            Problem::new(UNKNOWN_SITE).field("domain", "is not a site of this server")
        }
        Refusal::ForeignOrigin => Problem::new(FOREIGN_ORIGIN),
        Refusal::Busy => Problem::unavailable(refusal).retry_after(BUSY_RETRY_AFTER),
        Refusal::Storage(_) | Refusal::Closed => {
            Problem::unavailable(refusal).retry_after(RETRY_AFTER)
        }
    }
}
