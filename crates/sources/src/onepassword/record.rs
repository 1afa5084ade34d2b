//! The shapes of the Events API: item usages, sign-in attempts, audit events.

use crate::field::texts;
use crate::json;

texts! {
    /// Any of the three; each fills its own part.
    Record {
        id: "uuid",
        timestamp: "timestamp",
        account: "account_uuid",
        vault: "vault_uuid",
        item: "item_uuid",
        version: "used_version",
        action: "action",
        session: "session_uuid",
        category: "category",
        kind: "type",
        country: "country",
        actor: "actor_uuid",
        object_type: "object_type",
        object: "object_uuid",
        aux: "aux_uuid",
        aux_info: "aux_info",
    } and {
        #[serde(borrow, default, deserialize_with = "json::object")]
        user: Option<User<'a>>,
        #[serde(borrow, default, deserialize_with = "json::object")]
        target_user: Option<User<'a>>,
        #[serde(borrow, default, deserialize_with = "json::object")]
        actor_details: Option<User<'a>>,
        #[serde(borrow, default, deserialize_with = "json::object")]
        client: Option<Client<'a>>,
        #[serde(borrow, default, deserialize_with = "json::object")]
        location: Option<Place<'a>>,
        #[serde(rename = "session", borrow, default, deserialize_with = "json::object")]
        signed_in: Option<Session<'a>>,
        #[serde(borrow, default, deserialize_with = "json::object")]
        details: Option<Details<'a>>,
    }
}

texts! {
    User { id: "uuid", name: "name", email: "email", }
}

texts! {
    Client {
        app: "app_name",
        app_version: "app_version",
        platform: "platform_name",
        os: "os_name",
        os_version: "os_version",
        ip: "ip_address",
    }
}

texts! {
    Place { country: "country", }
}

texts! {
    Session { id: "uuid", device: "device_uuid", ip: "ip", }
}

texts! {
    /// What was blocked: an address, a country.
    Details { value: "value", }
}
