//! The crate against others: recorded programs, proofs, a second codec.

#[cfg(test)]
mod answers;
#[cfg(test)]
mod captures;
#[cfg(test)]
mod other_codec;
#[cfg(test)]
mod proofs;
