//! The eight fields of a line, by the names that the documentation gives them.

use crate::{Origin, origin};

pub(super) static ORIGINS: &[Origin] = &[
    origin("time", &["/date"]),
    origin("time_raw", &["/date"]),
    origin("class_uid", &["/event"]),
    origin("activity_id", &["/event"]),
    origin("access", &["/event"]),
    origin("status_id", &["/event"]),
    origin("actor_principal", &["/user"]),
    origin("actor_name", &["/user"]),
    origin("session_uri", &["/session"]),
    origin("api_operation", &["/event"]),
    origin("api_request_id", &["/request"]),
    origin("resources", &["/entity", "/details"]),
    origin("src_ip", &["/address"]),
    origin("correlation_ids", &["/request"]),
];
