//! The second step: system calls, by seccomp.
//!
//! What is not in the list answers "not implemented", as an older kernel would, so that libraries fall back as they do there. So
//! do those of the other calling conventions of the processor, which end the process or match nothing.

mod list;

use std::collections::BTreeMap;

use libc::{
    AF_INET, AF_INET6, AF_UNIX, CLONE_THREAD, ENOSYS, IPPROTO_TCP, IPPROTO_UDP, MSG_FASTOPEN,
    PROT_EXEC, PROT_WRITE, SOCK_DGRAM, SOCK_STREAM, c_int, c_long,
};
use seccompiler::SeccompCmpArgLen::{Dword, Qword};
use seccompiler::SeccompCmpOp::{Eq, MaskedEq};
use seccompiler::{
    BackendError, BpfProgram, SeccompAction, SeccompCondition, SeccompFilter, SeccompRule,
};

use self::list::ALLOWED;
use crate::ConfineError;

/// The kind of a socket, without the flags that may come with it.
const SOCKET_KIND: u64 = 0xf;
/// What may be asked of a descriptor: whether it blocks, how much waits, whether it is a terminal and how large.
const IOCTLS: [u64; 7] = [0x5401, 0x5413, 0x541b, 0x5411, 0x5421, 0x5450, 0x5451];
/// What a thread may say about itself: its name, and the names of its memory.
const PRCTLS: [u64; 3] = [15, 16, 0x5356_4d41];

/// Puts the list on all threads.
pub(crate) fn restrict() -> Result<(), ConfineError> {
    Ok(seccompiler::apply_filter_all_threads(&program()?)?)
}

/// The list as the kernel takes it.
pub(crate) fn program() -> Result<BpfProgram, BackendError> {
    let mut rules: BTreeMap<c_long, Vec<SeccompRule>> =
        ALLOWED.iter().map(|call| (*call, Vec::new())).collect();
    rules.extend(conditional()?);
    let refused = SeccompAction::Errno(ENOSYS.unsigned_abs());
    let here = std::env::consts::ARCH.try_into()?;
    SeccompFilter::new(rules, refused, SeccompAction::Allow, here)?.try_into()
}

/// The calls that depend on what is asked of them.
fn conditional() -> Result<Vec<(c_long, Vec<SeccompRule>)>, BackendError> {
    let (write, execute) = (bits(PROT_WRITE), bits(PROT_EXEC));
    let is_thread = bits(CLONE_THREAD);
    Ok(vec![
        // A thread, never a process. The newer call hides its flags from us, so its callers must fall back to this one.
        (libc::SYS_clone, vec![rule([flags(0, is_thread, is_thread)?])?]),
        // No memory is ever both written and run.
        (libc::SYS_mmap, vec![rule([flags(2, write, 0)?])?, rule([flags(2, execute, 0)?])?]),
        (libc::SYS_mprotect, vec![rule([flags(2, execute, 0)?])?]),
        (libc::SYS_socket, sockets()?),
        (libc::SYS_socketpair, vec![rule([is(0, bits(AF_UNIX))?])?]),
        // Opening a connection while sending would pass by the rules about ports.
        (libc::SYS_sendto, vec![rule([flags(3, bits(MSG_FASTOPEN), 0)?])?]),
        (libc::SYS_sendmsg, vec![rule([flags(2, bits(MSG_FASTOPEN), 0)?])?]),
        (libc::SYS_sendmmsg, vec![rule([flags(3, bits(MSG_FASTOPEN), 0)?])?]),
        (libc::SYS_ioctl, any_of(1, &IOCTLS)?),
        (libc::SYS_prctl, any_of(0, &PRCTLS)?),
        // Limits of its own may be read.
        (libc::SYS_prlimit64, vec![rule([is(0, 0)?, SeccompCondition::new(2, Qword, Eq, 0)?])?]),
    ])
}

/// Streams and datagrams of the internet and of this machine: no raw packets, and no protocol that the rules about ports do
/// not know.
fn sockets() -> Result<Vec<SeccompRule>, BackendError> {
    let mut rules = Vec::new();
    for family in [AF_INET, AF_INET6] {
        for (kind, protocol) in [(SOCK_STREAM, IPPROTO_TCP), (SOCK_DGRAM, IPPROTO_UDP)] {
            rules.push(socket(family, kind, protocol)?);
            rules.push(socket(family, kind, 0)?);
        }
    }
    rules.push(socket(AF_UNIX, SOCK_STREAM, 0)?);
    rules.push(socket(AF_UNIX, SOCK_DGRAM, 0)?);
    Ok(rules)
}

fn socket(family: c_int, kind: c_int, protocol: c_int) -> Result<SeccompRule, BackendError> {
    rule([is(0, bits(family))?, flags(1, SOCKET_KIND, bits(kind))?, is(2, bits(protocol))?])
}

fn any_of(argument: u8, values: &[u64]) -> Result<Vec<SeccompRule>, BackendError> {
    values.iter().map(|value| rule([is(argument, *value)?])).collect()
}

/// Allowed when all of it holds.
fn rule(conditions: impl Into<Vec<SeccompCondition>>) -> Result<SeccompRule, BackendError> {
    SeccompRule::new(conditions.into())
}

fn is(argument: u8, value: u64) -> Result<SeccompCondition, BackendError> {
    SeccompCondition::new(argument, Dword, Eq, value)
}

/// Of these bits of an argument those are set, and no others.
fn flags(argument: u8, mask: u64, set: u64) -> Result<SeccompCondition, BackendError> {
    SeccompCondition::new(argument, Qword, MaskedEq(mask), set)
}

fn bits(value: c_int) -> u64 {
    u64::from(value.unsigned_abs())
}
