variable "trusted_role_arns" {
  description = "The roles that may assume this one: output `roles` of the hub."
  type        = list(string)

  validation {
    condition     = length(var.trusted_role_arns) > 0 && alltrue([for each in var.trusted_role_arns : can(regex("^arn:[a-z-]+:iam::[0-9]{12}:role/[^*]+$", each))])
    error_message = "trusted_role_arns: at least one role's ARN, without wildcards."
  }
}

variable "external_id" {
  description = "What the hub's settings say as `externalId`."
  type        = string

  validation {
    condition     = length(var.external_id) >= 2 && length(var.external_id) <= 1224 && can(regex("^[A-Za-z0-9_+=,.@:/-]+$", var.external_id))
    error_message = "external_id: 2 to 1224 characters of A-Z a-z 0-9 _ + = , . @ : / -"
  }
}

variable "role_name" {
  description = "What the hub's settings say as `role`."
  type        = string
  default     = "ringfence-reader"

  validation {
    condition     = can(regex("^[A-Za-z0-9+=,.@_-]{1,64}$", var.role_name))
    error_message = "role_name: the name of a role, not its ARN."
  }
}

variable "networks" {
  description = "Also what `ringfence network` reads of routes between networks; scheduled runs do without."
  type        = bool
  default     = false
}

variable "hybrid" {
  description = "Also VPN and Direct Connect, whose answers hold pre-shared keys (`hybrid: true` in the settings)."
  type        = bool
  default     = false
}

variable "permissions_boundary" {
  description = "ARN of the policy that bounds the role, where the account asks for one."
  type        = string
  default     = null
}

variable "tags" {
  description = "Tags of the role."
  type        = map(string)
  default     = {}
}

output "role_arn" {
  description = "The role: each cluster of the account gives it an access entry (module cluster-access)."
  value       = aws_iam_role.this.arn
}
