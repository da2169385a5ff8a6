variable "region" {
  description = "Where ringfence runs; it looks for clusters in every region."
  type        = string
}

variable "zip" {
  description = "The zip for AWS that `make bundles` leaves."
  type        = string
}

variable "emails" {
  description = "Who is told of alarms."
  type        = set(string)
  default     = []
}

variable "clusters" {
  description = "EKS clusters of the region that are read; others are found and reported as unread."
  type        = set(string)
  default     = []
}

output "ringfence" {
  description = "Where runs are kept, and how things are called."
  value       = module.ringfence
}

output "manifests" {
  description = "To be applied to each cluster of `clusters`."
  value       = try(values(module.cluster_access)[0].manifests, "")
}
