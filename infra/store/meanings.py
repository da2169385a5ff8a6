"""What an error of obstore or the file system means, on one line with the mend.

Their own text is never passed on: it may hold signed URLs, and is a page long.
"""

from __future__ import annotations

import re

_LOGINS = {
    "s3": "export AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run where a role is attached",
    "gs": "set GOOGLE_APPLICATION_CREDENTIALS, or run where a service account is attached",
    "az": "set AZURE_STORAGE_ACCOUNT_NAME with a key, SAS or client secret, or run where an identity is attached",
}

# In order of precedence: pattern, what that means, the mend ("" is the scheme's login).
# Codes and numbers are matched with what stands around them: a cluster may be called like one, and its key is in the text.
_MEANINGS = tuple(
    (re.compile(pattern), means, mend)
    for pattern, means, mend in (
        (r"os error (28|122)\b", "the disk is full", "free some space"),
        (r"os error 27\b", "the file would be too large there", "raise the limit, or choose another folder"),
        (r"os error 30\b", "the file system is read-only", "choose another folder"),
        (r"os error (17|20|21)\b|is directory", "a file and a folder are in each other's way", "move one of them away"),
        (r"os error 36\b", "a name is too long for this file system", "choose a shorter folder or name"),
        (r"os error (1|13)\b", "permission denied", "let this user read and write there"),
        ("illegal character|empty path segment|Filenames containing", "a name cannot be a key", "rename that file or folder"),
        ("Object Lock param|ObjectLockHeaders", "the bucket locks objects", "set AWS_CHECKSUM_ALGORITHM=SHA256"),
        ("<Code>(NoSuchBucket|ContainerNotFound)|bucket does not exist", "no such bucket", "create it, or correct the URL"),
        ("Account must be specified", "no storage account is named", "set AZURE_STORAGE_ACCOUNT_NAME"),
        ("/latest/api/token|/latest/meta-data|/computeMetadata/|/metadata/identity", "no credentials were found", ""),
        ("<Code>RequestTimeTooSkewed|Request date header", "this machine's clock is wrong", "set it, best by NTP"),
        ("<Code>(ExpiredToken|TokenRefreshRequired)", "the credentials have expired", ""),
        ("token request|service account file|application credentials|Invalid Access Key", "the credentials cannot be used", ""),
        (r"<Code>(InvalidAccessKeyId|SignatureDoesNotMatch|InvalidToken|AuthenticationFailed)|failed to authenticate the request",
         "the credentials are refused", ""),
        ("<Code>(AuthorizationHeaderMalformed|PermanentRedirect)|configured region",
         "the bucket is elsewhere", "set AWS_REGION to its region"),
        ("BadScheme|URL scheme is not allowed", "plain http is refused", "give the endpoint as http:// or use https"),
        ("status code: 401", "the credentials are refused", ""),
        ("status code: 403", "access denied", "allow reading, listing and writing objects there"),
        ("kind: Timeout|operation timed out|<Code>RequestTimeout<",
         "it did not answer in time", "check the network, and run again"),
        ("SendRequest|IncompleteMessage|kind: (Interrupted|Decode)",
         "the connection broke off", "check the network, and run again"),
        ("error sending request|kind: Connect", "it cannot be reached", "check network and endpoint"),
        ("not yet implemented|status code: 501", "this store cannot update conditionally", "use one that supports If-Match"),
        ("status code: (5|429)", "the service failed or is throttling", "run again later"),
        ("<Code>NoSuchUpload<", "the upload was ended by somebody else", "run again"),
        ("<Code>(BlobImmutableDueToPolicy|LeaseIdMissing)", "the object is locked there", "lift its lock or policy"),
        ("status code: 409", "another operation on it is under way", "run again"),
    )
)  # fmt: skip


def meaning(error: Exception, url: str) -> str:
    """What `error` of the store at `url` means, and the mend."""
    text = str(error).replace("[Errno ", "os error ")
    for pattern, means, mend in _MEANINGS:
        if pattern.search(text):
            return f"{means}: {mend or _LOGINS.get(url[:2], 'check them')}"
    reason = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
    return f"it failed ({reason}): check the URL and its settings"


def no_bucket(error: Exception) -> bool:
    """Whether it is not the object that is missing, but the bucket or container around it."""
    return "<Code>NoSuchBucket<" in str(error) or "<Code>ContainerNotFound<" in str(error)


def under_way(error: Exception) -> bool:
    """Whether a refusal is no word on the object, but says that another operation on it has not ended: "try again".

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html#conditional-write-behavior
    """
    return "<Code>ConditionalRequestConflict<" in str(error) or "<Code>OperationAborted<" in str(error)


def unmet(error: Exception) -> bool:
    """Whether a refusal says that a condition does not hold: obstore takes every 409 for an object that exists.

    Only Azure says that so (BlobAlreadyExists); its other 409s are a container that is being deleted, a policy and the like.
    https://learn.microsoft.com/rest/api/storageservices/blob-service-error-codes
    """
    return "status code: 409" not in str(error) or "AlreadyExists</Code>" in str(error)
