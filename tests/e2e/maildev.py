"""Maildev from npm: takes mails and gives them back as a mail program reads them."""

import json
import os
import shutil
import subprocess
import urllib.request
from pathlib import Path

from lib import free_port, start, wait_for


SMTP = """
[smtp]
host = "127.0.0.1"
port = {port}
tls = "none"
from = "民声值班台 <minsheng@example.invalid>"
"""


class Maildev:
    """The program from npm, on ports of its own."""

    def __init__(self):
        self.smtp, self.web = free_port(), free_port()
        modules = Path(os.environ["NODE_PATH"])
        self.process = start([shutil.which("node"), modules / "maildev/bin/maildev", "--ip", "127.0.0.1", "--smtp", self.smtp,
                              "--web", self.web, "--silent"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                             stderr=subprocess.DEVNULL)
        wait_for("maildev", lambda: self.mails() is not None)

    def mails(self):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.web}/email", timeout=5) as answer:
            return json.load(answer)

    def relay(self):
        """The table of receivers.toml that has it take our mail."""
        return SMTP.format(port=self.smtp)
