//! Column by column, where values come from.

use crate::{Origin, origin};

/// A value of whichever kind of event it is, with what is asked before and after it.
macro_rules! of_event {
    ($([$($before:literal),+])? $($path:literal),+ $(; [$($after:literal),+])?) => {
        &[$($($before,)+)? $(
            concat!("/process_exec", $path),
            concat!("/process_exit", $path),
            concat!("/process_kprobe", $path),
            concat!("/process_tracepoint", $path),
            concat!("/process_lsm", $path),
            concat!("/process_uprobe", $path),
            concat!("/process_loader", $path),
        )+ $($($after,)+)?]
    };
}

pub(super) static ORIGINS: &[Origin] = &[
    origin("time", of_event!(["/time"] "/process/start_time")),
    origin("time_raw", of_event!(["/time"] "/process/start_time")),
    origin("authority", &["/cluster_name"]),
    origin("source_event_id", of_event!("/process/exec_id")),
    origin("session_uri", of_event!("/process/exec_id")),
    origin("actor_principal", of_event!("/process/pod/uid", "/process/pod/name", "/process/auid", "/process/uid")),
    origin("actor_name", of_event!("/process/pod/name", "/process/auid", "/process/uid")),
    origin("role", of_event!("/process/user/name", "/process/uid")),
    origin("privileged", of_event!("/process/uid")),
    origin(
        "api_operation",
        &["/process_kprobe/function_name", "/process_lsm/function_name", "/process_tracepoint/event"],
    ),
    origin("access", &["/process_kprobe/function_name", "/process_lsm/function_name", "/process_tracepoint/event"]),
    origin(
        "status_id",
        &["/process_kprobe/action", "/process_lsm/action", "/process_exit/signal", "/process_exit/status"],
    ),
    origin(
        "status_code",
        &["/process_kprobe/action", "/process_lsm/action", "/process_exit/signal", "/process_exit/status"],
    ),
    origin(
        "error_code",
        &["/process_kprobe/action", "/process_lsm/action", "/process_exit/signal", "/process_exit/status"],
    ),
    origin("decision_effect", &["/process_kprobe/action", "/process_lsm/action"]),
    origin(
        "decision_policies",
        &["/process_kprobe/policy_name", "/process_lsm/policy_name", "/process_tracepoint/policy_name"],
    ),
    origin("decision_reason", &["/process_kprobe/message", "/process_lsm/message"]),
    origin(
        "resources",
        of_event!("/process/binary", "/process/pod/container/image/name", "/process/pod/container/image/id"; ["/process_kprobe/args/*/file_arg/path", "/process_kprobe/args/*/path_arg/path"]),
    ),
    origin("src_ip", &["/process_kprobe/args/*/sock_arg/saddr"]),
    origin("src_port", &["/process_kprobe/args/*/sock_arg/sport"]),
    origin("dst_ip", &["/process_kprobe/args/*/sock_arg/daddr"]),
    origin("dst_port", &["/process_kprobe/args/*/sock_arg/dport"]),
    origin("process", of_event!("/process/pid")),
    origin("workload_name", of_event!("/process/pod/name")),
    origin("workload_uid", of_event!("/process/pod/uid", "/process/pod/container/id")),
    origin("workload_namespace", of_event!("/process/pod/namespace")),
    origin("workload_node", &["/node_name"]),
    origin("data_rows", &["/rate_limit_info/number_of_dropped_process_events"]),
    origin("correlation_ids", of_event!("/process/exec_id")),
];
