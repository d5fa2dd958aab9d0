"""A collector of spans, as small as a test needs it: it takes OTLP over gRPC (HTTP/2 without TLS) and keeps what it is told. It reads of
HTTP/2 and of the messages what it must and no more."""
import socket, struct, threading

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, SETTINGS, PING, WINDOW_UPDATE = 0, 1, 4, 6, 8
END_STREAM, END_HEADERS, ACK = 1, 4, 1
# `:status: 200` (indexed), `content-type: application/grpc`, then the trailer `grpc-status: 0`: literals that are not indexed.
RESPONSE = b"\x88" + b"".join(b"\x00" + bytes([len(part)]) + part + bytes([len(value)]) + value for part, value in [(b"content-type", b"application/grpc")])
TRAILERS = b"\x00\x0bgrpc-status\x010"


class Span:
    """What the tests look at of a span."""

    def __init__(self, service, fields):
        text = lambda number: fields.get(number, [b""])[0]
        self.service, self.name = service, text(5).decode()
        self.trace, self.span, self.parent = (text(number).hex() for number in (1, 2, 4))
        self.kind = fields.get(6, [0])[0]
        self.attributes = dict(key_value(one) for one in fields.get(9, []))

    def __repr__(self):
        return f"{self.service} {self.name} {self.trace[:8]}/{self.span[:8]} < {self.parent[:8]} {self.attributes}"


class Collector:
    def __init__(self):
        self.spans, self.socket = [], socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self.socket.getsockname()[1]}"
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def close(self):
        self.socket.close()

    def serve(self, connection):
        bodies = {}
        with connection, connection.makefile("rb") as reading:
            if reading.read(len(PREFACE)) != PREFACE:
                return
            connection.sendall(frame(SETTINGS, 0, 0))
            while head := reading.read(9):
                length, kind, flags, stream = int.from_bytes(head[:3], "big"), head[3], head[4], int.from_bytes(head[5:], "big")
                body = reading.read(length)
                if kind == SETTINGS and not flags & ACK:
                    connection.sendall(frame(SETTINGS, ACK, 0))
                elif kind == PING and not flags & ACK:
                    connection.sendall(frame(PING, ACK, 0, body))
                elif kind == DATA:
                    bodies[stream] = bodies.get(stream, b"") + body
                    if length:
                        grown = struct.pack(">I", length)
                        connection.sendall(frame(WINDOW_UPDATE, 0, 0, grown) + frame(WINDOW_UPDATE, 0, stream, grown))
                    if flags & END_STREAM:
                        # A flag of compression and the length come first.
                        self.take(bodies.pop(stream)[5:])
                        connection.sendall(frame(HEADERS, END_HEADERS, stream, RESPONSE) + frame(DATA, 0, stream, b"\0\0\0\0\0")
                                           + frame(HEADERS, END_HEADERS | END_STREAM, stream, TRAILERS))

    def take(self, request):
        for of_resource in fields(request).get(1, []):
            of_resource = fields(of_resource)
            attributes = dict(key_value(one) for one in fields(of_resource[1][0]).get(1, []))
            for scope in of_resource.get(2, []):
                for span in fields(scope).get(2, []):
                    self.spans.append(Span(attributes.get("service.name"), fields(span)))


def frame(kind, flags, stream, body=b""):
    return len(body).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + body


def fields(message):
    """The fields of a protobuf message by number: numbers, or bytes."""
    found, at = {}, 0
    while at < len(message):
        tag, at = varint(message, at)
        if tag & 7 == 0:
            value, at = varint(message, at)
        elif tag & 7 == 2:
            length, at = varint(message, at)
            value, at = message[at:at + length], at + length
        else:
            size = {1: 8, 5: 4}[tag & 7]
            value, at = int.from_bytes(message[at:at + size], "little"), at + size
        found.setdefault(tag >> 3, []).append(value)
    return found


def varint(message, at):
    value = shift = 0
    while True:
        byte, at = message[at], at + 1
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return value, at


def key_value(message):
    pair = fields(message)
    value = fields(pair[2][0]) if 2 in pair else {}
    key = pair[1][0].decode()
    return key, value[1][0].decode() if 1 in value else next((one[0] for one in value.values()), None)
