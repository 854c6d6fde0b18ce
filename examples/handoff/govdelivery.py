#!/usr/bin/env python3
"""Receives hand-offs of Pressrun and has a CMS send the bulletins that it queued.

It calls the address that va.gov's CMS has for its GovDelivery queue: all bulletins that
were queued up to EndTime are sent. Python 3.9, nothing else. docs/handoff.md tells how it
is set up. Settings, by the environment:

  HANDOFF_SECRET_FILE   the secret that Pressrun signs with (whsec_...)
  HANDOFF_STATE         a file in which it keeps up to when bulletins were sent
  BULLETINS_URL         https://cms.example.gov/api/govdelivery_bulletins/queue
  BULLETINS_AUTH_FILE   USER:PASSWORD for it; nobody signs in when left out
  LISTEN                127.0.0.1:8070
"""
import base64, hashlib, hmac, json, os, sys, time, urllib.error, urllib.parse, urllib.request
from datetime import datetime
from http.server import BaseHTTPRequestHandler, HTTPServer

MOST = 4 << 20  # bytes of a hand-off
TOLERANCE = 300  # seconds that its time may be off, as Standard Webhooks has it


def secret():
    with open(os.environ["HANDOFF_SECRET_FILE"], encoding="ascii") as f:
        return base64.b64decode(f.readline().strip().removeprefix("whsec_"), validate=True)


def signed(headers, body):
    """Says whether Pressrun signed this, and lately."""
    ident, stamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not stamp.isdigit() or abs(time.time() - int(stamp)) > TOLERANCE:
        return False
    want = base64.b64encode(hmac.new(secret(), f"{ident}.{stamp}.".encode() + body, hashlib.sha256).digest()).decode()
    given = [s.removeprefix("v1,") for s in headers.get("webhook-signature", "").split()]
    return any([hmac.compare_digest(want, g) for g in given])


def sent_up_to():
    try:
        with open(os.environ["HANDOFF_STATE"], encoding="ascii") as f:
            return int(f.read())
    except FileNotFoundError:
        return 0


def keep(upto):
    path = os.environ["HANDOFF_STATE"]
    with open(path + ".new", "w", encoding="ascii") as f:
        f.write(str(upto))
        f.flush()
        os.fsync(f.fileno())
    os.replace(path + ".new", path)


def release_bulletins(upto, number):
    """Has the CMS send what it queued up to an instant, in seconds since 1970."""
    query = urllib.parse.urlencode({"EndTime": upto, "src": "pressrun", "runNumber": number})
    request = urllib.request.Request(os.environ["BULLETINS_URL"] + "?" + query)
    if path := os.environ.get("BULLETINS_AUTH_FILE"):
        with open(path, "rb") as f:
            request.add_header("Authorization", "Basic " + base64.b64encode(f.read().strip()).decode())
    with urllib.request.urlopen(request, timeout=12) as answer:
        return answer.status, answer.read(300).decode("utf-8", "replace")


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        length = int(self.headers.get("Content-Length") or 0)
        if not 0 < length <= MOST:
            return self.say(413, "too long")
        body = self.rfile.read(length)
        if not signed(self.headers, body):
            return self.say(401, "not signed by Pressrun")
        event = json.loads(body)
        watermark = event["data"].get("watermark")
        if event["type"] != "pressrun.content.live" or not watermark:
            return self.say(200, "nothing to send")  # a test, or a rollback: what was sent was sent
        # Whole seconds, rounded down: a bulletin of the same second waits for the next one.
        upto = int(datetime.fromisoformat(watermark.replace("Z", "+00:00").split(".")[0].removesuffix("+00:00") + "+00:00").timestamp())
        if upto <= sent_up_to():
            return self.say(200, f"sent before, up to {sent_up_to()}")
        try:
            status, words = release_bulletins(upto, event["data"]["release"]["number"])
        except urllib.error.HTTPError as e:
            return self.say(502, f"the CMS answered {e.code}")  # Pressrun tries again
        except OSError as e:
            return self.say(502, f"the CMS can't be reached: {e}")
        keep(upto)
        self.say(200, f"the CMS answered {status}: {words}")

    def say(self, status, words):
        text = words.encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)


if __name__ == "__main__":
    secret()
    host, port = os.environ.get("LISTEN", "127.0.0.1:8070").rsplit(":", 1)
    server = HTTPServer((host, int(port)), Receiver)
    print(f"listening on {host}:{server.server_port}", file=sys.stderr, flush=True)
    server.serve_forever()
