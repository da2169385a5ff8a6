# The store, keys, networks, logs and alarms.

variable "store_bucket" {
  description = "The name of the bucket that runs are kept in; null makes one of name, account and region."
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
    S3 Standard-IA (null: never), `replaced` for versions that were overwritten or deleted.
  E
  type = object({
    days          = optional(number)
    archive_after = optional(number)
    replaced      = optional(number, 30)
  })
  default = {}

  validation {
    condition     = var.keep.archive_after == null || try(var.keep.archive_after >= 30, false)
    error_message = "keep: archive_after: at least 30, S3's least for Standard-IA."
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

variable "object_lock" {
  description = <<-E
    Keeps every object of the store from being deleted or overwritten for `days`: GOVERNANCE, which who is permitted may lift, or
    COMPLIANCE, which nobody may, the root user included. For evidence; it can be chosen when the bucket is made, and never be undone.
  E
  type = object({
    mode = string
    days = number
  })
  default = null

  validation {
    condition     = var.object_lock == null || contains(["GOVERNANCE", "COMPLIANCE"], try(var.object_lock.mode, ""))
    error_message = "object_lock: mode: GOVERNANCE or COMPLIANCE."
  }
  validation {
    condition     = var.object_lock == null || try(var.object_lock.days >= 1 && var.object_lock.days <= 36500, false)
    error_message = "object_lock: days: 1 to 36500."
  }
  validation {
    condition     = var.object_lock == null || var.keep.days == null || try(var.keep.days >= var.object_lock.days, false)
    error_message = "object_lock: days: not more than keep.days, or objects outlive what you meant to keep."
  }
}

variable "delete_runs_on_destroy" {
  description = "Lets `terraform destroy` delete the stored runs; otherwise it stops at a store that is not empty."
  type        = bool
  default     = false

  validation {
    condition     = !var.delete_runs_on_destroy || var.object_lock == null
    error_message = "delete_runs_on_destroy: contradicts object_lock: leave one of them out."
  }
}

variable "encryption" {
  description = <<-E
    With which key buckets, queues, logs and the topic are encrypted: `aws` (S3's and SQS' own; costs nothing), `create` (a KMS key
    that this module makes and rotates) or `given` (`kms_key_arn`, whose policy allows output `key_statements`).
  E
  type        = string
  default     = "aws"

  validation {
    condition     = contains(["aws", "create", "given"], var.encryption)
    error_message = "encryption: aws, create or given."
  }
}

variable "kms_key_arn" {
  description = "The key of `encryption = \"given\"`."
  type        = string
  default     = null

  validation {
    condition     = (var.encryption == "given") == (var.kms_key_arn != null)
    error_message = "kms_key_arn: goes with encryption = \"given\", and only with it."
  }
  validation {
    condition     = var.kms_key_arn == null || can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/", var.kms_key_arn))
    error_message = "kms_key_arn: the ARN of a key, not of an alias."
  }
}

variable "vpc" {
  description = <<-E
    Where the scans run, for clusters whose endpoint is private: subnets that lead there, and to S3, STS and EKS (by NAT or endpoints),
    and security groups that let TCP 443 out. Null: outside of any VPC.
  E
  type = object({
    subnet_ids         = list(string)
    security_group_ids = list(string)
  })
  default = null

  validation {
    condition     = var.vpc == null || try(length(var.vpc.subnet_ids) > 0 && length(var.vpc.security_group_ids) > 0, false)
    error_message = "vpc: at least one subnet and one security group."
  }
}

variable "tracing" {
  description = "AWS X-Ray for both functions."
  type        = bool
  default     = false
}

variable "log_days" {
  description = "How long logs are kept."
  type        = number
  default     = 30

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_days)
    error_message = "log_days: one of the numbers that CloudWatch Logs takes, as 30, 90 or 365."
  }
}

variable "alarms" {
  description = <<-E
    When somebody is told: `missing_hours` without a report (0: never asked; a little more than the time between two runs), more than
    `unread_clusters` or `unread_places` of a run that could not be read, a fleet score below `least_score` (null: never asked) or
    more than `most_drop` points below that of the run before.
  E
  type = object({
    enabled         = optional(bool, true)
    missing_hours   = optional(number, 30)
    unread_clusters = optional(number, 0)
    unread_places   = optional(number, 0)
    least_score     = optional(number)
    most_drop       = optional(number, 5)
  })
  default = {}

  validation {
    # Evaluation periods x period of an alarm are at most a week (CloudWatch, PutMetricAlarm).
    condition     = var.alarms.missing_hours >= 0 && var.alarms.missing_hours <= 168 && floor(var.alarms.missing_hours) == var.alarms.missing_hours
    error_message = "alarms: missing_hours: 0 to 168, in whole hours: CloudWatch looks back a week at most."
  }
  validation {
    condition     = var.alarms.missing_hours == 0 || var.alarms.missing_hours > var.run_hours
    error_message = "alarms: missing_hours: more than run_hours: a run may take that long."
  }
  validation {
    condition     = var.alarms.unread_clusters >= 0 && var.alarms.unread_places >= 0
    error_message = "alarms: unread_clusters and unread_places: at least 0."
  }
  validation {
    condition     = var.alarms.least_score == null || try(var.alarms.least_score > 0 && var.alarms.least_score <= 100, false)
    error_message = "alarms: least_score: above 0, up to 100."
  }
}

variable "alarm_topic" {
  description = "Makes an SNS topic that every alarm goes to, with these e-mail addresses (each has to confirm). Null: none."
  type = object({
    emails = optional(set(string), [])
  })
  default = null

  validation {
    condition     = var.alarm_topic == null || alltrue([for each in try(var.alarm_topic.emails, []) : can(regex("^[^@[:space:]]+@[^@[:space:]]+$", each))])
    error_message = "alarm_topic: emails: addresses, as ops@example.com."
  }
}

variable "alarm_actions" {
  description = "ARNs of further actions of every alarm: topics that exist already."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for each in var.alarm_actions : startswith(each, "arn:")])
    error_message = "alarm_actions: ARNs."
  }
}
