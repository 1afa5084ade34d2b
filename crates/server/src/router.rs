//! All paths, and what answers there.

use std::sync::Arc;

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state, map_response};
use axum::routing::{get, post};

use crate::app::App;
use crate::openapi::openapi;
use crate::problem::{self, Problem};
use crate::receive::{bulk, cloudevents, hec, loki, native, otlp, posted, scim, webhook};
use crate::{audit, caller, operate, questions, read};

/// All routes.
pub(crate) fn router(app: Arc<App>) -> Router {
    Router::new()
        .route("/healthz", get(operate::healthz))
        .route("/readyz", get(operate::readyz))
        .route("/metrics", get(operate::metrics))
        .route("/v1/records", post(native::records))
        .route("/v1/records/{id}/proof", get(read::proof))
        .route("/v1/checkpoint", get(read::checkpoint))
        .route("/v1/consistency", get(read::consistency))
        .route("/v1/webhooks/{source}", post(webhook::deliver).get(webhook::challenge))
        .route("/v1/kubernetes/audit/{source}", post(posted::kubernetes))
        .route("/v1/vault/audit/{source}", post(posted::vault))
        .route("/v1/scim/{source}/{endpoint}", get(scim::endpoint).post(scim::endpoint))
        .route("/v1/scim/{source}/{endpoint}/{id}", get(scim::one).put(scim::one).patch(scim::one).delete(scim::one))
        .route("/v1/logs", post(otlp::logs))
        .route("/v1/traces", post(otlp::traces))
        .route("/opentelemetry.proto.collector.logs.v1.LogsService/Export", post(otlp::grpc::logs))
        .route("/opentelemetry.proto.collector.trace.v1.TraceService/Export", post(otlp::grpc::traces))
        .route("/v1/cloudevents", post(cloudevents::deliver))
        .route("/loki/api/v1/push", post(loki::push))
        .route("/services/collector", post(hec::collect))
        .route("/services/collector/event", post(hec::collect))
        .route("/services/collector/event/1.0", post(hec::collect))
        .route("/services/collector/raw", post(hec::raw))
        .route("/services/collector/raw/1.0", post(hec::raw))
        .route("/services/collector/ack", post(hec::acks))
        .route("/services/collector/health", get(hec::health))
        .route("/services/collector/health/1.0", get(hec::health))
        .route("/", get(bulk::greeting))
        .route("/_bulk", post(bulk::bulk).put(bulk::bulk))
        .route("/{index}/_bulk", post(bulk::bulk_of).put(bulk::bulk_of))
        .route("/_license", get(bulk::license))
        .route("/_xpack", get(bulk::license))
        .route("/_cluster/health", get(bulk::health))
        .route("/_index_template/{name}", get(bulk::there).put(bulk::there))
        .route("/_template/{name}", get(bulk::there).put(bulk::there))
        .route("/_component_template/{name}", get(bulk::there).put(bulk::there))
        .route("/_ilm/policy/{name}", get(bulk::there).put(bulk::there))
        .route("/_alias/{name}", get(bulk::there))
        .route("/_data_stream/{name}", get(bulk::there).put(bulk::there))
        .route("/v1/openapi.json", get(|| async { axum::Json(openapi()) }))
        .merge(questions::router())
        .fallback(bulk::missing)
        .method_not_allowed_fallback(|| async { Problem::method("this path takes another method") })
        .layer(from_fn(caller::attach))
        .layer(map_response(problem::worded))
        .layer(from_fn_with_state(Arc::clone(&app), audit::record))
        .with_state(app)
}
