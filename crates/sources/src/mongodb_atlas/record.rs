//! The shape of an event of an organisation or a project, as the Atlas Administration API lists it. Some
//! collectors write all keys in lower case.

use crate::field::texts;
use crate::json;

texts! {
    Record {
        id: "id",
        created: "created",
        kind: "eventTypeName" | "eventtypename",
        org: "orgId" | "orgid",
        group: "groupId" | "groupid",
        user: "userId" | "userid",
        username: "username",
        key: "apiKeyId" | "apikeyid",
        public_key: "publicKey" | "publickey",
        remote: "remoteAddress" | "remoteaddress",
        global_admin: "isGlobalAdmin" | "isglobaladmin",
        target_user: "targetUsername" | "targetusername",
        target_key: "targetPublicKey" | "targetpublickey",
        entry: "whitelistEntry" | "whitelistentry",
        access_entry: "accessListEntry" | "accesslistentry",
        team: "teamId" | "teamid",
        cluster: "clusterName" | "clustername",
        database_user: "dbUserUsername" | "dbuserusername",
        alert_config: "alertConfigId" | "alertconfigid",
        resource: "resourceId" | "resourceid",
        resource_kind: "resourceType" | "resourcetype",
        host: "hostname",
        database: "database",
        collection: "collection",
    } and {
        #[serde(borrow, default, deserialize_with = "json::objects")]
        links: Vec<Link<'a>>,
    }
}

texts! {
    Link { href: "href", }
}
