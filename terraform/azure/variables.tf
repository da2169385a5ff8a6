# What has to be said, what runs and when. The store, networks and alerts: variables_options.tf.

variable "name" {
  description = "What everything is called, and begins with. Two deployments in one resource group need two names."
  type        = string
  default     = "ringfence"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,18}[a-z0-9]$", var.name)) && !strcontains(var.name, "--")
    error_message = "name: 3 to 20 lower-case letters, digits and single hyphens, a letter first: queues are called so too."
  }
}

variable "resource_group" {
  description = "The name of a resource group that exists; everything but the role that reads clusters goes there, and to its region."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9_.()-]{1,89}[A-Za-z0-9_()-]$", var.resource_group))
    error_message = "resource_group: the name of a resource group."
  }
}

variable "zip" {
  description = "The functions' code: the path of the zip that `make bundles` leaves for Azure."
  type        = string

  validation {
    condition     = fileexists(var.zip)
    error_message = "zip: there is no such file: run `make bundles`, and name the zip for Azure."
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
    Which clusters may be found and read: those below `management_groups` (their ids), or of `subscriptions` (their ids). Nothing
    said: those of the functions' own subscription. `settings` says which of them are.
  E
  type = object({
    management_groups = optional(set(string), [])
    subscriptions     = optional(set(string), [])
  })
  default = {}

  validation {
    condition     = alltrue([for each in var.scope.management_groups : can(regex("^[A-Za-z0-9_.()-]{1,90}$", each))])
    error_message = "scope: management_groups: their ids (not display names), as landing-zones."
  }
  validation {
    condition     = alltrue([for each in var.scope.subscriptions : can(regex("^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", each))])
    error_message = "scope: subscriptions: their ids, as 00000000-0000-0000-0000-000000000000, in lower case."
  }
}

variable "schedule" {
  description = "When a run is due, in UTC: an NCRONTAB expression of Azure Functions, which begins with seconds."
  type        = string
  default     = "0 0 5 * * *"

  validation {
    condition     = length(split(" ", var.schedule)) == 6
    error_message = "schedule: six fields, as 0 0 5 * * * for five o'clock; the first are seconds."
  }
}

variable "enabled" {
  description = "Whether runs are planned on schedule; false stops them and leaves everything else."
  type        = bool
  default     = true
}

variable "hosting" {
  description = "`flex` (Flex Consumption: nothing while idle) or `premium` (Elastic Premium EP1, for regions without Flex; always costs one instance)."
  type        = string
  default     = "flex"

  validation {
    condition     = contains(["flex", "premium"], var.hosting)
    error_message = "hosting: flex or premium."
  }
}

variable "runtime" {
  description = "The Python that the zip was built for."
  type        = string
  default     = "3.12"

  validation {
    condition     = contains(["3.11", "3.12", "3.13"], var.runtime)
    error_message = "runtime: 3.11, 3.12 or 3.13, as the zip was built."
  }
}

variable "scan" {
  description = "One delivery's time-out in seconds, an instance's memory in MB (of `flex`), and how many clusters are scanned at once."
  type = object({
    timeout = optional(number, 600)
    memory  = optional(number, 2048)
    at_once = optional(number, 40)
  })
  default = {}

  validation {
    condition     = var.scan.timeout >= 60 && var.scan.timeout <= 1800 && floor(var.scan.timeout) == var.scan.timeout
    error_message = "scan: timeout: 60 to 1800 seconds."
  }
  validation {
    condition     = contains([512, 2048, 4096], var.scan.memory)
    error_message = "scan: memory: 512, 2048 or 4096, the sizes of Flex Consumption."
  }
  validation {
    condition     = var.hosting == "flex" ? var.scan.at_once >= 40 && var.scan.at_once <= 1000 : var.scan.at_once >= 1 && var.scan.at_once <= 100
    error_message = "scan: at_once: 40 to 1000 with flex (the provider's bounds), 1 to 100 with premium."
  }
}

variable "tries" {
  description = "How often a cluster's scan is tried before it is a poison message."
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
}

variable "environment" {
  description = "Further settings of the function app: proxies, or what credentials of other clouds need. No secrets."
  type        = map(string)
  default     = {}

  validation {
    condition = alltrue([
      for name in keys(var.environment) :
      can(regex("^[A-Za-z_][A-Za-z0-9_.]*$", name)) && !can(regex("^(RINGFENCE_|AzureWebJobs|AzureFunctionsJobHost|WEBSITE_RUN)", name)) && !contains(["AZURE_CLIENT_ID", "AZURE_STORAGE_ACCOUNT_NAME"], name)
    ])
    error_message = "environment: names of variables, none that this module sets itself (RINGFENCE_..., AzureWebJobs..., AZURE_CLIENT_ID)."
  }
}
