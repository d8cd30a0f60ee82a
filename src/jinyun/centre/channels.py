"""Where notices go (通知渠道): a webhook, a mail server, a topic of the zone's own broker; each told in one function.

Settings are checked before they are kept (:func:`checked`); their secrets are never shown again (:func:`shown`).
"""

from __future__ import annotations

import hashlib
import hmac
import json
import smtplib
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from email.message import EmailMessage
from typing import Any
from urllib.parse import urlsplit

from jinyun.net import topics

KINDS = ("webhook", "smtp", "mqtt")
SECRET = frozenset({"secret", "password"})
TIMEOUT_S = 8.0
SIGNATURE = "X-Jinyun-Signature"


class ChannelError(ValueError):
    """Settings that cannot be, or a delivery that failed; the text says why."""


def checked(kind: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings as they are kept; raises :class:`ChannelError`."""
    text = {name: value for name, value in settings.items() if isinstance(value, str) and len(value) <= 500}
    if kind == "webhook":
        parts = _split(text.get("url", ""))
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ChannelError("url: an http or https address")
        return {"url": text["url"], "secret": text.get("secret", "")}
    if kind == "smtp":
        to = settings.get("to")
        receivers = [to] if isinstance(to, str) else to
        port = settings.get("port", 25)
        if not text.get("host"):
            raise ChannelError("host: of the mail server")
        if not isinstance(port, int) or isinstance(port, bool) or not 0 < port < 65_536:
            raise ChannelError("port: 1 to 65535")
        if text.get("tls", "starttls") not in ("none", "starttls", "tls"):
            raise ChannelError("tls: none, starttls or tls")
        if not isinstance(receivers, list) or not 0 < len(receivers) <= 50:
            raise ChannelError("to: 1 to 50 addresses")
        for each in [text.get("from", ""), *receivers]:
            if not isinstance(each, str) or "@" not in each or any(c in each for c in "\r\n,<>") or len(each) > 200:
                raise ChannelError("from, to: plain addresses")
        return {
            "host": text["host"], "port": port, "tls": text.get("tls", "starttls"), "from": text["from"],
            "to": receivers, "user": text.get("user", ""), "password": text.get("password", ""),
        }  # fmt: skip
    if kind == "mqtt":
        topic = text.get("topic", "")
        bad = not topic or topic.startswith(("$", "/")) or topic.endswith("/") or "//" in topic
        if bad or any(c in topic for c in "+#>* .\r\n\t\0") or len(topic) > 200:
            raise ChannelError("topic: words with / between them, without + # > * . and blanks")
        return {"topic": topic}
    raise ChannelError(f"kind: {', '.join(KINDS)}")


def _split(url: str) -> Any:
    try:
        return urlsplit(url)
    except ValueError:
        return urlsplit("")


def shown(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings without what is secret in them."""
    return {name: "***" if name in SECRET and value else value for name, value in settings.items()}


def signature(secret: str, t_s: int, body: bytes) -> str:
    """Return the header by which a webhook's receiver knows the sender and that the body is whole and fresh."""
    mac = hmac.new(secret.encode(), f"{t_s}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={t_s},v1={mac}"


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None  # a notice goes where it was said to go


def post(settings: Mapping[str, Any], what: Mapping[str, Any]) -> None:
    """Send a notice to a webhook as JSON; raises :class:`ChannelError` unless it answers 2xx."""
    body = json.dumps(what, ensure_ascii=False).encode()
    request = urllib.request.Request(settings["url"], body, {"Content-Type": "application/json"})
    if settings.get("secret"):
        request.add_header(SIGNATURE, signature(settings["secret"], int(time.time()), body))
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect)
    try:
        with opener.open(request, timeout=TIMEOUT_S) as answer:
            answer.read(1000)
    except urllib.error.HTTPError as error:
        with error:
            raise ChannelError(f"HTTP {error.code}") from None
    except (OSError, ValueError) as error:
        raise ChannelError(str(getattr(error, "reason", error))[:200]) from None


def mail(settings: Mapping[str, Any], what: Mapping[str, Any], zone: str = "") -> None:
    """Send a notice as mail; raises :class:`ChannelError`."""
    message = EmailMessage()
    message["From"], message["To"] = settings["from"], ", ".join(settings["to"])
    title = " ".join(str(what["title"]).split())
    message["Subject"] = f"[{what['what']}] {title}"
    since = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(what["opened_us"] / 1e6))
    message.set_content(
        f"{title}\n{what['text']}\n\n{what['severity']} · {since} · {what['subject']} · notice {what['id']} 通知编号\n"
    )
    tls = ssl.create_default_context() if settings["tls"] != "none" else None
    try:
        if settings["tls"] == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(settings["host"], settings["port"], timeout=TIMEOUT_S, context=tls)
        else:
            server = smtplib.SMTP(settings["host"], settings["port"], timeout=TIMEOUT_S)
        with server:
            if settings["tls"] == "starttls":
                server.starttls(context=tls)
            if settings["user"]:
                server.login(settings["user"], settings["password"])
            server.send_message(message)
    except (OSError, smtplib.SMTPException) as error:
        raise ChannelError(str(error)[:200]) from None


def subject(settings: Mapping[str, Any]) -> str:
    """Return the broker's subject of an MQTT topic: what is published there reaches the topic's MQTT subscribers too."""
    return topics.subject_of(settings["topic"])
