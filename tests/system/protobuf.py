"""What tests need to read of Kubernetes' protobuf: the wire's fields, the envelope, and the frames of a watch.

It knows no type's field numbers beyond those; what an object's bytes mean is compared by asking the server for JSON.
"""
import struct

MAGIC = b"k8s\0"
MEDIA = "application/vnd.kubernetes.protobuf"


def fields(data):
    """The fields of a message: number, wire type, and value (bytes of a length-delimited one)."""
    at = 0
    while at < len(data):
        key, at = varint(data, at)
        number, wire = key >> 3, key & 7
        if wire == 0:
            value, at = varint(data, at)
        elif wire == 1:
            value, at = data[at:at + 8], at + 8
        elif wire == 2:
            size, at = varint(data, at)
            value, at = data[at:at + size], at + size
        elif wire == 5:
            value, at = data[at:at + 4], at + 4
        else:
            raise ValueError(f"wire type {wire}")
        if at > len(data):
            raise ValueError("a field goes past its end")
        yield number, wire, value


def varint(data, at):
    value = shift = 0
    while True:
        if at >= len(data) or shift > 63:
            raise ValueError("a number has no end")
        byte = data[at]
        value, shift, at = value | (byte & 0x7F) << shift, shift + 7, at + 1
        if byte < 0x80:
            return value, at


def write_varint(value):
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def write_fields(parts):
    """The bytes of a message from what `fields` gives."""
    out = bytearray()
    for number, wire, value in parts:
        out += write_varint(number << 3 | wire)
        if wire == 0:
            out += write_varint(value)
        else:
            out += (write_varint(len(value)) if wire == 2 else b"") + value
    return bytes(out)


def envelope(data):
    """API version, kind and message of an enveloped object."""
    if not data.startswith(MAGIC):
        raise ValueError(f"no envelope: {data[:16]!r}")
    outer = {number: value for number, _, value in fields(data[4:])}
    named = {number: value.decode() for number, _, value in fields(outer[1])}
    return named.get(1, ""), named.get(2, ""), outer.get(2, b"")


def watch_frame(stream):
    """The next event of a watch: its type, and the enveloped object."""
    size, = struct.unpack(">I", stream.read(4))
    event = {number: value for number, _, value in fields(stream.read(size))}
    return event[1].decode(), {number: value for number, _, value in fields(event[2])}[1]
