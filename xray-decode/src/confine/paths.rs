//! Landlock: no path can be opened, no address reached, no other process signalled.

use landlock::{
    ABI, Access, AccessFs, AccessNet, CompatLevel, Compatible, Ruleset, RulesetAttr, RulesetError,
    RulesetStatus, Scope,
};

/// What the newest kernel that this program was tried on knows; an older one does less of it.
const NEWEST: ABI = ABI::V6;

/// Gives whether paths are forbidden, and whether everything is. Sets `no_new_privs`, too.
pub(super) fn forbid() -> (bool, bool) {
    let restrict = || -> Result<RulesetStatus, RulesetError> {
        let rules = Ruleset::default()
            .set_compatibility(CompatLevel::BestEffort)
            .handle_access(AccessFs::from_all(NEWEST))?
            .handle_access(AccessNet::from_all(NEWEST))?
            .scope(Scope::from_all(NEWEST))?
            .create()?;
        Ok(rules.restrict_self()?.ruleset)
    };
    match restrict() {
        Ok(RulesetStatus::FullyEnforced) => (true, true),
        Ok(RulesetStatus::PartiallyEnforced) => (true, false),
        Ok(RulesetStatus::NotEnforced) | Err(_) => (false, false),
    }
}
