//! Giving up root. `screen`, `records` and `report` read what anybody may have written, and write beside the service: run by
//! root they become the service's user first, so that a fault has its few rights, and no file of the store is root's.

use std::fs;
use std::path::Path;

use rustix::process::{Gid, Uid, getegid, geteuid, getgid, getuid};
use rustix::thread::{set_thread_gid, set_thread_groups, set_thread_uid};

/// The user that the package makes for the service.
pub const SERVICE_USER: &str = "edge-runtime";

const PASSWD: &str = "/etc/passwd";
const GROUP: &str = "/etc/group";

/// Why root could not be given up.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PrivilegesError {
    /// The system's list of users or groups cannot be used.
    #[error("{file}: {reason}; run this as the user {SERVICE_USER}")]
    Account { file: &'static str, reason: String },
    /// The system refused.
    #[error("this process could not become the user {SERVICE_USER}: {reason}; run it as that user")]
    Refused { reason: String },
}

/// A user, by numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Account {
    uid: u32,
    gid: u32,
    /// The groups that it is a member of.
    groups: Vec<u32>,
}

/// Becomes the service's user for good, if this process is root's and there is such a user; gives whether it did. To be
/// called before any thread is started: the kernel keeps rights by thread, and new ones inherit them.
///
/// # Errors
/// [`PrivilegesError`]; the process must then not go on.
pub fn become_service_user() -> Result<bool, PrivilegesError> {
    if !geteuid().is_root() {
        return Ok(false);
    }
    let read = |file: &'static str| {
        fs::read(Path::new(file))
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            .map_err(|error| PrivilegesError::Account { file, reason: error.to_string() })
    };
    let Some(account) = Account::find(SERVICE_USER, &read(PASSWD)?, &read(GROUP)?)? else { return Ok(false) };
    account.assume().map(|()| true)
}

impl Account {
    /// The user of a name, by the texts of passwd(5) and group(5).
    fn find(name: &str, passwd: &str, group: &str) -> Result<Option<Account>, PrivilegesError> {
        let fields = |text: &'_ str| text.split(':').map(str::to_owned).collect::<Vec<String>>();
        let Some(user) = passwd.lines().map(fields).find(|fields| fields[0] == name) else { return Ok(None) };
        let number = |at: usize| user.get(at).and_then(|field| field.parse::<u32>().ok());
        let wrong =
            |reason: &str| PrivilegesError::Account { file: PASSWD, reason: format!("{name}: {reason}") };
        let (Some(uid), Some(gid)) = (number(2), number(3)) else {
            return Err(wrong("its line cannot be read"));
        };
        if uid == 0 || gid == 0 {
            return Err(wrong("it has root's number"));
        }
        let is_member = |fields: &Vec<String>| {
            fields.get(3).is_some_and(|members| members.split(',').any(|one| one == name))
        };
        let groups = group.lines().map(fields).filter(is_member);
        let groups = groups.filter_map(|fields| fields.get(2)?.parse().ok()).filter(|gid| *gid != 0);
        Ok(Some(Account { uid, gid, groups: groups.collect() }))
    }

    fn assume(&self) -> Result<(), PrivilegesError> {
        let refused = |error: rustix::io::Errno| PrivilegesError::Refused { reason: error.to_string() };
        let groups: Vec<Gid> = self.groups.iter().chain([&self.gid]).map(|gid| Gid::from_raw(*gid)).collect();
        let (uid, gid) = (Uid::from_raw(self.uid), Gid::from_raw(self.gid));
        // The user last: without root's rights the groups could not be changed any more.
        set_thread_groups(&groups).map_err(refused)?;
        set_thread_gid(gid).map_err(refused)?;
        set_thread_uid(uid).map_err(refused)?;
        if (getuid(), geteuid(), getgid(), getegid()) != (uid, uid, gid, gid)
            || set_thread_uid(Uid::ROOT).is_ok()
        {
            return Err(PrivilegesError::Refused { reason: "it has other rights than it should".to_owned() });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const USERS: &str = "root:x:0:0:root:/root:/bin/bash\n\
                         edge-runtime2:x:5:5::/:/bin/sh\n\
                         edge-runtime:x:997:996:X-ray screening:/var/lib/edge-runtime:/usr/sbin/nologin\n";
    const GROUPS: &str = "root:x:0:edge-runtime\ngpio:x:44:pi,edge-runtime\nvideo:x:45:edge-runtime\n\
                          edge-runtime:x:996:\naudio:x:46:pi\nbroken\n";

    #[test]
    fn a_user_is_found_with_the_groups_that_drive_its_lights() {
        let account = Account { uid: 997, gid: 996, groups: vec![44, 45] };
        assert_eq!(Account::find("edge-runtime", USERS, GROUPS), Ok(Some(account)));
        assert_eq!(Account::find("nobody", USERS, GROUPS), Ok(None));
        assert_eq!(Account::find("edge-runtime", "", ""), Ok(None));
    }

    #[test]
    fn a_user_that_is_root_or_has_no_number_is_none() {
        for line in [
            "edge-runtime:x:0:996::/:",
            "edge-runtime:x:997:0::/:",
            "edge-runtime:x:-1:1::/:",
            "edge-runtime",
        ] {
            assert!(Account::find("edge-runtime", line, "").is_err(), "{line}");
        }
    }
}
