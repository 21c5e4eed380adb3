#!/usr/bin/env python3
"""A client of `remuda serve` that needs nothing but Python's standard library.

    python3 examples/python/remuda.py --url http://127.0.0.1:8055 thumb <image.png >thumb.png

As a module:

    queue = Remuda("http://127.0.0.1:8055", token)
    task = queue.push("notify", b'{"order": 7}', name="order-7")
    result = queue.wait(task)
"""

import argparse
import json
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid

FINAL = {"done", "dead", "cancelled", "expired"}


class Problem(Exception):
    """The server refused: code is one of those in docs/command.md."""

    def __init__(self, status, answer):
        super().__init__(answer.get("error", f"status {status}"))
        self.status = status
        self.code = answer.get("code", "internal")


class Failed(Exception):
    """The task ended without a result."""


class Remuda:
    def __init__(self, url, token=None, timeout=90):
        self.url, self.token, self.timeout = url.rstrip("/"), token, timeout

    def push(self, kind, payload, name=None, tries=5, **options):
        """Store a task and return its ID. It has a name, so that it is one task however
        often it has to be sent: an answer that got lost does not make two of it."""
        options["id"] = name or uuid.uuid4().hex
        query = urllib.parse.urlencode(options)
        path = f"/v1/tasks/{urllib.parse.quote(kind, safe='')}?{query}"
        for left in reversed(range(tries)):
            try:
                return json.loads(self._ask("POST", path, payload))["id"]
            except Problem as p:
                if left == 0 or p.code not in ("busy", "queue_full", "outcome_unknown"):
                    raise
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                if left == 0:
                    raise
            time.sleep(1)

    def get(self, task, wait=None):
        """Return what is known of a task, once it has ended or wait, as in "30s", has passed."""
        query = f"?wait={wait}" if wait else ""
        return json.loads(self._ask("GET", self._path(task) + query))

    def wait(self, task):
        """Wait for the end of a task, and return the bytes of its result."""
        while (state := self.get(task, wait="30s"))["state"] not in FINAL:
            pass
        if state["state"] != "done":
            raise Failed(f"{task} is {state['state']}: {state.get('reason', '')}")
        return self._ask("GET", self._path(task) + "/output")

    @staticmethod
    def _path(task):
        return "/v1/tasks/" + urllib.parse.quote(task, safe="")

    def _ask(self, method, path, body=None):
        request = urllib.request.Request(self.url + path, data=body, method=method)
        request.add_header("Content-Type", "application/octet-stream")
        if self.token:
            request.add_header("Authorization", "Bearer " + self.token)
        try:
            with urllib.request.urlopen(request, timeout=self.timeout) as answer:
                return answer.read()
        except urllib.error.HTTPError as error:
            try:
                answer = json.loads(error.read())
            except ValueError:
                answer = {}
            raise Problem(error.code, answer) from None


def main():
    args = argparse.ArgumentParser(description="Push standard input as a task, and print its result.")
    args.add_argument("--url", default="http://127.0.0.1:8055")
    args.add_argument("--token-file", help="never on the command line, where others see it")
    args.add_argument("--name", help="of the task: pushed twice, it is one")
    args.add_argument("kind")
    given = args.parse_args()
    token = None
    if given.token_file:
        with open(given.token_file, encoding="ascii") as file:
            token = file.read().strip()
    queue = Remuda(given.url, token)
    try:
        task = queue.push(given.kind, sys.stdin.buffer.read(), name=given.name)
        print(task, file=sys.stderr)
        sys.stdout.buffer.write(queue.wait(task))
    except (Problem, Failed, OSError) as error:
        sys.exit(f"remuda.py: {error}")


if __name__ == "__main__":
    main()
