//! A request cut into records: bytes in, records out.

use serde_json::value::RawValue;

use super::schema::{LOG_RECORD, Message, OF_RESOURCE, OF_SCOPE, REQUEST, SPAN};
use super::transcode;
use crate::receive::records::{Members, Records, Wrong, elements, text};
use crate::receive::wire::{Fields, Value};

/// What is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signal {
    Logs,
    Traces,
}

/// How it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Protobuf,
    Json,
}

/// What became of a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Taken {
    pub(crate) records: Records,
    /// Log records or spans that cannot be sealed.
    pub(crate) refused: u64,
    /// Why the first of them cannot.
    pub(crate) why: Option<Wrong>,
}

/// The lists of a signal, outermost first, and in protobuf what the last holds.
struct Lists {
    names: [[&'static str; 2]; 3],
    element: &'static Message,
}

impl Signal {
    fn lists(self) -> Lists {
        match self {
            Signal::Logs => Lists {
                names: [["resourceLogs", "resource_logs"], ["scopeLogs", "scope_logs"], ["logRecords", "log_records"]],
                element: &LOG_RECORD,
            },
            Signal::Traces => Lists {
                names: [["resourceSpans", "resource_spans"], ["scopeSpans", "scope_spans"], ["spans", "spans"]],
                element: &SPAN,
            },
        }
    }
}

/// Cuts a request into one record for each log record or span: an export request in JSON that holds just that one.
///
/// # Errors
/// When the request, or what its records share, cannot be read; or all that can be sealed of it is too long.
pub(crate) fn cut(signal: Signal, form: Form, body: &[u8]) -> Result<Taken, Wrong> {
    let mut taken = Taken::default();
    let lists = signal.lists();
    match form {
        Form::Protobuf => protobuf(&lists, body, &mut taken)?,
        Form::Json => json(&lists, body, &mut taken)?,
    }
    match taken.why {
        // Nothing was taken: this is no success, not even in part.
        Some(why) if taken.records.is_empty() => Err(why),
        _ => Ok(taken),
    }
}

impl Taken {
    /// A record of what is around an element and the element, if it can be one.
    fn element(&mut self, around: &[u8], element: Result<&[u8], Wrong>) -> Result<(), Wrong> {
        match element.and_then(|element| self.records.push(&[around, element, b"]}]}]}"])) {
            Err(Wrong::TooLong) => Err(Wrong::TooLong),
            Err(wrong) => {
                self.refused += 1;
                self.why.get_or_insert(wrong);
                Ok(())
            }
            Ok(()) => Ok(()),
        }
    }
}

fn open(name: &str, out: &mut Vec<u8>) {
    text(out, name);
    out.extend_from_slice(b":[");
}

fn protobuf(lists: &Lists, body: &[u8], taken: &mut Taken) -> Result<(), Wrong> {
    let [resources, scopes, elements] = lists.names.map(|[name, _]| name);
    let mut around = vec![b'{'];
    transcode::members(&REQUEST, 1, body, &mut around)?;
    open(resources, &mut around);
    let outer = around.len();
    let mut written = Vec::new();
    for of_resource in each(body, 1) {
        let of_resource = of_resource?;
        around.truncate(outer);
        around.push(b'{');
        transcode::members(&OF_RESOURCE, 2, of_resource, &mut around)?;
        open(scopes, &mut around);
        let inner = around.len();
        for of_scope in each(of_resource, 2) {
            let of_scope = of_scope?;
            around.truncate(inner);
            around.push(b'{');
            transcode::members(&OF_SCOPE, 2, of_scope, &mut around)?;
            open(elements, &mut around);
            for element in each(of_scope, 2) {
                written.clear();
                let element = transcode::object(lists.element, element?, &mut written);
                taken.element(&around, element.map(|()| written.as_slice()))?;
            }
        }
    }
    Ok(())
}

/// The messages in a list of a message.
fn each(message: &[u8], list: u32) -> impl Iterator<Item = Result<&[u8], Wrong>> {
    let fields = Fields::new(message).filter(move |field| field.as_ref().map_or(true, |field| field.number == list));
    fields.map(|field| match field?.value {
        Value::Bytes(bytes) => Ok(bytes),
        _ => Err(Wrong::Shape("a list holds something else than messages".to_owned())),
    })
}

/// JSON is cut, not read: what stands in it stays as it came, unknown names too.
fn json(lists: &Lists, body: &[u8], taken: &mut Taken) -> Result<(), Wrong> {
    let body = std::str::from_utf8(body).map_err(|error| Wrong::Shape(format!("the body is not UTF-8: {error}")))?;
    let body: &RawValue = serde_json::from_str(body)?;
    level(&lists.names, body, &mut Vec::new(), taken)
}

fn level(lists: &[[&str; 2]], object: &RawValue, around: &mut Vec<u8>, taken: &mut Taken) -> Result<(), Wrong> {
    let [names, lower @ ..] = lists else {
        let text = Some(object.get()).filter(|text| text.starts_with('{')).map(str::as_bytes);
        return taken.element(around, text.ok_or_else(|| Wrong::Shape("log records and spans are objects".to_owned())));
    };
    let members = Members::read(object.get())?;
    let outer = around.len();
    around.push(b'{');
    let mut list = None;
    for (name, value) in &members.0 {
        if !names.contains(&name.as_str()) {
            text(around, name);
            around.push(b':');
            around.extend_from_slice(value.get().as_bytes());
            around.push(b',');
        } else if list.replace((name, value)).is_some() {
            return Err(Wrong::Shape(format!("`{name}` is there twice, in two spellings")));
        }
    }
    if let Some((name, list)) = list {
        open(name, around);
        elements(list, &mut |element| level(lower, element, around, taken))?;
    }
    around.truncate(outer);
    Ok(())
}
