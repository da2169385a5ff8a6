variable "service_account" {
  description = "Who reads the cluster: output `scan_account` of the module beside this one, or the account's numeric id where tokens lack its e-mail."
  type        = string

  validation {
    condition     = can(regex("^([a-z0-9-]+@[a-z0-9.-]+[.]iam[.]gserviceaccount[.]com|[0-9]{10,30})$", var.service_account))
    error_message = "service_account: an e-mail address, as ringfence-scan@PROJECT.iam.gserviceaccount.com, or a numeric id."
  }
}
