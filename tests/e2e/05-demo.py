#!/usr/bin/env python3
"""The demo, as a newcomer runs it: in an empty directory, ended by itself, with a summary that keeps its word."""

import json
import os
import subprocess
import sys

directory = os.environ["E2E_DIR"]
# Three times faster than life: the same stories in a third of the time.
command = [os.environ["MINSHENG_BIN"], "demo", "--listen", "127.0.0.1:0", "--speed", "3", "--exit-after", "50", "--json"]
environment = {key: value for key, value in os.environ.items() if not key.startswith("MINSHENG_")}
environment["TMPDIR"] = directory
done = subprocess.run(command, cwd=directory, env=environment, capture_output=True, text=True, timeout=180)
lines = done.stdout.strip().splitlines()
summary = json.loads(lines[-1]) if done.returncode == 0 and lines else {}
incidents = summary.get("incidents", {})
failed = 0


def case(name, holds, reason):
    global failed
    failed += not holds
    print(f"ok {name}" if holds else f"not ok {name}: {reason}", flush=True)


case("the demo ends by itself", done.returncode == 0, f"exit status {done.returncode}: {done.stderr[-500:]}")
case("the town is crawled", summary.get("posts", 0) >= 300, summary)
case("at least four incidents", sum(incidents.values()) >= 4, incidents)
case("at least one is red", incidents.get("red", 0) >= 1, incidents)
case("mails are delivered", summary.get("mails", 0) >= 4, summary)
case("webhooks are delivered", summary.get("webhooks", 0) >= 4, summary)
steps = summary.get("steps", {})
case("a matter is taken, assigned, late and answered", all(steps.get(step, 0) >= 1 for step in ("taken", "assigned", "late", "answered")), steps)
case("no trap alerts", summary.get("trap_alerts") == [], summary)
case("nothing is left behind", os.listdir(directory) == [], os.listdir(directory))
sys.exit(1 if failed else 0)
