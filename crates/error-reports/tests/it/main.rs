//! What arrives at the other end, and what it costs when nothing does.

#[cfg(test)]
mod arrival;
#[cfg(test)]
mod receiver;
