"""A server of a test's own on a free port of loopback: a site to be crawled, a receiver of webhooks."""

import base64
import contextlib
import hashlib
import hmac
import http.server
import os
import threading


class Server(http.server.ThreadingHTTPServer):
    """`answer(request)` gives (status, headers, body), or None if it wrote to `request.wfile` itself. The body that
    was sent is `request.sent`. Runs until the script ends."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, answer):
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def respond(self):
                self.sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                told = answer(self)
                if told is None:
                    self.close_connection = True
                    return
                status, headers, body = told
                body = body.encode() if isinstance(body, str) else body
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_HEAD = do_POST = respond

            def handle(self):
                with contextlib.suppress(OSError):
                    super().handle()

            def log_message(self, *_):
                pass

        super().__init__(("127.0.0.1", 0), Handler)
        self.host = f"127.0.0.1:{self.server_port}"
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def handle_error(self, _request, _client):
        # A client that is killed or hangs up is what these tests are about.
        pass


def webhook_secret():
    """A signing key of Standard Webhooks: its bytes, and as it is written down."""
    key = os.urandom(32)
    return key, "whsec_" + base64.b64encode(key).decode()


def is_signed(key, headers, body):
    """Whether the headers hold a Standard Webhooks signature of this body by `key`."""
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    wanted = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return any(hmac.compare_digest(wanted, given) for given in headers["webhook-signature"].split())
