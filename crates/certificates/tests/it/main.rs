//! Certificates of a real authority, against the clock.

#[cfg(test)]
mod orders;
#[cfg(test)]
mod responder;
