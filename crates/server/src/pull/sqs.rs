//! A queue that says which objects are new: SQS over its JSON protocol (*Amazon SQS API Reference*, `ReceiveMessage`,
//! `DeleteMessage`).
//!
//! A message holds an event of S3 (*Event message structure*), as it is, within a notification of SNS, as an event of
//! EventBridge, or CloudTrail's own word of a new log file.

use axum::http::Method;
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};

use super::aws::{Aws, Failed, body, headers};

/// Messages of one answer, and how long the queue waits for the first, seconds: both the most it allows.
const MESSAGES: u32 = 10;
const WAIT_SECONDS: u32 = 20;

/// A message has 256 KiB or, by option, 1 MiB.
const ANSWER_BYTES_MAX: usize = 16 << 20;

/// A message of a queue.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Message {
    /// By which it is deleted.
    pub(crate) receipt_handle: String,
    #[serde(default)]
    body: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Received {
    #[serde(default)]
    messages: Vec<Message>,
}

/// What a message says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    /// These objects are new: bucket and key.
    New(Vec<(String, String)>),
    /// Nothing that matters here: the test that S3 sends when it is set up, a deletion.
    Nothing,
    /// It is not understood.
    Unknown,
}

/// Waits for messages.
pub(crate) async fn receive(aws: &Aws, queue: &str) -> Result<Vec<Message>, Failed> {
    let asked = json!({ "QueueUrl": queue, "MaxNumberOfMessages": MESSAGES, "WaitTimeSeconds": WAIT_SECONDS });
    let answer = call(aws, queue, "AmazonSQS.ReceiveMessage", &asked).await?;
    let received = serde_json::from_slice::<Received>(&answer);
    Ok(received.map_err(|error| Failed::Because(format!("the queue's answer: {error}")))?.messages)
}

/// The message is done with.
pub(crate) async fn delete(aws: &Aws, queue: &str, message: &Message) -> Result<(), Failed> {
    let asked = json!({ "QueueUrl": queue, "ReceiptHandle": message.receipt_handle });
    call(aws, queue, "AmazonSQS.DeleteMessage", &asked).await.map(drop)
}

async fn call(aws: &Aws, queue: &str, action: &str, asked: &Value) -> Result<Bytes, Failed> {
    let headers = headers(&[("content-type", "application/x-amz-json-1.0"), ("x-amz-target", action)]);
    let response = aws.ask("sqs", Method::POST, queue, headers, asked.to_string().into()).await;
    let gone = |failed| match failed {
        Failed::Gone => Failed::Because("there is no such queue".to_owned()),
        other => other,
    };
    body(response.map_err(gone)?, ANSWER_BYTES_MAX).await
}

impl Message {
    /// What it says.
    pub(crate) fn told(&self) -> Told {
        told_by(&self.body)
    }
}

/// What a body says.
pub(crate) fn told_by(body: &str) -> Told {
    serde_json::from_str(body).map_or(Told::Unknown, |body| told(&body))
}

fn told(body: &Value) -> Told {
    let text = |value: &Value, at: &str| value.pointer(at).and_then(Value::as_str).map(str::to_owned);
    if body.get("Type").and_then(Value::as_str) == Some("Notification") {
        let inner = body.get("Message").and_then(Value::as_str).and_then(|inner| serde_json::from_str(inner).ok());
        // One envelope, and no envelope in it.
        return inner.filter(|inner: &Value| inner.get("Type").is_none()).map_or(Told::Unknown, |inner| told(&inner));
    }
    if body.get("Event").and_then(Value::as_str) == Some("s3:TestEvent") {
        return Told::Nothing;
    }
    if let Some(records) = body.get("Records").and_then(Value::as_array) {
        let created = records.iter().filter(|record| {
            let name = record.get("eventName").and_then(Value::as_str).unwrap_or_default();
            name.starts_with("ObjectCreated:") || name.starts_with("s3:ObjectCreated:")
        });
        // The key is encoded as in a form.
        let object =
            |record: &Value| Some((text(record, "/s3/bucket/name")?, decoded(&text(record, "/s3/object/key")?)));
        let objects: Option<Vec<_>> = created.map(object).collect();
        return objects
            .map_or(Told::Unknown, |objects| if objects.is_empty() { Told::Nothing } else { Told::New(objects) });
    }
    if body.get("source").and_then(Value::as_str) == Some("aws.s3") {
        if body.get("detail-type").and_then(Value::as_str) != Some("Object Created") {
            return Told::Nothing;
        }
        let object = text(body, "/detail/bucket/name").zip(text(body, "/detail/object/key"));
        return object.map_or(Told::Unknown, |object| Told::New(vec![object]));
    }
    if let (Some(bucket), Some(keys)) = (text(body, "/s3Bucket"), body.get("s3ObjectKey").and_then(Value::as_array)) {
        return Told::New(keys.iter().filter_map(|key| Some((bucket.clone(), key.as_str()?.to_owned()))).collect());
    }
    Told::Unknown
}

/// As in a form: `+` is a space.
pub(crate) fn decoded(text: &str) -> String {
    let spaced = text.replace('+', " ");
    percent_encoding::percent_decode_str(&spaced).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(body: &Value) -> Told {
        Message { receipt_handle: String::new(), body: body.to_string() }.told()
    }

    #[test]
    fn every_way_to_say_that_an_object_is_new_is_understood() {
        let new = |key: &str| Told::New(vec![("b".to_owned(), key.to_owned())]);
        let event = json!({ "Records": [{ "eventName": "ObjectCreated:Put", "s3": { "bucket": { "name": "b" }, "object": { "key": "a+b/%C3%A9%2B.gz" } } }] });
        assert_eq!(told(&event), new("a b/\u{e9}+.gz"));
        assert_eq!(told(&json!({ "Type": "Notification", "Message": event.to_string() })), new("a b/\u{e9}+.gz"));
        let bridged = json!({ "source": "aws.s3", "detail-type": "Object Created", "detail": { "bucket": { "name": "b" }, "object": { "key": "a+b" } } });
        assert_eq!(told(&bridged), new("a+b"));
        assert_eq!(told(&json!({ "s3Bucket": "b", "s3ObjectKey": ["k"] })), new("k"));
        assert_eq!(told(&json!({ "Service": "Amazon S3", "Event": "s3:TestEvent" })), Told::Nothing);
        assert_eq!(told(&json!({ "Records": [{ "eventName": "ObjectRemoved:Delete" }] })), Told::Nothing);
        for odd in [
            json!(7),
            json!({}),
            json!({ "Type": "Notification", "Message": "{" }),
            json!({ "Records": [{ "eventName": "ObjectCreated:Put" }] }),
        ] {
            assert_eq!(told(&odd), Told::Unknown, "{odd}");
        }
    }
}
