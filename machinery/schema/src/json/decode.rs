//! Decodes JSON into the canonical tree of a type: one pass, values of every kind. Objects and lists are in [`super::message`].
//!
//! Like Go's decoder it goes on after a value of the wrong type and reports the first one; a value that refuses its text (a
//! quantity, a time) goes before those, a syntax error before all.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::borrow::Cow;

use super::scan::{Begin, Scanner};
use super::strict::{Step, StrictError, StrictKind};
use super::{Decoded, go_type, strict, untyped};
use crate::{Error, Field, FieldType, Map, SmolStr, TypeId, Types, Value, quantity, time};

pub(super) fn decode(types: &Types, ty: &FieldType, text: &str) -> Result<Decoded, Error> {
    let mut decoder = Decoder::new(types, text);
    let value = decoder.value(ty, None)?;
    decoder.scan.finish()?;
    match decoder.refused.or(decoder.mistyped) {
        Some(error) => Err(error),
        None => {
            let empty = || {
                if matches!(ty, FieldType::Message(_)) {
                    Value::Map(Map::new())
                } else {
                    Value::Null
                }
            };
            Ok(Decoded {
                value: value.unwrap_or_else(empty),
                strict: decoder.strict,
            })
        }
    }
}

/// The reference reads these two with a decoder of its own, whose field names are matched in any case.
pub(super) fn type_meta(text: &str) -> Result<(SmolStr, SmolStr), Error> {
    const TARGET: &str = r#"struct { APIVersion string "json:\"apiVersion,omitempty\""; Kind string "json:\"kind,omitempty\"" }"#;
    let mut scan = Scanner::new(text);
    let (mut version, mut kind) = (SmolStr::default(), SmolStr::default());
    let mut wrong = None;
    match scan.begin()? {
        Begin::Object => {
            scan.enter()?;
            let mut first = true;
            while let Some(key) = scan.key(first)? {
                first = false;
                let (slot, name) = match &*key {
                    key if key.eq_ignore_ascii_case("apiVersion") => (&mut version, "apiVersion"),
                    key if key.eq_ignore_ascii_case("kind") => (&mut kind, "kind"),
                    _ => {
                        scan.skip()?;
                        continue;
                    }
                };
                match scan.begin()? {
                    Begin::String => *slot = SmolStr::new(&scan.string()?),
                    Begin::Null => drop(scan.skip()?),
                    begin => {
                        scan.skip()?;
                        let text = format!(
                            "json: cannot unmarshal {} into Go struct field .{name} of type string",
                            word(begin)
                        );
                        wrong.get_or_insert(text);
                    }
                }
            }
        }
        Begin::Null => drop(scan.skip()?),
        begin => {
            scan.skip()?;
            wrong = Some(format!(
                "json: cannot unmarshal {} into Go value of type {TARGET}",
                word(begin)
            ));
        }
    }
    scan.finish()?;
    wrong.map_or(Ok((version, kind)), |text| Err(Error::mismatch(text)))
}

pub(super) struct Decoder<'t, 'a> {
    pub(super) types: &'t Types,
    pub(super) scan: Scanner<'a>,
    pub(super) strict: Vec<StrictError>,
    /// From the root to the value being decoded.
    pub(super) steps: Vec<Step<'t>>,
    /// The type that the innermost field belongs to.
    pub(super) owner: Option<TypeId>,
    /// Above zero inside types with a JSON form of their own, which the reference does not check strictly.
    pub(super) lenient: usize,
    refused: Option<Error>,
    mistyped: Option<Error>,
}

impl<'t, 'a> Decoder<'t, 'a> {
    fn new(types: &'t Types, text: &'a str) -> Self {
        let scan = Scanner::new(text);
        Decoder {
            types,
            scan,
            strict: Vec::new(),
            steps: Vec::new(),
            owner: None,
            lenient: 0,
            refused: None,
            mistyped: None,
        }
    }

