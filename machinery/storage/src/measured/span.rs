//! Spans of requests to a store, below the span of the request that they are made for.

use opentelemetry::trace::{Span, SpanKind, Status, Tracer, get_active_span};
use opentelemetry::{Context, KeyValue, global};

use crate::resource_keys::GroupResource;
use crate::store::Error;

/// Begins a span, if the present request is traced. Otherwise this costs a look at the thread.
pub(super) fn begin(operation: &'static str, resource: Option<&GroupResource>) -> Option<global::BoxedSpan> {
    if !get_active_span(|span| span.is_recording()) {
        return None;
    }
    let mut attributes = vec![
        KeyValue::new("rpc.system", "grpc"),
        KeyValue::new("etcd.operation", operation),
    ];
    if let Some(resource) = resource {
        attributes.push(KeyValue::new("k8s.api.group", resource.group.to_string()));
        attributes.push(KeyValue::new("k8s.resource", resource.resource.to_string()));
    }
    let tracer = global::tracer("shardplane");
    let builder = tracer
        .span_builder(method(operation))
        .with_kind(SpanKind::Client)
        .with_attributes(attributes);
    Some(builder.start_with_context(&tracer, &Context::current()))
}

/// Ends it.
pub(super) fn end(mut span: global::BoxedSpan, error: Option<&Error>) {
    if let Some(error) = error {
        span.set_status(Status::error(error.to_string()));
    }
    span.end();
}

/// Of etcd's API.
fn method(operation: &str) -> &'static str {
    match operation {
        "get" | "list" | "count" | "revision" => "etcdserverpb.KV/Range",
        "compact" => "etcdserverpb.KV/Compact",
        "watch" => "etcdserverpb.Watch/Watch",
        "lease" => "etcdserverpb.Lease",
        _ => "etcdserverpb.KV/Txn",
    }
}
