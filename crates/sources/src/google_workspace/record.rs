//! The shape of an activity of the Reports API, with its events beside each other or its only one flattened.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

pub(super) use crate::field::{Text, said};
use crate::json;
use crate::params::{Params, items, scalar};

/// One activity.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Activity<'a> {
    #[serde(borrow, deserialize_with = "json::object")]
    pub(super) id: Option<Id<'a>>,
    #[serde(borrow, deserialize_with = "json::object")]
    pub(super) actor: Option<Actor<'a>>,
    #[serde(borrow, deserialize_with = "json::text")]
    pub(super) owner_domain: Text<'a>,
    #[serde(borrow, deserialize_with = "json::text")]
    pub(super) ip_address: Text<'a>,
    #[serde(borrow, deserialize_with = "json::object")]
    pub(super) network_info: Option<Network<'a>>,
    #[serde(borrow, deserialize_with = "json::objects")]
    pub(super) events: Vec<Happening<'a>>,
}

/// When, in which application, of which customer.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Id<'a> {
    #[serde(borrow, deserialize_with = "json::text")]
    pub(super) time: Text<'a>,
    #[serde(borrow, deserialize_with = "json::text")]
    pub(super) unique_qualifier: Text<'a>,
    #[serde(borrow, deserialize_with = "json::text")]
    pub(super) application_name: Text<'a>,
    #[serde(borrow, deserialize_with = "json::text")]
    pub(super) customer_id: Text<'a>,
}

/// Who did it.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Actor<'a> {
    #[serde(borrow, deserialize_with = "json::text")]
    pub(super) caller_type: Text<'a>,
    #[serde(borrow, deserialize_with = "json::text")]
    pub(super) email: Text<'a>,
    #[serde(borrow, deserialize_with = "json::text")]
    pub(super) profile_id: Text<'a>,
    #[serde(borrow, deserialize_with = "json::text")]
    pub(super) key: Text<'a>,
    #[serde(borrow, deserialize_with = "json::object")]
    pub(super) application_info: Option<Application<'a>>,
}

/// The program that acted for a user, or as one.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Application<'a> {
    #[serde(borrow, deserialize_with = "json::text")]
    pub(super) oauth_client_id: Text<'a>,
    #[serde(borrow, deserialize_with = "json::text")]
    pub(super) application_name: Text<'a>,
    #[serde(deserialize_with = "json::boolean")]
    pub(super) impersonation: Option<bool>,
}

/// The network as the platform says.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Network<'a> {
    #[serde(borrow, deserialize_with = "json::texts")]
    pub(super) ip_asn: Vec<Cow<'a, str>>,
    #[serde(borrow, deserialize_with = "json::text")]
    pub(super) region_code: Text<'a>,
}

/// One event of an activity.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Happening<'a> {
    #[serde(rename = "type", borrow, deserialize_with = "json::text")]
    pub(super) kind: Text<'a>,
    #[serde(borrow, deserialize_with = "json::text")]
    pub(super) name: Text<'a>,
    #[serde(borrow)]
    pub(super) parameters: Option<&'a RawValue>,
}

/// The parameters of an event: a list of names with one value of several kinds, or an object.
#[derive(Default)]
pub(super) struct Parameters<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

/// Under which keys a parameter has its value.
const VALUES: [&str; 7] =
    ["value", "multiValue", "boolValue", "intValue", "multiIntValue", "messageValue", "multiMessageValue"];

impl<'a> Parameters<'a> {
    pub(super) fn of(raw: Option<&'a RawValue>) -> Parameters<'a> {
        let Some(raw) = raw else { return Parameters::default() };
        if raw.get().starts_with('{') {
            return Parameters(Params::of(Some(raw)).into_members());
        }
        let named = items(raw).into_iter().filter_map(|item| {
            let item = Params::of(Some(item));
            Some((item.text("name")?, VALUES.iter().find_map(|key| item.raw(key))?))
        });
        Parameters(named.collect())
    }

    pub(super) fn raw(&self, name: &str) -> Option<&'a RawValue> {
        self.0.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| *value)
    }

    /// A scalar, or the first of a list of them.
    pub(super) fn text(&self, name: &str) -> Text<'a> {
        let raw = self.raw(name)?;
        scalar(raw).or_else(|| items(raw).into_iter().find_map(scalar))
    }

    /// All scalars of a list; a lone one is a list of one.
    pub(super) fn texts(&self, name: &str) -> Vec<Cow<'a, str>> {
        let Some(raw) = self.raw(name) else { return Vec::new() };
        match scalar(raw) {
            Some(text) => vec![text],
            None => items(raw).into_iter().filter_map(scalar).collect(),
        }
    }

    /// A list as one text, as a value before or after a change.
    pub(super) fn joined(&self, name: &str) -> Text<'a> {
        let mut texts = self.texts(name);
        match texts.len() {
            0 => None,
            1 => texts.pop(),
            _ => Some(Cow::Owned(texts.join(", "))),
        }
    }

    /// The first of several names that has a value.
    pub(super) fn first(&self, names: &[&str]) -> Text<'a> {
        names.iter().find_map(|name| self.text(name))
    }

    pub(super) fn says(&self, name: &str) -> bool {
        self.text(name).is_some_and(|text| text.eq_ignore_ascii_case("true"))
    }
}
