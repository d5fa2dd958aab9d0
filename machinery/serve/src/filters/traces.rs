//! Traces of requests by OpenTelemetry: a span for each request, with the client's as its parent where it names one (W3C
//! `traceparent`), and told to whoever the request is passed on to. Where spans go is the process's to say; where none go this filter is
//! not there.

use http::{HeaderMap, HeaderName, HeaderValue};
use opentelemetry::trace::{
    FutureExt, SpanContext, SpanId, SpanKind, Status, TraceContextExt, TraceFlags, TraceId, TraceState,
    Tracer,
};
use opentelemetry::{Context, KeyValue, global};

use crate::filter::{Answer, Filter, Next};
use crate::http::Request;
use crate::request_info::RequestInfo;

/// What a span of a request is called, as in the reference.
const NAME: &str = "KubernetesAPI";
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// Makes a span of each request that is sampled.
#[derive(Clone, Copy, Debug)]
pub struct Traces;

impl Filter for Traces {
    fn call<'a>(&'a self, mut request: Request, next: Next<'a>) -> Answer<'a> {
        let tracer = global::tracer("shardplane");
        let parent = parent(request.headers());
        let builder = tracer
            .span_builder(NAME)
            .with_kind(SpanKind::Server)
            .with_attributes(attributes(&request));
        let parent = parent.map_or_else(Context::new, |parent| {
            Context::new().with_remote_span_context(parent)
        });
        let context = parent.with_span(builder.start_with_context(&tracer, &parent));
        // Whether it is sampled or not: who comes next is to decide the same.
        pass_on(request.headers_mut(), context.span().span_context());
        let answering = next.run(request);
        Box::pin(async move {
            let response = answering.with_context(context.clone()).await;
            let (span, code) = (context.span(), response.status());
            span.set_attribute(KeyValue::new(
                "http.response.status_code",
                i64::from(code.as_u16()),
            ));
            if code.is_server_error() {
                span.set_status(Status::error(""));
            }
            span.end();
            response
        })
    }
}

/// What the request asks for, in the words of OpenTelemetry's conventions; no query and no header, which may hold secrets.
fn attributes(request: &Request) -> Vec<KeyValue> {
    let mut attributes = vec![
        KeyValue::new("http.request.method", request.method().to_string()),
        KeyValue::new("url.path", request.uri().path().to_owned()),
    ];
    if let Ok(info) = RequestInfo::of(request)
        && info.is_resource
    {
        attributes.extend([
            KeyValue::new("k8s.verb", info.verb),
            KeyValue::new("k8s.api.group", info.group.to_string()),
            KeyValue::new("k8s.api.version", info.version.to_string()),
            KeyValue::new("k8s.resource", info.resource.to_string()),
        ]);
    }
    attributes
}

/// The client's span, if it names one: `00-<trace>-<span>-<flags>`, in hexadecimal digits.
fn parent(headers: &HeaderMap) -> Option<SpanContext> {
    let text = headers.get(TRACEPARENT)?.to_str().ok()?;
    let parts: Vec<&str> = text.split('-').collect();
    let [version, trace, span, flags] = parts[..] else {
        return None;
    };
    let is_well_formed = [(version, 2), (trace, 32), (span, 16), (flags, 2)]
        .iter()
        .all(|(part, length)| part.len() == *length && part.bytes().all(is_lower_hex));
    if !is_well_formed || version == "ff" {
        return None;
    }
    let flags = u8::from_str_radix(flags, 16).ok()?;
    let context = SpanContext::new(
        TraceId::from_hex(trace).ok()?,
        SpanId::from_hex(span).ok()?,
        TraceFlags::new(flags) & TraceFlags::SAMPLED,
        true,
        TraceState::default(),
    );
    context.is_valid().then_some(context)
}

fn is_lower_hex(byte: u8) -> bool {
    byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte)
}

fn pass_on(headers: &mut HeaderMap, span: &SpanContext) {
    let text = format!(
        "00-{}-{}-{:02x}",
        span.trace_id(),
        span.span_id(),
        span.trace_flags().to_u8()
    );
    if let Ok(value) = HeaderValue::from_str(&text)
        && span.is_valid()
    {
        headers.insert(TRACEPARENT, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &'static str) -> Option<String> {
        let mut headers = HeaderMap::new();
        headers.insert(TRACEPARENT, HeaderValue::from_static(text));
        let parent = parent(&headers)?;
        pass_on(&mut headers, &parent);
        headers[TRACEPARENT].to_str().ok().map(str::to_owned)
    }

    #[test]
    fn parents_are_read_and_told_as_the_standard_has_them() {
        let sampled = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        assert_eq!(parsed(sampled).as_deref(), Some(sampled));
        let not = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";
        assert_eq!(parsed(not).as_deref(), Some(not));
        for text in [
            "",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
        ] {
            assert_eq!(parsed(text), None, "{text}");
        }
    }
}
