variable "object_id" {
  description = "Who reads the cluster: output `principal_id` of the module beside this one, or the object id of an Entra group it is in."
  type        = string

  validation {
    condition     = can(regex("^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", var.object_id))
    error_message = "object_id: an object id of Entra, as 00000000-0000-0000-0000-000000000000, in lower case."
  }
}

variable "kind" {
  description = "`User` for the identity itself, `Group` for a group, which clusters with Entra sign-in know alike."
  type        = string
  default     = "User"

  validation {
    condition     = contains(["User", "Group"], var.kind)
    error_message = "kind: User or Group."
  }
}
