# The store, keys, networks, logs and alerts.

variable "store_account" {
  description = "The name of the storage account that runs are kept in; null makes one of name, subscription and resource group."
  type        = string
  default     = null

  validation {
    condition     = var.store_account == null || can(regex("^[a-z0-9]{3,24}$", var.store_account))
    error_message = "store_account: 3 to 24 lower-case letters and digits, used by nobody else in the world."
  }
}

variable "replication" {
  description = "How the store is replicated: LRS, ZRS, GRS, GZRS, RAGRS or RAGZRS."
  type        = string
  default     = "ZRS"

  validation {
    condition     = contains(["LRS", "ZRS", "GRS", "GZRS", "RAGRS", "RAGZRS"], var.replication)
    error_message = "replication: LRS, ZRS, GRS, GZRS, RAGRS or RAGZRS."
  }
}

variable "keep" {
  description = <<-E
    What becomes of the store's objects, in days: `days` until they are deleted (null: never), `archive_after` until they move to
    the cool tier (null: never), `replaced` for versions that were overwritten or deleted.
  E
  type = object({
    days          = optional(number)
    archive_after = optional(number)
    replaced      = optional(number, 30)
  })
  default = {}

  validation {
    condition     = var.keep.archive_after == null || try(var.keep.archive_after >= 1, false)
    error_message = "keep: archive_after: at least 1."
  }
  validation {
    condition     = var.keep.days == null || try(var.keep.days > coalesce(var.keep.archive_after, 0), false)
    error_message = "keep: days: more than archive_after, and at least 1."
  }
  validation {
    condition     = var.keep.replaced >= 1
    error_message = "keep: replaced: at least 1."
  }
}

variable "immutability" {
  description = <<-E
    For evidence: every version of a blob in the store is kept for `days` from being deleted or changed; what replaces it is a new
    version. It can be chosen when the account is made only. `locked` makes it irreversible, and can be set in a later apply only.
  E
  type = object({
    days   = number
    locked = optional(bool, false)
  })
  default = null

  validation {
    condition     = var.immutability == null || try(var.immutability.days >= 1 && var.immutability.days <= 146000, false)
    error_message = "immutability: days: 1 to 146000."
  }
  validation {
    condition     = var.immutability == null || var.keep.days == null || try(var.keep.days >= var.immutability.days, false)
    error_message = "immutability: days: not more than keep.days: nothing can be deleted earlier."
  }
  validation {
    condition     = var.immutability == null || try(var.keep.replaced >= var.immutability.days, false)
    error_message = "immutability: days: not more than keep.replaced: replaced versions cannot be deleted earlier."
  }
}

variable "customer_key" {
  description = <<-E
    A key of yours in a Key Vault that the store is encrypted with: its id, and the resource id of a user-assigned identity that
    may use it (Key Vault Crypto Service Encryption User). Null: Microsoft's own keys.
  E
  type = object({
    key_id      = string
    identity_id = string
  })
  default = null

  validation {
    condition     = var.customer_key == null || can(regex("^https://[^/]+/keys/[^/]+(/[0-9a-f]+)?$", var.customer_key.key_id))
    error_message = "customer_key: key_id: the id of a key, as https://VAULT.vault.azure.net/keys/NAME."
  }
  validation {
    condition     = var.customer_key == null || can(regex("(?i)^/subscriptions/.+/providers/Microsoft[.]ManagedIdentity/userAssignedIdentities/[^/]+$", var.customer_key.identity_id))
    error_message = "customer_key: identity_id: the resource id of a user-assigned identity."
  }
}

variable "vnet" {
  description = <<-E
    For clusters whose API server is private: the id of a subnet, delegated to Microsoft.App/environments (flex) or
    Microsoft.Web/serverFarms (premium), whose VNet resolves and reaches them. `close_storage` also shuts both storage accounts to
    everybody but that subnet (it needs the service endpoint Microsoft.Storage) and the addresses of `allowed_ips`, among them the one
    that Terraform runs at. Null: outside of any VNet.
  E
  type = object({
    subnet_id     = string
    close_storage = optional(bool, false)
    allowed_ips   = optional(set(string), [])
  })
  default = null

  validation {
    condition     = var.vnet == null || can(regex("(?i)^/subscriptions/.+/providers/Microsoft[.]Network/virtualNetworks/[^/]+/subnets/[^/]+$", var.vnet.subnet_id))
    error_message = "vnet: subnet_id: the resource id of a subnet."
  }
}

variable "grant_deployer" {
  description = "Whether this module grants whoever applies it the right to write settings and packages; false where they have it already."
  type        = bool
  default     = true
}

variable "log_days" {
  description = "How long logs are kept."
  type        = number
  default     = 30

  validation {
    condition     = var.log_days >= 30 && var.log_days <= 730
    error_message = "log_days: 30 to 730."
  }
}

variable "alerts" {
  description = <<-E
    When somebody is told: `missing_hours` without a report (0: never asked; a little more than the time between two runs), more than
    `unread_clusters` or `unread_places` of a run that could not be read, a fleet score that fell by more than `drop` points against
    the run before, within two days (0: never asked), or below `least_score` (null: never asked).
  E
  type = object({
    enabled         = optional(bool, true)
    missing_hours   = optional(number, 25)
    unread_clusters = optional(number, 0)
    unread_places   = optional(number, 0)
    drop            = optional(number, 5)
    least_score     = optional(number)
  })
  default = {}

  validation {
    # A log search alert looks back two days at most (Azure Monitor, "Log search alert rules").
    condition     = var.alerts.missing_hours >= 0 && var.alerts.missing_hours <= 48 && floor(var.alerts.missing_hours) == var.alerts.missing_hours
    error_message = "alerts: missing_hours: 0 to 48, in whole hours: Azure Monitor looks back no further."
  }
  validation {
    condition     = var.alerts.missing_hours == 0 || var.alerts.missing_hours > var.run_hours
    error_message = "alerts: missing_hours: more than run_hours: a run may take that long."
  }
  validation {
    condition     = var.alerts.unread_clusters >= 0 && var.alerts.unread_places >= 0
    error_message = "alerts: unread_clusters and unread_places: at least 0."
  }
  validation {
    condition     = var.alerts.drop >= 0 && var.alerts.drop <= 100
    error_message = "alerts: drop: 0 to 100 points; 0 asks never."
  }
  validation {
    condition     = var.alerts.least_score == null || try(var.alerts.least_score > 0 && var.alerts.least_score <= 100, false)
    error_message = "alerts: least_score: above 0, up to 100."
  }
}

variable "alert_emails" {
  description = "Makes an action group that every alert goes to, with these e-mail addresses."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for each in var.alert_emails : can(regex("^[^@[:space:]]+@[^@[:space:]]+$", each))])
    error_message = "alert_emails: addresses, as ops@example.com."
  }
}

variable "action_groups" {
  description = "Resource ids of further action groups that every alert goes to."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for each in var.action_groups : can(regex("(?i)/providers/Microsoft[.]Insights/actionGroups/[^/]+$", each))])
    error_message = "action_groups: resource ids of action groups."
  }
}

variable "tags" {
  description = "Tags of everything."
  type        = map(string)
  default     = {}
}
