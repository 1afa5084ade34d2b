//! Logging switched on, off, changed or thrown away: OCSF Event Log Activity (1008).
//!
//! 6 and 7 where the platform starts and stops, 9 and 10 where a log is switched on and off, 2 where a log or what
//! writes it is deleted, 99 where it is set up otherwise: what the record alone does not show to be more or less.

use model::Access;

use super::class::{Act, Call, act};

/// Calls that concern a log whatever they ask for.
pub(super) fn of_call(call: Call<'_>) -> Option<Act> {
    Some(match (call.service, call.name) {
        ("cloudtrail", name) => trail(name)?,
        ("logs", name) => cloudwatch(name)?,
        ("config", "StartConfigurationRecorder") => act(1008, 6, Access::Modify),
        ("config", "StopConfigurationRecorder") => act(1008, 7, Access::Modify),
        ("config", "DeleteConfigurationRecorder" | "DeleteDeliveryChannel") => act(1008, 2, Access::Delete),
        ("config", "PutConfigurationRecorder" | "PutDeliveryChannel") => act(1008, 99, Access::Modify),
        ("guardduty", "CreateDetector" | "CreatePublishingDestination") => act(1008, 9, Access::Create),
        ("guardduty", "UpdateDetector" | "UpdatePublishingDestination") => act(1008, 99, Access::Modify),
        ("guardduty", "DeleteDetector" | "DeletePublishingDestination") => act(1008, 2, Access::Delete),
        ("guardduty", "StartMonitoringMembers") => act(1008, 6, Access::Modify),
        ("guardduty", "StopMonitoringMembers") => act(1008, 7, Access::Modify),
        ("ec2", "CreateFlowLogs") => act(1008, 9, Access::Create),
        ("ec2", "DeleteFlowLogs") => act(1008, 10, Access::Delete),
        ("s3", "PutBucketLogging") => act(1008, 99, Access::Modify),
        ("route53", "CreateQueryLoggingConfig") => act(1008, 9, Access::Create),
        ("route53", "DeleteQueryLoggingConfig") => act(1008, 10, Access::Delete),
        ("route53resolver", "AssociateResolverQueryLogConfig") => act(1008, 9, Access::Modify),
        ("route53resolver", "DisassociateResolverQueryLogConfig") => act(1008, 10, Access::Modify),
        ("route53resolver", "DeleteResolverQueryLogConfig") => act(1008, 2, Access::Delete),
        ("waf" | "waf-regional" | "wafv2", "PutLoggingConfiguration") => act(1008, 9, Access::Modify),
        ("waf" | "waf-regional" | "wafv2", "DeleteLoggingConfiguration") => act(1008, 10, Access::Delete),
        ("redshift", "EnableLogging") => act(1008, 9, Access::Modify),
        ("redshift", "DisableLogging") => act(1008, 10, Access::Modify),
        ("rds", "StartActivityStream") => act(1008, 6, Access::Modify),
        ("rds", "StopActivityStream") => act(1008, 7, Access::Modify),
        ("bedrock", "PutModelInvocationLoggingConfiguration") => act(1008, 9, Access::Modify),
        ("bedrock", "DeleteModelInvocationLoggingConfiguration") => act(1008, 10, Access::Delete),
        _ => return None,
    })
}

fn trail(name: &str) -> Option<Act> {
    Some(match name {
        "StartLogging" | "StartEventDataStoreIngestion" => act(1008, 6, Access::Modify),
        "StopLogging" | "StopEventDataStoreIngestion" => act(1008, 7, Access::Modify),
        "DeleteTrail" | "DeleteEventDataStore" => act(1008, 2, Access::Delete),
        // An event data store ingests as soon as it is made, or brought back.
        "CreateEventDataStore" => act(1008, 9, Access::Create),
        "RestoreEventDataStore" => act(1008, 9, Access::Modify),
        // A new trail logs nothing before `StartLogging`.
        "CreateTrail" => act(1008, 99, Access::Create),
        "UpdateTrail" | "PutEventSelectors" | "PutInsightSelectors" | "UpdateEventDataStore" => {
            act(1008, 99, Access::Modify)
        }
        _ => return None,
    })
}

fn cloudwatch(name: &str) -> Option<Act> {
    Some(match name {
        "DeleteLogGroup" | "DeleteLogStream" => act(1008, 2, Access::Delete),
        "PutRetentionPolicy" | "DeleteRetentionPolicy" => act(1008, 99, Access::Modify),
        "CreateExportTask" => act(1008, 3, Access::Execute),
        "PutSubscriptionFilter" | "CreateDelivery" => act(1008, 9, Access::Create),
        "DeleteSubscriptionFilter"
        | "DeleteDelivery"
        | "DeleteDestination"
        | "DeleteDeliveryDestination"
        | "DeleteDeliverySource" => act(1008, 10, Access::Delete),
        _ => return None,
    })
}

/// The activity that the parameters of a request tell: one call switches on and off.
pub(super) fn asked(call: Call<'_>, parameters: &str) -> Option<Act> {
    // White space in a record comes from whoever kept it.
    let says = |key: &str, value: &str| {
        let mut places = parameters.match_indices(key);
        places.any(|(at, _)| {
            let after = parameters.get(at + key.len()..).unwrap_or_default().trim_start();
            after.strip_prefix(':').is_some_and(|after| after.trim_start().starts_with(value))
        })
    };
    let on_off = |on: bool| act(1008, if on { 9 } else { 10 }, Access::Modify);
    match (call.service, call.name) {
        ("s3", "PutBucketLogging") if parameters.contains("\"BucketLoggingStatus\"") => {
            Some(on_off(parameters.contains("\"LoggingEnabled\"")))
        }
        ("guardduty", "UpdateDetector") if says("\"enable\"", "false") => Some(on_off(false)),
        ("guardduty", "UpdateDetector") if says("\"enable\"", "true") => Some(on_off(true)),
        ("eks", "UpdateClusterConfig") if parameters.contains("\"clusterLogging\"") => {
            Some(if says("\"enabled\"", "false") { on_off(false) } else { on_off(true) })
        }
        ("elasticloadbalancing", "ModifyLoadBalancerAttributes") if parameters.contains("access_logs.s3.enabled") => {
            let after = parameters.split_once("access_logs.s3.enabled").map(|(_, after)| after).unwrap_or_default();
            let near = after.get(..after.find('}').unwrap_or(after.len())).unwrap_or_default();
            Some(match (near.contains("\"false\""), near.contains("\"true\"")) {
                (true, false) => on_off(false),
                (false, true) => on_off(true),
                _ => act(1008, 99, Access::Modify),
            })
        }
        _ => None,
    }
}
