//! Signed requests to S3 and SQS.
//!
//! Signing and credentials are `object_store`'s. Its listing is not used: it refuses a whole page when one key on it has an
//! empty part (`logs//a.gz`), which whoever may write to the bucket could use to hide what comes behind.

use std::sync::Arc;
use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue, Method, Request};
use bytes::{Bytes, BytesMut};
use object_store::StaticCredentialProvider;
use object_store::aws::{AmazonS3Builder, AwsAuthorizer, AwsCredential, AwsCredentialProvider};
use object_store::client::HttpRequestBody;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sha2::{Digest as _, Sha256};

/// How long a connection may take to be made, and an answer to go on.
const CONNECT_MAX: Duration = Duration::from_secs(10);
const SILENCE_MAX: Duration = Duration::from_secs(30);

/// Longest error that is read.
const ERROR_BYTES_MAX: usize = 4 << 10;

/// What stays as it is in a signed path or query (Signature Version 4, *UriEncode*).
const STRICT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
const PATH: &AsciiSet = &STRICT.remove(b'/');

/// Why a request came to nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Failed {
    /// There is nothing there any more, or something else.
    Gone,
    /// Anything else, for people.
    Because(String),
}

impl From<reqwest::Error> for Failed {
    fn from(error: reqwest::Error) -> Failed {
        let mut reason = error.to_string();
        let mut source = std::error::Error::source(&error);
        while let Some(cause) = source {
            reason = format!("{reason}: {cause}");
            source = cause.source();
        }
        Failed::Because(reason)
    }
}

/// Somebody who may ask.
pub(crate) struct Aws {
    http: reqwest::Client,
    credentials: AwsCredentialProvider,
    region: String,
}

impl Aws {
    /// With these keys, or with those that the instance's metadata service gives out.
    pub(crate) fn new(region: &str, keys: Option<AwsCredential>) -> Result<Aws, String> {
        let credentials: AwsCredentialProvider = match keys {
            Some(keys) => Arc::new(StaticCredentialProvider::new(keys)),
            None => {
                let any = AmazonS3Builder::new().with_bucket_name("any").with_region(region);
                let store = any.build().map_err(|error| error.to_string())?;
                Arc::clone(store.credentials())
            }
        };
        // What is sealed are the bytes that are stored; a signature holds for one address.
        let http = reqwest::Client::builder()
            .no_proxy()
            .no_gzip()
            .no_zstd()
            .no_brotli()
            .no_deflate()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT_MAX)
            .read_timeout(SILENCE_MAX);
        let http = http.build().map_err(|error| error.to_string())?;
        Ok(Aws { http, credentials, region: region.to_owned() })
    }

    /// Asks; what is not a success is an error with what the service said.
    pub(crate) async fn ask(
        &self,
        service: &str,
        method: Method,
        url: &str,
        headers: HeaderMap,
        body: Bytes,
    ) -> Result<reqwest::Response, Failed> {
        let credential = self.credentials.get_credential().await;
        let credential = credential.map_err(|error| Failed::Because(format!("credentials: {error}")))?;
        let request = Request::builder().method(method.clone()).uri(url).body(HttpRequestBody::from(Bytes::new()));
        let mut request = request.map_err(|error| Failed::Because(format!("{url}: {error}")))?;
        *request.headers_mut() = headers;
        let digest: [u8; 32] = Sha256::digest(&body).into();
        AwsAuthorizer::new(&credential, service, &self.region).authorize(&mut request, Some(&digest));
        let signed = std::mem::take(request.headers_mut());
        let response = self.http.request(method, url).headers(signed).body(body).send().await?;
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        if matches!(status.as_u16(), 404 | 412) {
            let said = said(response).await;
            // A bucket or queue that is not there is a mistake of the settings, an object is just gone.
            let is_wrong = said.contains("NoSuchBucket") || said.contains("NonExistentQueue");
            return Err(if is_wrong { Failed::Because(said) } else { Failed::Gone });
        }
        let said = said(response).await;
        Err(Failed::Because(format!("{status}: {said}")))
    }
}

async fn said(response: reqwest::Response) -> String {
    let body = body(response, ERROR_BYTES_MAX).await.unwrap_or_default();
    let text = String::from_utf8_lossy(&body);
    let within = |tag: &str| Some(text.split_once(&format!("<{tag}>"))?.1.split_once('<')?.0.to_owned());
    match (within("Code"), within("Message")) {
        (Some(code), Some(message)) => format!("{code}: {message}"),
        (Some(code), None) => code,
        _ => text.chars().take(200).collect(),
    }
}

/// All of an answer, if it is not longer than that.
pub(crate) async fn body(mut response: reqwest::Response, limit: usize) -> Result<Bytes, Failed> {
    let mut all = BytesMut::new();
    while let Some(chunk) = response.chunk().await? {
        if all.len() + chunk.len() > limit {
            return Err(Failed::Because(format!("the answer has more than {limit} bytes")));
        }
        all.extend_from_slice(&chunk);
    }
    Ok(all.freeze())
}

/// A value in a query.
pub(crate) fn strict(text: &str) -> String {
    utf8_percent_encode(text, STRICT).to_string()
}

/// A key in a path.
pub(crate) fn path(key: &str) -> String {
    utf8_percent_encode(key, PATH).to_string()
}

/// Headers of which each value is known to be one.
pub(crate) fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
    let values = pairs.iter().filter_map(|(name, value)| Some((*name, HeaderValue::from_str(value).ok()?)));
    values.map(|(name, value)| (axum::http::HeaderName::from_static(name), value)).collect()
}
