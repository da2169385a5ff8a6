variable "cluster_name" {
  description = "The cluster, in the provider's account and region."
  type        = string

  validation {
    condition     = can(regex("^[0-9A-Za-z][0-9A-Za-z_-]{0,99}$", var.cluster_name))
    error_message = "cluster_name: the name of an EKS cluster, not its ARN."
  }
}

variable "principal_arn" {
  description = "The role that reads it: the hub's `scan` in its own account, the member's elsewhere."
  type        = string

  validation {
    condition     = can(regex("^arn:[a-z-]+:iam::[0-9]{12}:role/[^*]+$", var.principal_arn))
    error_message = "principal_arn: a role's ARN; not that of a session (sts, assumed-role)."
  }
}

variable "tags" {
  description = "Tags of the access entry."
  type        = map(string)
  default     = {}
}

output "manifests" {
  description = "To be applied to the cluster: `terraform output -raw ... | kubectl apply -f -`."
  value       = join("\n---\n", [local.role, local.binding])
}

output "groups" {
  description = "The Kubernetes groups that the role is in."
  value       = local.groups
}
