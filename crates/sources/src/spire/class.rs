//! Which OCSF class, activity and access a method of the server stands for.

use model::Access;

/// What a method means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Class {
    pub(super) uid: u32,
    pub(super) activity: u8,
    pub(super) access: Access,
    /// An act of an administrator.
    pub(super) privileged: bool,
}

/// The meaning of a method, by its service where the service decides, else by its verb.
pub(super) fn of(service: &str, method: &str) -> Class {
    let verb = method.strip_prefix("Batch").unwrap_or(method);
    let of = |uid, activity, access, privileged| Class { uid, activity, access, privileged };
    if ["Get", "List", "Count", "Sync", "Fetch"].iter().any(|read| verb.starts_with(read)) {
        return of(6003, 2, Access::Read, false);
    }
    match (service.split('.').next().unwrap_or_default(), method) {
        ("svid", "NewDownstreamX509CA") => of(3002, 3, Access::Issue, true),
        ("svid", _) => of(3002, 3, Access::Issue, method.starts_with("Mint")),
        ("agent", "AttestAgent") => of(3002, 1, Access::Authenticate, false),
        ("agent", "RenewAgent") => of(3002, 5, Access::Issue, false),
        ("agent", "BanAgent") => of(3007, 5, Access::Modify, true),
        ("agent", "DeleteAgent") => of(3007, 3, Access::Delete, true),
        ("agent", "CreateJoinToken") => of(3007, 18, Access::Issue, true),
        ("entry" | "trustdomain", _) => of(3004, activity(verb), Access::Grant, true),
        ("bundle", _) if verb.contains("FederatedBundle") => of(3004, activity(verb), Access::Grant, true),
        ("bundle" | "localauthority" | "logger", _) => of(3004, 3, Access::Modify, true),
        _ => of(6003, 99, Access::Other, false),
    }
}

fn activity(verb: &str) -> u8 {
    match verb {
        v if v.starts_with("Create") => 1,
        v if v.starts_with("Delete") => 4,
        _ => 3,
    }
}