    /// The next value as a `ty`; `None` for null and for what is not of the type.
    pub(super) fn value(
        &mut self,
        ty: &'t FieldType,
        field: Option<&'t Field>,
    ) -> Result<Option<Value>, Error> {
        let begin = self.scan.begin()?;
        match (ty, begin) {
            (_, Begin::Null) => self.scan.literal("null").map(|()| None),
            (FieldType::Message(id), _) if self.types.get(*id).custom_json => {
                self.custom(*id, begin, ty, field)
            }
            (FieldType::Message(id), Begin::Object) => self.message(*id).map(Some),
            (FieldType::List(item), Begin::Array) => self.list(item, field).map(Some),
            (FieldType::Map(item), Begin::Object) => self.map(item, field).map(Some),
            (FieldType::String, Begin::String) => self.scan.string().map(|text| Some(untyped::text(text))),
            (FieldType::Bool, Begin::True) => self.scan.literal("true").map(|()| Some(Value::Bool(true))),
            (FieldType::Bool, Begin::False) => self.scan.literal("false").map(|()| Some(Value::Bool(false))),
            (FieldType::Int32 | FieldType::Int64 | FieldType::Double, Begin::Number) => {
                self.number(ty, field)
            }
            (FieldType::Bytes, Begin::String) => self.bytes(),
            (FieldType::Quantity, _) => self.quantity(),
            (FieldType::Time | FieldType::MicroTime | FieldType::Duration, _) => self.time(ty, begin),
            (FieldType::IntOrString, _) => self.int_or_string(begin),
            (FieldType::RawExtension | FieldType::Json, _) => untyped::value(&mut self.scan).map(Some),
            (FieldType::FieldsV1, _) => self
                .scan
                .skip()
                .map(|text| Some(Value::Raw(SmolStr::new(compact(text))))),
            (FieldType::Any | FieldType::Deduced, _) => self.any(begin, field),
            _ => self.wrong(begin, ty, field),
        }
    }

    /// Passes over a value that is not of the type, and takes note.
    pub(super) fn wrong(
        &mut self,
        begin: Begin,
        ty: &FieldType,
        field: Option<&Field>,
    ) -> Result<Option<Value>, Error> {
        self.scan.skip()?;
        self.mismatch(word(begin), ty, field);
        Ok(None)
    }

    fn mismatch(&mut self, what: &str, ty: &FieldType, field: Option<&Field>) {
        if self.mistyped.is_none() {
            self.mistyped = Some(self.cannot(what, &go_type::name(self.types, ty, field)));
        }
    }

    /// `json: cannot unmarshal string into Go struct field PodSpec.spec.containers of type []v1.Container`
    fn cannot(&self, what: &str, target: &str) -> Error {
        let Some(owner) = self.owner else {
            return Error::mismatch(format!(
                "json: cannot unmarshal {what} into Go value of type {target}"
            ));
        };
        let field = |step: &Step<'t>| {
            if let Step::Field(name) = step {
                Some(*name)
            } else {
                None
            }
        };
        let fields: Vec<&str> = self.steps.iter().filter_map(field).collect();
        let (owner, fields) = (self.types.get(owner).short_name(), fields.join("."));
        Error::mismatch(format!(
            "json: cannot unmarshal {what} into Go struct field {owner}.{fields} of type {target}"
        ))
    }

    fn refuse(&mut self, error: Error) {
        self.refused.get_or_insert(error);
    }

    /// Takes note of an unknown or duplicate field below the current steps.
    pub(super) fn report(&mut self, kind: StrictKind, field: &str) {
        if self.lenient == 0 {
            let path = strict::path(&self.steps, field);
            strict::report(&mut self.strict, StrictError { kind, path });
        }
    }

    fn number(&mut self, ty: &FieldType, field: Option<&Field>) -> Result<Option<Value>, Error> {
        let text = self.scan.number()?;
        let value = match ty {
            FieldType::Int32 => text.parse::<i32>().ok().map(|number| Value::Int(number.into())),
            FieldType::Int64 => text.parse().ok().map(Value::Int),
            _ => text
                .parse::<f64>()
                .ok()
                .filter(|number| number.is_finite())
                .map(float_value),
        };
        if value.is_none() {
            self.mismatch(&format!("number {text}"), ty, field);
        }
        Ok(value)
    }

    fn bytes(&mut self) -> Result<Option<Value>, Error> {
        let text = self.scan.string()?;
        // Go's decoder passes over line breaks.
        let text = if text.contains(['\n', '\r']) {
            Cow::Owned(text.replace(['\n', '\r'], ""))
        } else {
            text
        };
        match check_base64(&text) {
            Ok(()) => Ok(Some(untyped::text(text))),
            Err(at) => {
                let error = Error::value(format!("illegal base64 data at input byte {at}"));
                self.mistyped.get_or_insert(error);
                Ok(None)
            }
        }
    }

    fn quantity(&mut self) -> Result<Option<Value>, Error> {
        let text = self.scan.skip()?;
        let inner = text
            .strip_prefix('"')
            .and_then(|text| text.strip_suffix('"'))
            .unwrap_or(text);
        match quantity::canonical(inner.trim()) {
            Ok(canonical) => Ok(Some(Value::String(canonical))),
            Err(error) => {
                self.refuse(Error::value(error.to_string()));
                Ok(None)
            }
        }
    }

    fn time(&mut self, ty: &FieldType, begin: Begin) -> Result<Option<Value>, Error> {
        if begin != Begin::String {
            let error = self.cannot(word(begin), "string");
            self.refuse(error);
            self.scan.skip()?;
            return Ok(None);
        }
        let text = self.scan.string()?;
        match canonical_time(ty, &text) {
            Ok(value) => Ok(Some(value)),
            Err(error) => {
                self.refuse(Error::value(error));
                Ok(None)
            }
        }
    }

    fn int_or_string(&mut self, begin: Begin) -> Result<Option<Value>, Error> {
        let what = match begin {
            Begin::String => return self.scan.string().map(|text| Some(untyped::text(text))),
            Begin::Number => {
                let text = self.scan.number()?;
                match text.parse::<i32>() {
                    Ok(number) => return Ok(Some(Value::Int(number.into()))),
                    Err(_) => format!("number {text}"),
                }
            }
            begin => {
                self.scan.skip()?;
                word(begin).to_string()
            }
        };
        let error = self.cannot(&what, "int32");
        self.refuse(error);
        Ok(None)
    }
}

