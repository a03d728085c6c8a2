//! The HTTP door, asked from outside.

#[cfg(test)]
mod accounts;
#[cfg(test)]
mod audit;
#[cfg(test)]
mod cors;
#[cfg(test)]
mod csrf;
#[cfg(test)]
mod errors;
#[cfg(test)]
mod factors;
#[cfg(test)]
mod headers;
#[cfg(test)]
mod keyring;
#[cfg(test)]
mod keys;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod lockouts;
#[cfg(test)]
mod matrix;
#[cfg(test)]
mod objects;
#[cfg(test)]
mod openapi;
#[cfg(test)]
mod passkeys;
#[cfg(test)]
mod passwords;
#[cfg(test)]
mod proxies;
#[cfg(test)]
mod races;
#[cfg(test)]
mod required;
#[cfg(test)]
mod resets;
#[cfg(test)]
mod step_up;
#[cfg(test)]
mod support;
#[cfg(test)]
mod timing;
#[cfg(test)]
mod tokens;
