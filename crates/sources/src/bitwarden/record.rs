//! The shape of an event, as the public API lists it and as the web vault and self-hosted servers do.

use crate::field::texts;

texts! {
    /// An event; ids that do not belong to its type are null.
    Record {
        kind: "type",
        date,
        acting_user_id: "acting_user_id" | "actingUserId",
        user_id: "user_id" | "userId",
        member_id: "member_id" | "memberId" | "organizationUserId",
        organization_id: "organization_id" | "organizationId",
        provider_id: "provider_id" | "providerId",
        item_id: "item_id" | "itemId" | "cipherId",
        collection_id: "collection_id" | "collectionId",
        group_id: "group_id" | "groupId",
        policy_id: "policy_id" | "policyId",
        secret_id: "secret_id" | "secretId",
        project_id: "project_id" | "projectId",
        service_account_id: "service_account_id" | "serviceAccountId",
        granted_service_account_id: "granted_service_account_id" | "grantedServiceAccountId",
        system_user: "system_user" | "systemUser",
        domain_name: "domain_name" | "domainName",
        device: "device" | "deviceType",
        ip_address: "ip_address" | "ipAddress",
    }
}
