//! Column by column, where values come from.

use crate::Origin;

pub(super) const ORIGINS: &[Origin] = &[
    Origin { column: "source_event_id", pointers: &["/record_id"] },
    Origin { column: "time", pointers: &["/time"] },
    Origin { column: "time_raw", pointers: &["/time"] },
    Origin { column: "authority", pointers: &["/system"] },
    Origin { column: "tenant", pointers: &["/system"] },
    Origin { column: "actor_principal", pointers: &["/by", "/system"] },
    Origin { column: "actor_name", pointers: &["/by"] },
    Origin { column: "api_operation", pointers: &["/step"] },
    Origin { column: "resources", pointers: &["/id"] },
    Origin { column: "grant_refs", pointers: &["/id"] },
    Origin {
        column: "grants",
        pointers: &[
            "/id",
            "/step",
            "/by",
            "/requester",
            "/beneficiaries/*",
            "/target",
            "/resources/*",
            "/reason",
            "/ticket",
            "/not_before",
            "/not_after",
            "/duration_s",
            "/policy/id",
            "/policy/version",
            "/policy/approvals_min",
        ],
    },
    Origin { column: "purpose_reason", pointers: &["/reason"] },
    Origin { column: "purpose_ticket", pointers: &["/ticket"] },
];
