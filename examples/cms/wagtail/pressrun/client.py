"""What is said between Wagtail and Pressrun. Needs nothing but Python."""

import base64
import binascii
import hashlib
import hmac
import json
import re
import time
import urllib.error
import urllib.parse
import urllib.request
from datetime import datetime, timezone

HOOK = re.compile(r"^(https?://[^?#\s]+?)/hooks/([a-z0-9-]+)/[A-Za-z0-9_]+/?$")


class NotTaken(Exception):
    """Why a call had no success. Its text holds no secret."""


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """An address that is a secret is not carried elsewhere."""

    def redirect_request(self, *args, **kwargs):
        return None


_opener = urllib.request.build_opener(_NoRedirect)


def app_of(hook):
    """The app's own address and the site's name, of a hook's address."""
    found = HOOK.match(hook or "")
    if not found:
        raise NotTaken("PRESSRUN_HOOK is no address of a hook, as pressrun hook new prints it")
    return found.group(1), found.group(2)


def key_of(secret):
    """The key of a secret of Standard Webhooks: base64 after whsec_, padded or not."""
    text = secret
    if secret.startswith("whsec_"):
        text = secret[len("whsec_") :].rstrip("=")
        text += "=" * (-len(text) % 4)
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        return secret.encode()


def sign(secret, id, stamp, body):
    """The header webhook-signature of https://www.standardwebhooks.com/."""
    signed = f"{id}.{stamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key_of(secret), signed, hashlib.sha256).digest()).decode()


def send(hook, secret, id, event, timeout=3):
    """Tells the hook of an event, and returns what it answered."""
    app_of(hook)
    body = json.dumps(event, ensure_ascii=False).encode()
    stamp = str(int(time.time()))
    headers = {"Content-Type": "application/json", "webhook-id": id, "webhook-timestamp": stamp}
    if secret:
        headers["webhook-signature"] = sign(secret, id, stamp, body)
    return _call(urllib.request.Request(hook, data=body, headers=headers, method="POST"), timeout)


def request(hook, token, id, timeout=2):
    """What became of a request."""
    base, _ = app_of(hook)
    address = f"{base}/v1/requests/{urllib.parse.quote(id, safe='')}"
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
    return _call(urllib.request.Request(address, headers=headers), timeout)


def _call(call, timeout):
    try:
        with _opener.open(call, timeout=timeout) as answer:
            told = json.loads(answer.read(1 << 20))
    except urllib.error.HTTPError as e:
        raise NotTaken(f"Pressrun answered {e.code}. {_detail(e)}".strip()) from None
    except (OSError, ValueError):
        # The error itself may name the secret address.
        raise NotTaken("Pressrun can't be reached.") from None
    if not isinstance(told, dict):
        raise NotTaken("Pressrun gave an answer that is none.")
    return told


def _detail(e):
    try:
        told = json.loads(e.read(1 << 16))
        return str(told["detail"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def words(told, now=None):
    """How a request stands, in a few words: text, to be escaped where it is shown."""
    now = now or datetime.now(timezone.utc)
    standing = told.get("standing")
    if standing == "live":
        return f"live since {_moment(told.get('live_at'))}"
    if standing == "scheduled":
        return f"goes out at {_moment(told.get('not_before'))}"
    if told.get("condition") and told.get("answer"):
        return str(told["answer"])
    expected = _instant(told.get("expected_at"))
    if expected and expected > now:
        return f"going out in about {-(-int((expected - now).total_seconds()) // 60)} min"
    return "waiting"


def _instant(text):
    try:
        return datetime.fromisoformat(str(text).replace("Z", "+00:00"))
    except ValueError:
        return None


def _moment(text):
    at = _instant(re.sub(r"\.\d+", "", str(text)))
    return at.astimezone().strftime("%Y-%m-%d %H:%M %Z") if at else "a time that was not told"
