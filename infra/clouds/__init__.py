"""The clouds: which managed clusters there are, what each cloud says of them, and the way in to each.

A package a cloud (`eks`, `gke`, `aks`), each with a `discover(source) -> Iterator[Found | Scope]`. An SDK is imported where its
cloud is asked, and nowhere else. Only the fields that `infra.cloudrecord` keeps leave a package: some answers carry secrets.
"""
