# What has to be said, what runs and when. The store, networks and alerts: variables_options.tf.

variable "name" {
  description = "What everything is called, and begins with. Two deployments in one project need two names."
  type        = string
  default     = "ringfence"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,18}[a-z0-9]$", var.name))
    error_message = "name: 3 to 20 lower-case letters, digits and hyphens, a letter first: service accounts are called so too."
  }
}

variable "project" {
  description = "The id of the project that the functions and the store are in."
  type        = string

  validation {
    condition     = can(regex("^([a-z0-9.-]+:)?[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project))
    error_message = "project: the id of a project (not its number or name), as platform-audit-1."
  }
}

variable "region" {
  description = "Where functions and buckets are."
  type        = string

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.region))
    error_message = "region: a region that has Cloud Run functions and Cloud Scheduler, as europe-west1."
  }
}

variable "zip" {
  description = "The functions' code: the path of the zip that `make bundles` leaves for Google Cloud."
  type        = string

  validation {
    condition     = fileexists(var.zip)
    error_message = "zip: there is no such file: run `make bundles`, and name the zip for Google Cloud."
  }
}

variable "settings" {
  description = "The text of ringfence.yaml."
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

variable "scope" {
  description = <<-E
    Which clusters may be found and read: those of an `organization` (its number), of `folders` of it (their numbers), or of
    `projects` (their ids). Nothing said: those of the functions' own project. `settings` says which of them are.
  E
  type = object({
    organization = optional(string)
    folders      = optional(set(string), [])
    projects     = optional(set(string), [])
  })
  default = {}

  validation {
    condition     = var.scope.organization == null || can(regex("^[0-9]+$", var.scope.organization))
    error_message = "scope: organization: its number, as 123456789012."
  }
  validation {
    condition     = alltrue([for each in var.scope.folders : can(regex("^[0-9]+$", each))])
    error_message = "scope: folders: their numbers, as 345678901234."
  }
  validation {
    condition     = length(var.scope.folders) == 0 || var.scope.organization != null
    error_message = "scope: folders need organization too: a custom role that folders can have is one of the organization."
  }
  validation {
    condition     = length(var.scope.projects) == 0 || var.scope.organization == null
    error_message = "scope: projects, or an organization with or without folders: not both."
  }
}

variable "schedule" {
  description = "When a run is due: a cron expression of Cloud Scheduler."
  type        = string
  default     = "0 5 * * *"

  validation {
    condition     = length(split(" ", var.schedule)) == 5 || startswith(var.schedule, "every ")
    error_message = "schedule: five fields, as 0 5 * * *, or Cloud Scheduler's words, as every 12 hours."
  }
}

variable "time_zone" {
  description = "The zone that the schedule is meant in."
  type        = string
  default     = "Etc/UTC"

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

variable "runtime" {
  description = "The Python that the zip was built for."
  type        = string
  default     = "python312"

  validation {
    condition     = contains(["python311", "python312", "python313"], var.runtime)
    error_message = "runtime: python311, python312 or python313, as the zip was built."
  }
}

variable "plan" {
  description = "The functions that discover, plan and sweep: their time-out in seconds and memory in MiB."
  type = object({
    timeout = optional(number, 540)
    memory  = optional(number, 1024)
  })
  default = {}

  validation {
    # A push that is not answered within Pub/Sub's longest acknowledgement deadline, 600 s, is delivered again beside the first.
    condition     = var.plan.timeout >= 60 && var.plan.timeout <= 590 && var.plan.memory >= 512 && var.plan.memory <= 16384
    error_message = "plan: a time-out of 60 to 590 seconds, and 512 to 16384 MiB of memory."
  }
}

variable "scan" {
  description = "The function that scans one cluster: its time-out in seconds, memory in MiB, and how many run at once."
  type = object({
    timeout = optional(number, 300)
    memory  = optional(number, 2048)
    at_once = optional(number, 10)
  })
  default = {}

  validation {
    condition     = var.scan.timeout >= 60 && var.scan.timeout <= 590 && var.scan.memory >= 512 && var.scan.memory <= 16384
    error_message = "scan: a time-out of 60 to 590 seconds, and 512 to 16384 MiB of memory."
  }
  validation {
    condition     = var.scan.at_once >= 1 && var.scan.at_once <= 1000
    error_message = "scan: at_once: 1 to 1000."
  }
}

variable "tries" {
  description = <<-E
    How often a message is delivered before it is a dead letter. A delivery that Cloud Run turns away because every instance is
    busy counts as one, so this is more than a cluster needs.
  E
  type        = number
  default     = 10

  validation {
    condition     = var.tries >= 5 && var.tries <= 20 && floor(var.tries) == var.tries
    error_message = "tries: a whole number from 5 (Pub/Sub's least) to 20."
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
}

variable "environment" {
  description = "Further environment of the functions: proxies, or what credentials of other clouds need. No secrets."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for name in keys(var.environment) : can(regex("^[A-Za-z_][A-Za-z0-9_]*$", name)) && !startswith(name, "RINGFENCE_")])
    error_message = "environment: names of variables; RINGFENCE_... is set by this module."
  }
}
