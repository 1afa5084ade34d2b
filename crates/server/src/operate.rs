//! Whether it lives, whether it can take records, and what it counted.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::IntoResponse;
use serde_json::json;

use crate::access::Scope;
use crate::alarm;
use crate::app::App;
use crate::problem::Problem;

/// The process answers.
pub(crate) async fn healthz() -> &'static str {
    "ok\n"
}

/// Records can be taken and made durable.
pub(crate) async fn readyz(State(app): State<Arc<App>>) -> Result<Json<serde_json::Value>, Problem> {
    if app.is_stopping() {
        return Err(Problem::busy("the collector is stopping"));
    }
    app.door.ready()?;
    let view = app.view()?;
    Ok(Json(json!({ "status": "ready", "log": app.log, "tree_size": view.size().0 })))
}

/// Counters, in the text format of Prometheus.
pub(crate) async fn metrics(State(app): State<Arc<App>>, headers: HeaderMap) -> Result<impl IntoResponse, Problem> {
    app.admitted(&headers, Scope::Read)?;
    let mut text = app.metrics.text();
    text.push_str(&app.questions.metrics());
    let view = app.view()?;
    let mut gauge = |name: &str, help: &str, value: u64| {
        text.push_str(&format!(
            "# HELP deedbook_{name} {help}\n# TYPE deedbook_{name} gauge\ndeedbook_{name} {value}\n"
        ));
    };
    gauge("tree_size", "Leaves of the log.", view.size().0);
    let age = alarm::checkpoint_age(&app).unwrap_or(0);
    gauge("checkpoint_age_seconds", "Age of the published checkpoint while there is something newer.", age);
    gauge("verified_size", "Leaves that the last verification covered.", app.metrics.verified_size.load(Relaxed));
    let failed = u64::from(app.metrics.verification_failed.load(Relaxed));
    gauge("verification_failed", "1 when the last verification found something.", failed);
    gauge("writable", "1 when records can be sealed.", u64::from(app.door.ready().is_ok()));
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text))
}
