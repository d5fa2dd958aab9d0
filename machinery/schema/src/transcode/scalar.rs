//! Single values from the wire to JSON: text, numbers and the special kinds.

use crate::json::{self, write};
use crate::proto::wire::{BYTES, FIXED64, Reader, VARINT};
use crate::proto::{first_bytes, int_or_string_parts, moment, wrong_wire};
use crate::{Error, Field, FieldType, quantity};

/// Reads one value and prints it.
pub(super) fn transcode(
    field: &Field,
    ty: &FieldType,
    wire: u8,
    reader: &mut Reader<'_>,
    out: &mut Vec<u8>,
) -> Result<(), Error> {
    match (ty, wire) {
        (FieldType::Int32, VARINT) => write::int(i64::from(reader.varint()? as i32), out),
        (FieldType::Int64, VARINT) => write::int(reader.varint()? as i64, out),
        (FieldType::Bool, VARINT) => write::bool(reader.varint()? != 0, out),
        (FieldType::Double, FIXED64) => {
            write::value(&json::float_value(f64::from_bits(reader.fixed64()?)), out)
        }
        (_, BYTES) => special(ty, reader.bytes()?, out)?,
        _ => return Err(wrong_wire(field, wire)),
    }
    Ok(())
}

/// Whether the value that comes next is an empty text, 0 or false: what is left out is mostly that, and need not be printed first.
#[inline]
pub(super) fn is_plain_zero(ty: &FieldType, wire: u8, reader: &Reader<'_>) -> bool {
    let is_plain = match ty {
        FieldType::String => wire == BYTES,
        FieldType::Int32 | FieldType::Int64 | FieldType::Bool => wire == VARINT,
        _ => false,
    };
    is_plain && reader.starts_with_zero()
}

/// Whether a printed value is what `omitempty` and `omitzero` leave out. Byte by byte: a comparison of slices is a call each.
#[inline]
pub(super) fn is_zero(printed: &[u8]) -> bool {
    matches!(
        printed,
        [b'"', b'"'] | [b'0'] | [b'f', b'a', b'l', b's', b'e'] | [b'n', b'u', b'l', b'l']
    )
}

fn special(ty: &FieldType, body: &[u8], out: &mut Vec<u8>) -> Result<(), Error> {
    match ty {
        FieldType::Bytes => {
            out.push(b'"');
            out.extend_from_slice(json::bytes_text(body).as_bytes());
            out.push(b'"');
        }
        FieldType::Time | FieldType::MicroTime => {
            let time = moment(body)?;
            if time.is_zero() {
                out.extend_from_slice(b"null");
            } else {
                out.push(b'"');
                time.write_to(out, *ty == FieldType::MicroTime);
                out.push(b'"');
            }
        }
        FieldType::Quantity => match first_bytes(body)? {
            [] => out.extend_from_slice(b"\"0\""),
            raw => {
                if let Ok(text) = std::str::from_utf8(raw)
                    && quantity::is_plainly_canonical(text)
                {
                    write::string(text, out);
                    return Ok(());
                }
                let text = String::from_utf8_lossy(raw);
                let canonical =
                    quantity::canonical(&text).map_err(|error| Error::value(error.to_string()))?;
                write::string(&canonical, out);
            }
        },
        FieldType::IntOrString => match int_or_string_parts(body)? {
            Ok(number) => write::int(number, out),
            Err(text) => write::string_of_bytes(text, out),
        },
        FieldType::RawExtension | FieldType::Json => match first_bytes(body)? {
            [] => out.extend_from_slice(b"null"),
            raw => json::write_compact(raw, out)?,
        },
        FieldType::FieldsV1 => match first_bytes(body)? {
            [] => out.extend_from_slice(b"null"),
            raw => write::raw(raw, out),
        },
        _ => return Err(Error::syntax("proto: a field has no protobuf form")),
    }
    Ok(())
}
