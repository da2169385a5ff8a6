"""The errors ringfence raises on purpose. Each carries one line that names the object and the mend.

RingfenceError
├── InputError            a file, flag or document that cannot be used (exit 2, or the object is left out and named)
│   └── SnapshotError     a stored snapshot that cannot be read
├── ClusterReadError      a cluster's Kubernetes API could not be read (the cluster is reported as unread)
├── DeliveryError         a message could not be delivered
└── StoreError            the object store refused or failed
    └── MissingObjectError   it answered that there is no such object
"""


class RingfenceError(Exception):
    """Base of every error that is not a bug."""


class InputError(RingfenceError):
    """Input that cannot be used: names the file or object and the mend."""


class SnapshotError(InputError):
    """A stored snapshot that cannot be read: truncated, hostile, of an unknown major version."""


class ClusterReadError(RingfenceError):
    """A cluster whose Kubernetes API could not be read at all."""


class PassingError(ClusterReadError):
    """It could not be read just now, for a reason that is not the cluster's and passes: throttled, or a login that ran out."""


class StoreError(RingfenceError):
    """The object store refused or failed; names the URL and key, never a credential."""


class DeliveryError(RingfenceError):
    """A message that was refused, or that nobody took; never names the address, which is a secret."""


class MissingObjectError(StoreError):
    """The object store holds no such object."""
