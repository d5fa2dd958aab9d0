"""A link between a server and its etcd that can be cut: bytes go through unchanged while it stands, and nothing at all while it does not."""
import contextlib, socket, threading

READ_BYTES = 64 * 1024


class Link:
    """Listens on a port of its own and passes on to another."""

    def __init__(self, port):
        self.target, self.stands, self.lock, self.sockets = port, True, threading.Lock(), set()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            try:
                far = socket.create_connection(("127.0.0.1", self.target))
            except OSError:
                near.close()
                continue
            with self.lock:
                if not self.stands:
                    near.close()
                    far.close()
                    continue
                self.sockets |= {near, far}
            for source, sink in [(near, far), (far, near)]:
                threading.Thread(target=self.copy, args=[source, sink], daemon=True).start()

    def copy(self, source, sink):
        with contextlib.suppress(OSError):
            while data := source.recv(READ_BYTES):
                sink.sendall(data)
        self.drop(source, sink)

    def drop(self, *sockets):
        with self.lock:
            self.sockets -= set(sockets)
        for each in sockets:
            # A thread that reads it must hear of its end.
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    @contextlib.contextmanager
    def cut(self):
        """Connections end, and new ones too, until it is mended."""
        with self.lock:
            self.stands = False
            sockets = list(self.sockets)
        self.drop(*sockets)
        try:
            yield
        finally:
            with self.lock:
                self.stands = True

    def close(self):
        self.listener.close()
        with self.cut():
            pass
