"""Requests below what HTTP libraries send: cut off, wrongly framed, out of order, and HTTP/2 frames of no sense.

It tells how the connection ended; whether the server lives on is seen by the next proper request.
"""
import socket, struct, time

from cluster import TOKEN, insecure

ANSWER_SECONDS_MAX = 20
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


def http1(random, path, body):
    """The bytes of a request that is not quite one."""
    head = (f"POST {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {TOKEN}\r\nContent-Type: application/json\r\n").encode()
    size = f"Content-Length: {len(body)}\r\n\r\n".encode()
    chunked = b"Transfer-Encoding: chunked\r\n\r\n"
    whole = head + size + body
    return random.choice([
        lambda: whole[:random.randrange(len(whole))],
        lambda: head + f"Content-Length: {len(body) + random.choice([1, 1000, 10**9])}\r\n\r\n".encode() + body,
        lambda: head + f"Content-Length: {random.choice(['-1', 'x', '1, 2', '9' * 40, ''])}\r\n\r\n".encode() + body,
        lambda: head + b"Content-Length: 3\r\n" + size + body,
        lambda: head + b"Content-Length: 3\r\n" + chunked + b"3\r\n{}\n\r\n0\r\n\r\n",
        lambda: head + chunked + random.choice([b"zz\r\n", b"ffffffffffffffff\r\n", b"5\r\nabc", b"1;" + b"x" * 70_000, b"0\r\nA: b\r\n" * 3]),
        lambda: head + chunked + b"%x\r\n%s\r\n0\r\nTrailer: x\r\n\r\n" % (len(body), body),
        lambda: whole.replace(b"HTTP/1.1", random.choice([b"HTTP/9.9", b"HTTP/1.0", b"", b"HTTP/1.1\x00"]), 1),
        lambda: head + b"X: " + b"y" * random.choice([10_000, 80_000]) + b"\r\n" + size + body,
        lambda: head + b"".join(b"X-%d: y\r\n" % at for at in range(random.choice([90, 500]))) + size + body,
        lambda: head + random.choice([b"No colon\r\n", b"\x00: a\r\n", b"A:\x7f\r\n", b" folded\r\n", b": a\r\n", b"H\xff: a\r\n"]) + size + body,
        lambda: b"\r\n" * random.choice([1, 3, 2000]) + whole,
        lambda: whole * random.choice([2, 20]),
        lambda: bytes(random.randrange(256) for _ in range(random.choice([1, 100, 5_000]))),
    ])()


def http2(random):
    """A preface and frames of any type, length and stream."""
    frames = [PREFACE, frame(4, 0, 0, b"")]
    for _ in range(random.choice([1, 5, 60])):
        payload = bytes(random.randrange(256) for _ in range(random.choice([0, 4, 5, 8, 40])))
        stream = random.choice([0, 1, 3, 2**31 - 1])
        frames.append(frame(random.randrange(12), random.choice([0, 1, 4, 5, 8, 32, 255]), stream, payload, random.choice([0, 0, 0, 1, 20_000])))
    return b"".join(frames)


def frame(kind, flags, stream, payload, longer=0):
    return struct.pack(">I", len(payload) + longer)[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def send(port, data, http2=False):
    """Sends the bytes and says that no more come; returns all that was answered. A server that never ends the connection is an
    error of time."""
    context = insecure("h2") if http2 else insecure()
    end = time.monotonic() + ANSWER_SECONDS_MAX
    with socket.create_connection(("127.0.0.1", port), timeout=ANSWER_SECONDS_MAX) as bare:
        secured = context.wrap_socket(bare)
        answer = b""
        try:
            secured.sendall(data)
            secured.shutdown(socket.SHUT_WR)
            while part := secured.recv(65_536):
                answer += part
                if time.monotonic() > end:
                    raise TimeoutError
        except TimeoutError:
            raise
        except OSError:
            # Refused in the middle: as good an end as any.
            pass
        return answer
