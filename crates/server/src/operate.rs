//! Whether it lives, whether it can take records, and what it counted.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::IntoResponse;
use serde_json::json;

use crate::access::Scope;
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
    text.push_str("# HELP deedbook_tree_size Leaves of the log.\n# TYPE deedbook_tree_size gauge\n");
    text.push_str(&format!("deedbook_tree_size {}\n", view.size().0));
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text))
}
