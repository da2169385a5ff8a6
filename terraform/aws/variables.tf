# What has to be said, what runs and when. The store, alarms and networks: variables_options.tf.

variable "name" {
  description = "What everything is called, and begins with. Two deployments in one account and region need two names."
  type        = string
  default     = "ringfence"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,30}[a-z0-9]$", var.name))
    error_message = "name: 3 to 32 lower-case letters, digits and hyphens, a letter first: buckets are called so too."
  }
}

variable "zip" {
  description = "The function's code: the path of the zip that `make bundles` leaves for AWS."
  type        = string

  validation {
    condition     = fileexists(var.zip)
    error_message = "zip: there is no such file: run `make bundles`, and name the zip for AWS of your architecture."
  }
}

variable "settings" {
  description = "The text of ringfence.yaml. What the functions may do follows from its `sources`."
  type        = string

  validation {
    condition     = can(yamldecode(var.settings).sources[0])
    error_message = "settings: give the text of a ringfence.yaml that has `sources`, as in file(\"ringfence.yaml\")."
  }
  validation {
    condition = alltrue([
      for each in try(yamldecode(var.settings).sources, []) : can(each.aws) || can(each.gcp) || can(each.azure)
    ])
    error_message = "settings: on a schedule every source is a cloud: aws, gcp or azure; leave the others to the command line."
  }
}

variable "files" {
  description = "The text of further files that the settings name (evidence, waivers, own controls), by name."
  type        = map(string)
  default     = {}

  validation {
    condition = alltrue([
      for name in keys(var.files) :
      can(regex("^[A-Za-z0-9_][A-Za-z0-9._-]*(/[A-Za-z0-9_][A-Za-z0-9._-]*)*$", name)) && name != "ringfence.yaml"
    ])
    error_message = "files: names are plain relative paths, as waivers.yaml; ringfence.yaml itself goes into `settings`."
  }
}

variable "schedule" {
  description = "When a run is due: a cron or rate expression of EventBridge Scheduler."
  type        = string
  default     = "cron(0 5 * * ? *)"

  validation {
    condition     = can(regex("^(cron|rate)\\([^()]+\\)$", var.schedule))
    error_message = "schedule: write cron(0 5 * * ? *) or rate(12 hours), as EventBridge Scheduler has it."
  }
}

variable "time_zone" {
  description = "The zone that a cron schedule is meant in."
  type        = string
  default     = "UTC"

  validation {
    condition     = can(regex("^[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*$", var.time_zone))
    error_message = "time_zone: write the name of a zone of the IANA data base, as Europe/Berlin."
  }
}

variable "enabled" {
  description = "Whether runs are planned on schedule; false stops them and leaves everything else."
  type        = bool
  default     = true
}

variable "architecture" {
  description = "What the zip was built for."
  type        = string
  default     = "arm64"

  validation {
    condition     = contains(["arm64", "x86_64"], var.architecture)
    error_message = "architecture: arm64 or x86_64, as the zip's name says."
  }
}

variable "runtime" {
  description = "The Python that the zip was built for."
  type        = string
  default     = "python3.12"

  validation {
    condition     = contains(["python3.11", "python3.12", "python3.13"], var.runtime)
    error_message = "runtime: python3.11, python3.12 or python3.13, as the zip was built."
  }
}

variable "plan" {
  description = "The function that discovers, plans and sweeps: its time-out in seconds and memory in MB."
  type = object({
    timeout  = optional(number, 900)
    memory   = optional(number, 1024)
    reserved = optional(number) # of the account's concurrency; null reserves none
  })
  default = {}

  validation {
    condition     = var.plan.timeout >= 60 && var.plan.timeout <= 900 && var.plan.memory >= 256 && var.plan.memory <= 10240
    error_message = "plan: a time-out of 60 to 900 seconds, and 256 to 10240 MB of memory."
  }
  validation {
    condition     = var.plan.reserved == null || try(var.plan.reserved >= 1, false)
    error_message = "plan: reserved: at least 1, or leave it out; to stop runs, set enabled = false."
  }
}

variable "scan" {
  description = <<-E
    The function that scans one cluster: its time-out in seconds, memory in MB, how many clusters are scanned at once, and how
    much of the account's concurrency is kept for it (null: none is, and `at_once` is the only bound).
  E
  type = object({
    timeout  = optional(number, 300)
    memory   = optional(number, 2048)
    at_once  = optional(number, 10)
    reserved = optional(number)
  })
  default = {}

  validation {
    condition     = var.scan.timeout >= 60 && var.scan.timeout <= 900 && var.scan.memory >= 256 && var.scan.memory <= 10240
    error_message = "scan: a time-out of 60 to 900 seconds, and 256 to 10240 MB of memory."
  }
  validation {
    condition     = var.scan.at_once >= 2 && var.scan.at_once <= 1000
    error_message = "scan: at_once: 2 to 1000, the bounds of an SQS event source (Lambda, \"Maximum concurrency\")."
  }
  validation {
    condition     = var.scan.reserved == null || try(var.scan.reserved >= var.scan.at_once, false)
    error_message = "scan: reserved: at least at_once, or messages are throttled into the dead letters; or leave it out."
  }
}

variable "tries" {
  description = "How often a cluster's scan is tried before it is a dead letter."
  type        = number
  default     = 3

  validation {
    condition     = var.tries >= 1 && var.tries <= 20 && floor(var.tries) == var.tries
    error_message = "tries: a whole number from 1 to 20."
  }
}

variable "run_hours" {
  description = "How long after its time a run may still scan; then what has no result is unread, and the report is made."
  type        = number
  default     = 3

  validation {
    condition     = var.run_hours >= 1 && var.run_hours <= 24 && floor(var.run_hours) == var.run_hours
    error_message = "run_hours: a whole number from 1 to 24."
  }
  validation {
    # SQS gives a message that failed out again when its visibility time-out ends, six times the function's own.
    condition     = (var.tries - 1) * 6 * var.scan.timeout + var.scan.timeout <= var.run_hours * 3600
    error_message = "run_hours: the last of `tries` would come after the run's end (6 x scan.timeout apart): give more hours, or fewer tries."
  }
}

variable "environment" {
  description = "Further environment of both functions: proxies, or what credentials of other clouds need. No secrets."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for name in keys(var.environment) : !startswith(name, "RINGFENCE_") && !startswith(name, "AWS_")])
    error_message = "environment: RINGFENCE_... is set by this module, and AWS_... by Lambda."
  }
}

variable "permissions_boundary" {
  description = "ARN of the policy that bounds every role, where the account asks for one."
  type        = string
  default     = null

  validation {
    condition     = var.permissions_boundary == null || can(regex("^arn:[a-z-]+:iam::([0-9]{12}|aws):policy/", var.permissions_boundary))
    error_message = "permissions_boundary: the ARN of an IAM policy."
  }
}

variable "tags" {
  description = "Tags of everything."
  type        = map(string)
  default     = {}
}
