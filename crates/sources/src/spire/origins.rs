//! Column by column, where values come from.

use crate::Origin;

pub(super) const ORIGINS: &[Origin] = &[
    Origin { column: "source_event_id", pointers: &["/request_id"] },
    Origin { column: "time", pointers: &["/time"] },
    Origin { column: "time_raw", pointers: &["/time"] },
    Origin { column: "class_uid", pointers: &["/service", "/method"] },
    Origin { column: "activity_id", pointers: &["/service", "/method"] },
    Origin { column: "access", pointers: &["/service", "/method"] },
    Origin { column: "api_service", pointers: &["/service", "/subsystem_name"] },
    Origin { column: "api_operation", pointers: &["/method", "/msg"] },
    Origin { column: "api_request_id", pointers: &["/request_id"] },
    Origin { column: "status_id", pointers: &["/status", "/level", "/error"] },
    Origin { column: "status_code", pointers: &["/status", "/level"] },
    Origin { column: "severity_id", pointers: &["/level"] },
    Origin { column: "error_code", pointers: &["/status_code"] },
    Origin { column: "error_message", pointers: &["/status_message", "/error", "/msg"] },
    Origin { column: "authority", pointers: &["/caller_id", "/spiffe_id", "/agent_id", "/trust_domain_id"] },
    Origin { column: "actor_principal", pointers: &["/caller_id", "/agent_id", "/caller_uid", "/caller_addr"] },
    Origin { column: "actor_name", pointers: &["/caller_id", "/agent_id", "/caller_uid"] },
    Origin { column: "role", pointers: &["/authorized_as"] },
    Origin {
        column: "issued_credential_native_id",
        pointers: &["/serial_num", "/serial_number", "/jti", "/request_id"],
    },
    Origin { column: "issued_credential_scopes", pointers: &["/spiffe_id", "/agent_id", "/caller_id"] },
    Origin { column: "issued_credential_audience", pointers: &["/audience"] },
    Origin { column: "issued_credential_not_after", pointers: &["/expires_at", "/expiration"] },
    Origin { column: "credential_changes", pointers: &["/spiffe_id", "/agent_id"] },
    Origin { column: "grant_refs", pointers: &["/entry_id", "/registration_entry_id"] },
    Origin { column: "grants", pointers: &["/entry_id", "/registration_entry_id", "/spiffe_id", "/expires_at"] },
    Origin { column: "decision_reason", pointers: &["/status_message"] },
    Origin { column: "authn_method", pointers: &["/node_attestor_type"] },
    Origin {
        column: "resources",
        pointers: &["/spiffe_id", "/entry_id", "/agent_id", "/parent_id", "/trust_domain_id", "/service"],
    },
    Origin { column: "src_ip", pointers: &["/caller_addr"] },
    Origin { column: "src_port", pointers: &["/caller_addr"] },
    Origin { column: "process", pointers: &["/caller_path"] },
    Origin { column: "correlation_ids", pointers: &["/request_id"] },
];
