"""Stands in for the daemon behind a proxy: tells the headers it got, and sends one event without ever ending."""

import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class StandIn(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.send_response(200)
        if self.path == "/api/v1/stream":
            self.send_header("Content-Type", "text/event-stream")
            self.end_headers()
            self.wfile.write(b"data: live\n\n")
            self.wfile.flush()
            threading.Event().wait()
        body = str(self.headers).encode()
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), StandIn)
server.daemon_threads = True
server.serve_forever()
