//! What a request does: OCSF class, activity and coarse access, by the three words of its operation.

pub(super) use crate::fill::Act;
use crate::fill::act;
use model::Access;

/// The meaning of `REST.GET.OBJECT`; `S3.*` is what S3 did itself, by a rule of the bucket.
pub(super) fn classify(operation: &str) -> Act {
    let mut words = operation.splitn(3, '.');
    let (by, verb, what) =
        (words.next().unwrap_or_default(), words.next().unwrap_or_default(), words.next().unwrap_or_default());
    if by == "S3" || by == "BATCH" {
        return itself(verb);
    }
    let reads = matches!(verb, "GET" | "HEAD" | "OPTIONS");
    match what {
        "OBJECT_GET" | "PART_GET" => act(6005, 1, Access::Read),
        "MULTI_OBJECT_DELETE" => act(6005, 7, Access::Delete),
        "BUCKET" | "BUCKETVERSIONS" | "UPLOADS" if verb == "GET" => act(6005, 8, Access::Read),
        "OBJECT" | "PART" | "UPLOAD" | "BUCKET" if reads => act(6005, 1, Access::Read),
        _ if verb == "SELECT" || what.contains("SELECT") => act(6005, 4, Access::Read),
        _ if reads => act(6003, 2, Access::Read),
        "OBJECT" | "UPLOAD" if verb == "DELETE" => act(6005, 7, Access::Delete),
        "OBJECT" | "PART" | "UPLOAD" | "UPLOADS" | "RESTORE" => act(6005, 5, Access::Modify),
        "OBJECT_TAGGING" | "TAGGING" | "OBJECT_LOCK_RETENTION" | "OBJECT_LOCK_LEGALHOLD" => {
            act(6005, 2, Access::Modify)
        }
        "ACL" | "OBJECT_ACL" | "BUCKETPOLICY" | "PUBLIC_ACCESS_BLOCK" | "ACCELERATE_POLICY" | "OWNERSHIP_CONTROLS" => {
            act(6003, 3, Access::Grant)
        }
        // Whether it was switched on, off or elsewhere is in the body of the request, which is not logged.
        "LOGGING_STATUS" => act(1008, 99, Access::Modify),
        "BUCKET" if verb == "PUT" => act(6003, 1, Access::Create),
        _ if verb == "DELETE" => act(6003, 4, Access::Delete),
        _ if matches!(verb, "PUT" | "POST" | "COPY") => act(6003, 3, Access::Modify),
        _ => act(6003, 99, Access::Other),
    }
}

/// What a rule of the bucket, or a job, did to an object.
fn itself(verb: &str) -> Act {
    match verb {
        "EXPIRE" | "DELETE" => act(6005, 7, Access::Delete),
        "CREATE" => act(6005, 6, Access::Delete),
        _ if verb.starts_with("TRANSITION") => act(6005, 2, Access::Modify),
        _ => act(6005, 2, Access::Other),
    }
}
