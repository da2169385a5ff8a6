"""Whose a cluster token is, as EKS finds out: from the presigned request in it, its signature computed anew.

After kubernetes-sigs/aws-iam-authenticator (pkg/token) and "Signature Version 4 signing process" of the IAM user guide; moto
itself looks at no signature.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable
from urllib.parse import parse_qsl, quote, urlsplit

_PARAMETERS = {
    "Action",
    "Version",
    "X-Amz-Algorithm",
    "X-Amz-Credential",
    "X-Amz-Date",
    "X-Amz-Expires",
    "X-Amz-Security-Token",
    "X-Amz-Signature",
    "X-Amz-SignedHeaders",
}


def check_token(token: str, cluster: str, secret_of: Callable[[str], str]) -> str:
    """The access key that a token for `cluster` is signed with; `secret_of` gives the secret of an access key.

    Raises:
        ValueError: it is no such token.
    """
    body = token.removeprefix("k8s-aws-v1.")
    if body == token or "=" in body or len(token) > 4096:
        raise ValueError("no token of EKS")
    url = urlsplit(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)).decode())
    query = dict(parse_qsl(url.query, keep_blank_values=True))
    if query.keys() - _PARAMETERS or url.path != "/":
        raise ValueError("a parameter that is not allowed")
    if (query["Action"], query["X-Amz-SignedHeaders"]) != ("GetCallerIdentity", "host;x-k8s-aws-id"):
        raise ValueError("another request")
    if not 0 <= int(query["X-Amz-Expires"]) <= 900:
        raise ValueError("lives too long")
    key, date, region, service, end = query["X-Amz-Credential"].split("/")
    given = query.pop("X-Amz-Signature")
    pairs = "&".join(f"{quote(name, safe='~')}={quote(value, safe='~')}" for name, value in sorted(query.items()))
    empty = hashlib.sha256(b"").hexdigest()
    request = f"GET\n/\n{pairs}\nhost:{url.netloc}\nx-k8s-aws-id:{cluster}\n\nhost;x-k8s-aws-id\n{empty}"
    scope = f"{date}/{region}/{service}/{end}"
    text = f"AWS4-HMAC-SHA256\n{query['X-Amz-Date']}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}"
    signing = f"AWS4{secret_of(key)}".encode()
    for part in (date, region, service, end, text):
        signing = hmac.new(signing, part.encode(), hashlib.sha256).digest()
    if not hmac.compare_digest(signing.hex(), given):
        raise ValueError("a wrong signature")
    return key
