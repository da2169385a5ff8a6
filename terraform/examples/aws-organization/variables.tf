variable "region" {
  description = "Where ringfence runs; it looks for clusters in every region."
  type        = string
}

variable "zip" {
  description = "The zip for AWS that `make bundles` leaves."
  type        = string
}

variable "units" {
  description = "The organizational units (ou-..., or the root r-...) whose accounts get the role."
  type        = list(string)
}

variable "external_id" {
  description = "What the role asks whoever assumes it: any text of your own."
  type        = string
}

variable "delegated" {
  description = "Whether this account is a delegated administrator, not the management account."
  type        = bool
  default     = false
}

variable "vpc" {
  description = "Subnets and security groups for the scans, where endpoints are private."
  type = object({
    subnet_ids         = list(string)
    security_group_ids = list(string)
  })
  default = null
}

variable "emails" {
  description = "Who is told of alarms."
  type        = set(string)
  default     = []
}

output "ringfence" {
  description = "Where runs are kept, and how things are called."
  value       = module.ringfence
}
