//! The first step: files, TCP ports and other processes, by Landlock.

use std::path::PathBuf;

use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, NetPort, Ruleset, RulesetAttr, RulesetCreated,
    RulesetCreatedAttr, RulesetError, RulesetStatus, Scope, path_beneath_rules,
};

use crate::extent::version;

/// The version whose rights are asked for; what an older kernel does not know it leaves out.
pub(crate) const NEWEST: ABI = ABI::V6;

/// What is kept. A folder stands for everything below it; what is not there is passed over.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rules {
    /// Files and folders that may be read, and folders that may be listed.
    pub read: Vec<PathBuf>,
    /// Files that may be written, and folders in which everything may be done but making devices and running programs.
    pub write: Vec<PathBuf>,
    /// Programs that may be run, as long as anything may be.
    pub execute: Vec<PathBuf>,
    /// Folders out of which an empty folder may be taken.
    pub empty: Vec<PathBuf>,
    /// TCP ports that may be listened on; 0 is any free one.
    pub bind: Vec<u16>,
    /// TCP ports that may be connected to, wherever.
    pub connect: Vec<u16>,
}

/// Restricts the calling thread, and those it starts; gives the version of Landlock, zero when there is none.
pub(crate) fn restrict(rules: &Rules) -> Result<u32, RulesetError> {
    let read = AccessFs::ReadFile | AccessFs::ReadDir;
    let ruleset = Ruleset::default()
        .handle_access(AccessFs::from_all(NEWEST))?
        .handle_access(AccessNet::from_all(NEWEST))?
        .scope(Scope::from_all(NEWEST))?
        .create()?;
    let ruleset = allow(ruleset, &rules.read, read)?;
    let ruleset = allow(ruleset, &rules.write, written())?;
    let ruleset = allow(ruleset, &rules.execute, AccessFs::ReadFile | AccessFs::Execute)?;
    let mut ruleset = allow(ruleset, &rules.empty, AccessFs::RemoveDir.into())?;
    for port in &rules.bind {
        ruleset = ruleset.add_rule(NetPort::new(*port, AccessNet::BindTcp))?;
    }
    for port in &rules.connect {
        ruleset = ruleset.add_rule(NetPort::new(*port, AccessNet::ConnectTcp))?;
    }
    let status = ruleset.restrict_self()?;
    Ok(match status.ruleset {
        RulesetStatus::NotEnforced => 0,
        RulesetStatus::FullyEnforced | RulesetStatus::PartiallyEnforced => {
            version(&status.landlock)
        }
    })
}

fn allow(
    ruleset: RulesetCreated,
    paths: &[PathBuf],
    access: BitFlags<AccessFs>,
) -> Result<RulesetCreated, RulesetError> {
    ruleset.add_rules(path_beneath_rules(paths, access))
}

/// What is done in a folder of one's own.
fn written() -> BitFlags<AccessFs> {
    let never = AccessFs::Execute
        | AccessFs::MakeChar
        | AccessFs::MakeBlock
        | AccessFs::MakeFifo
        | AccessFs::MakeSym
        | AccessFs::IoctlDev;
    AccessFs::from_all(NEWEST) & !never
}
