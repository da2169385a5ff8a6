"""What a bundle is built for: a cloud, the machine that it runs on there, its Python, and the limits of the upload."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

PYTHON = "3.12"  # the newest that Lambda, Cloud Run functions and the Azure worker of azure-functions 1 all have
CLOUDS = ("aws", "gcp", "azure")
ARCHITECTURES = {"arm64": "aarch64", "x86_64": "x86_64"}  # as Lambda names them -> as wheels do
_MIB = 1 << 20
_OLDEST_GLIBC = 17  # manylinux2014 is manylinux_2_17


@dataclass(frozen=True, slots=True)
class Limits:
    """The most bytes that a cloud takes, `zipped` as it is uploaded and `unpacked` as it runs, and where that is written."""

    zipped: int
    unpacked: int
    source: str
    mend: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """`clouds` are those whose SDKs come along, `extras` the project's that its host needs besides. `glibc` is 2.`glibc`."""

    cloud: str
    architecture: str
    glibc: int
    python: str
    clouds: tuple[str, ...]
    extras: tuple[str, ...]
    limits: Limits

    @property
    def name(self) -> str:
        """The name of the zip, without its ending."""
        return f"ringfence-{self.cloud}-{self.architecture}" if self.cloud == "aws" else f"ringfence-{self.cloud}"

    @property
    def trimmed(self) -> bool:
        """Whether the packages lie in the zip, less what nothing loads. Google's pip installs them, and insists on all."""
        return self.cloud != "gcp"

    @property
    def machine(self) -> str:
        """As `platform.machine()` says there."""
        return ARCHITECTURES[self.architecture]

    @property
    def platforms(self) -> tuple[str, ...]:
        """The tags of the wheels that run there, newest first (PEP 600): pip adds no older ones to those it is given."""
        tags = [f"manylinux_2_{minor}_{self.machine}" for minor in range(self.glibc, _OLDEST_GLIBC - 1, -1)]
        return (*tags, f"manylinux2014_{self.machine}")

    @property
    def markers(self) -> Mapping[str, str]:
        """The environment that the markers of requirements are asked in (PEP 508), which is not that of this machine."""
        return {
            "implementation_name": "cpython",
            "implementation_version": f"{self.python}.0",
            "os_name": "posix",
            "platform_machine": self.machine,
            "platform_python_implementation": "CPython",
            "platform_release": "",
            "platform_system": "Linux",
            "platform_version": "",
            "python_full_version": f"{self.python}.0",
            "python_version": self.python,
            "sys_platform": "linux",
        }


_AWS = Limits(
    50 * _MIB,
    250 * _MIB,
    "AWS Lambda developer guide, Lambda quotas: deployment package (.zip file archive) size",
    "upload it through S3 if only the zip is too large, or name fewer --clouds",
)
_GCP = Limits(
    100 * _MIB,
    500 * _MIB,
    "Cloud Run functions, Quotas: max deployment size, of the 1st generation; the 2nd names none",
    "look what else lies in the folders of the packages",
)
_AZURE = Limits(
    1024 * _MIB,
    1024 * _MIB,
    "Azure Functions, Run your functions from a package file: the package is at most 1 GB",
    "name fewer --clouds",
)


def target_of(
    cloud: str,
    *,
    architecture: str = "x86_64",
    python: str = PYTHON,
    clouds: tuple[str, ...] = (),
    extras: tuple[str, ...] = (),
) -> Target:
    """What a cloud runs. Without `clouds`, its own SDK alone comes along: the usual way is one deployment for each cloud.

    `extras` are further ones of the project that the settings ask for, such as `policy-code` for controls of one's own.

    Lambda's Python 3.11 is on Amazon Linux 2 (glibc 2.26), every later one on Amazon Linux 2023 (2.34). Google builds on its
    own machine; Azure's images are Debian 12's (2.36), of which 2.31 is asked, the oldest that it runs Python on.
    """
    chosen = clouds or (cloud,)
    if cloud == "aws":
        old = tuple(map(int, python.split("."))) < (3, 12)
        return Target(
            cloud=cloud,
            architecture=architecture,
            glibc=26 if old else 34,
            python=python,
            clouds=chosen,
            extras=extras,
            limits=_AWS,
        )
    return Target(
        cloud=cloud,
        architecture="x86_64",
        glibc=31,
        python=python,
        clouds=chosen,
        extras=(f"{cloud}-functions", *extras),
        limits=_GCP if cloud == "gcp" else _AZURE,
    )
