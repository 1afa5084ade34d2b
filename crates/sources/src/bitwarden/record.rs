//! The shape of an event, as the public API lists it and as the web vault and self-hosted servers do.

use crate::audit::texts;

texts! {
    /// An event; ids that do not belong to its type are null.
    Record {
        #[serde(rename = "type")]
        kind,
        date,
        #[serde(alias = "actingUserId")]
        acting_user_id,
        #[serde(alias = "userId")]
        user_id,
        #[serde(alias = "memberId", alias = "organizationUserId")]
        member_id,
        #[serde(alias = "organizationId")]
        organization_id,
        #[serde(alias = "providerId")]
        provider_id,
        #[serde(alias = "itemId", alias = "cipherId")]
        item_id,
        #[serde(alias = "collectionId")]
        collection_id,
        #[serde(alias = "groupId")]
        group_id,
        #[serde(alias = "policyId")]
        policy_id,
        #[serde(alias = "secretId")]
        secret_id,
        #[serde(alias = "projectId")]
        project_id,
        #[serde(alias = "serviceAccountId")]
        service_account_id,
        #[serde(alias = "grantedServiceAccountId")]
        granted_service_account_id,
        #[serde(alias = "systemUser")]
        system_user,
        #[serde(alias = "domainName")]
        domain_name,
        #[serde(alias = "deviceType")]
        device,
        #[serde(alias = "ipAddress")]
        ip_address,
    }
}
