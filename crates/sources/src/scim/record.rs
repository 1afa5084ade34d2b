//! The shape of a SCIM resource: what users, groups and agents have in common, read leniently.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer};

pub(super) use crate::field::{Text, said};
use crate::json;

/// A resource of any of the types.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Resource<'a> {
    #[serde(borrow, deserialize_with = "json::texts")]
    pub(super) schemas: Vec<Cow<'a, str>>,
    #[serde(borrow, deserialize_with = "json::text")]
    pub(super) id: Text<'a>,
    #[serde(borrow, deserialize_with = "json::text")]
    pub(super) user_name: Text<'a>,
    #[serde(borrow, deserialize_with = "json::text")]
    pub(super) agent_user_name: Text<'a>,
    #[serde(borrow, deserialize_with = "json::text")]
    pub(super) display_name: Text<'a>,
    #[serde(borrow)]
    pub(super) name: Option<Name<'a>>,
    #[serde(borrow, deserialize_with = "json::text")]
    pub(super) description: Text<'a>,
    #[serde(borrow, deserialize_with = "json::text")]
    pub(super) user_type: Text<'a>,
    #[serde(deserialize_with = "json::boolean")]
    pub(super) active: Option<bool>,
    #[serde(borrow, deserialize_with = "json::object")]
    pub(super) meta: Option<Meta<'a>>,
    #[serde(
        borrow,
        rename = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
        deserialize_with = "json::object"
    )]
    pub(super) enterprise: Option<Enterprise<'a>>,
    #[serde(borrow, deserialize_with = "json::objects")]
    pub(super) groups: Vec<Reference<'a>>,
    #[serde(borrow, deserialize_with = "json::objects")]
    pub(super) members: Vec<Reference<'a>>,
    #[serde(borrow, deserialize_with = "json::objects")]
    pub(super) roles: Vec<Reference<'a>>,
    #[serde(borrow, deserialize_with = "json::objects")]
    pub(super) entitlements: Vec<Reference<'a>>,
    #[serde(borrow, deserialize_with = "json::objects")]
    pub(super) owners: Vec<Reference<'a>>,
    #[serde(borrow, deserialize_with = "json::object")]
    pub(super) owner: Option<Reference<'a>>,
    #[serde(borrow, deserialize_with = "json::objects")]
    pub(super) applications: Vec<Reference<'a>>,
    #[serde(borrow, deserialize_with = "json::object")]
    pub(super) parent: Option<Reference<'a>>,
}

/// `name` of an agent, a text; that of a person is an object, of which nothing is read.
#[derive(Clone, Debug)]
pub(super) struct Name<'a>(pub(super) Text<'a>);

impl<'de: 'a, 'a> Deserialize<'de> for Name<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        json::text(deserializer).map(Name)
    }
}

/// `meta`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Meta<'a> {
    #[serde(borrow, deserialize_with = "json::text")]
    pub(super) created: Text<'a>,
    #[serde(borrow, deserialize_with = "json::text")]
    pub(super) location: Text<'a>,
}

/// The enterprise extension of a user.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Enterprise<'a> {
    #[serde(borrow, deserialize_with = "json::text")]
    pub(super) department: Text<'a>,
    #[serde(borrow, deserialize_with = "json::text")]
    pub(super) organization: Text<'a>,
}

/// A value of a list, or a reference to another resource.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Reference<'a> {
    #[serde(borrow, deserialize_with = "json::text")]
    pub(super) value: Text<'a>,
    #[serde(borrow, deserialize_with = "json::text")]
    pub(super) display: Text<'a>,
    #[serde(borrow, rename = "type", deserialize_with = "json::text")]
    pub(super) kind: Text<'a>,
    #[serde(borrow, rename = "$ref", deserialize_with = "json::text")]
    pub(super) address: Text<'a>,
}