/// The canonical text of a time or duration; a zero time is null.
fn canonical_time(ty: &FieldType, text: &str) -> Result<Value, String> {
    match ty {
        FieldType::Time => time::Time::parse(text).map(|time| time_value(time, false)),
        FieldType::MicroTime => time::Time::parse_micro(text).map(|time| time_value(time, true)),
        _ => time::duration::parse(text).map(|nanos| Value::String(time::duration::format(nanos))),
    }
}

/// The canonical text of a time; null for Go's zero time.
pub(crate) fn time_value(time: time::Time, micro: bool) -> Value {
    match micro {
        _ if time.is_zero() => Value::Null,
        true => Value::String(time.format_micro()),
        false => Value::String(time.format()),
    }
}

/// A float as the tree keeps it: a whole number where it is one, as it is printed without a fraction.
pub(crate) fn float_value(number: f64) -> Value {
    if number.fract() == 0.0 && number.abs() < 9_007_199_254_740_992.0 {
        Value::Int(number as i64)
    } else {
        Value::Float(number)
    }
}

/// JSON text without the white space between its tokens.
pub(super) fn compact(text: &str) -> Cow<'_, str> {
    if !text.contains([' ', '\t', '\n', '\r']) {
        return Cow::Borrowed(text);
    }
    let (mut quoted, mut escaped) = (false, false);
    let keep = |c: &char| {
        let keep = quoted || !matches!(c, ' ' | '\t' | '\n' | '\r');
        quoted ^= *c == '"' && !escaped;
        escaped = *c == '\\' && !escaped;
        keep
    };
    Cow::Owned(text.chars().filter(keep).collect())
}

/// The place of the first byte that is no base64, as Go counts.
fn check_base64(text: &str) -> Result<(), usize> {
    let bytes = text.as_bytes();
    let letters = bytes
        .iter()
        .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/'))
        .count();
    let padding = &bytes[letters..];
    match (letters % 4, padding) {
        (0, b"") | (2, b"==") | (3, b"=") => {}
        (rest, b"") => return Err(letters - rest),
        (2, [b'=']) => return Err(bytes.len()),
        (2, [b'=', b'=', ..]) => return Err(letters + 2),
        (3, [b'=', ..]) => return Err(letters + 1),
        _ => return Err(letters),
    }
    // Go accepts loose bits at the end, and so do we.
    Ok(())
}

/// Base64 text as bytes; text that is none is empty.
pub(crate) fn bytes_of(text: &str) -> Vec<u8> {
    const LOOSE: base64::engine::GeneralPurpose = base64::engine::GeneralPurpose::new(
        &base64::alphabet::STANDARD,
        base64::engine::GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true),
    );
    LOOSE.decode(text).unwrap_or_default()
}

/// Bytes as base64 text.
pub(crate) fn text_of(bytes: &[u8]) -> SmolStr {
    SmolStr::from(STANDARD.encode(bytes))
}

fn word(begin: Begin) -> &'static str {
    match begin {
        Begin::Object => "object",
        Begin::Array => "array",
        Begin::String => "string",
        Begin::Number => "number",
        Begin::True | Begin::False => "bool",
        Begin::Null => "null",
    }
}
