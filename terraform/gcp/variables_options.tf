# The store, keys, networks, alerts.

variable "store_bucket" {
  description = "The name of the bucket that runs are kept in; null makes one of project and name."
  type        = string
  default     = null

  validation {
    condition     = var.store_bucket == null || can(regex("^[a-z0-9][a-z0-9-]{1,52}[a-z0-9]$", var.store_bucket))
    error_message = "store_bucket: 3 to 54 lower-case letters, digits and hyphens: the settings' bucket adds nine."
  }
}

variable "keep" {
  description = <<-E
    What becomes of the store's objects, in days: `days` until they are deleted (null: never), `archive_after` until they move to
    Nearline (null: never), `replaced` for versions that were overwritten or deleted.
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

variable "locked_copy" {
  description = <<-E
    For evidence: a second bucket that every run is copied to, daily, and that keeps each object for `days` from being deleted or
    overwritten. `locked` makes that irreversible: nobody can shorten it, and the bucket cannot go before its last object may. The
    store itself cannot be locked so, because a retention policy would keep `v1/latest.json` from ever pointing at another run.
  E
  type = object({
    days   = number
    locked = optional(bool, false)
  })
  default = null

  validation {
    condition     = var.locked_copy == null || try(var.locked_copy.days >= 1 && var.locked_copy.days <= 36500, false)
    error_message = "locked_copy: days: 1 to 36500."
  }
  validation {
    condition     = var.locked_copy == null || var.keep.days == null || try(var.keep.days >= 2, false)
    error_message = "locked_copy: keep.days: at least 2, or runs are deleted before the daily copy."
  }
}

variable "delete_runs_on_destroy" {
  description = "Lets `terraform destroy` delete the stored runs; otherwise it stops at a store that is not empty."
  type        = bool
  default     = false
}

variable "kms_key" {
  description = "The Cloud KMS key that buckets and queues are encrypted with, in their region; null: Google's own keys."
  type        = string
  default     = null

  validation {
    condition     = var.kms_key == null || can(regex("^projects/[^/]+/locations/[^/]+/keyRings/[^/]+/cryptoKeys/[^/]+$", var.kms_key))
    error_message = "kms_key: write it projects/P/locations/L/keyRings/R/cryptoKeys/K."
  }
}

variable "vpc" {
  description = <<-E
    How the scans reach clusters that have no DNS endpoint for outside traffic and no public address: a Serverless VPC Access
    connector in their VPC or one that is peered with it. `all` sends everything through it (then the VPC needs a way out to
    Google's APIs), otherwise only private addresses. Null: outside of any VPC.
  E
  type = object({
    connector = string
    all       = optional(bool, false)
  })
  default = null

  validation {
    condition     = var.vpc == null || can(regex("^projects/[^/]+/locations/[^/]+/connectors/[^/]+$", var.vpc.connector))
    error_message = "vpc: connector: write it projects/P/locations/L/connectors/C, in the functions' region."
  }
}

variable "enable_services" {
  description = "Whether this module switches the Google APIs on that it needs; they stay on when it is removed."
  type        = bool
  default     = true
}

variable "alerts" {
  description = <<-E
    When somebody is told: `missing_hours` without a report (0: never asked; a little more than the time between two runs), more than
    `unread_clusters` or `unread_places` of a run that could not be read, a fleet score that fell by more than `drop` points against
    the day before (0: never asked), or below `least_score` (null: never asked).
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
    # Cloud Monitoring: a PromQL alert looks back 24 hours, and may wait for one more.
    condition     = var.alerts.missing_hours == 0 || (var.alerts.missing_hours > 1 && var.alerts.missing_hours <= 25 && floor(var.alerts.missing_hours) == var.alerts.missing_hours)
    error_message = "alerts: missing_hours: 2 to 25 in whole hours, or 0: Cloud Monitoring looks back no further."
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

variable "notification_channels" {
  description = "Names of the notification channels that every alert goes to, as projects/P/notificationChannels/N."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for each in var.notification_channels : can(regex("^projects/[^/]+/notificationChannels/[0-9]+$", each))])
    error_message = "notification_channels: write them projects/P/notificationChannels/N."
  }
}

variable "labels" {
  description = "Labels of everything that can have some."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for key, value in var.labels : can(regex("^[a-z][a-z0-9_-]{0,62}$", key)) && can(regex("^[a-z0-9_-]{0,63}$", value))])
    error_message = "labels: keys and values of up to 63 lower-case letters, digits, hyphens and underscores."
  }
}
