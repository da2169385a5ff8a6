# A whole organization: every six hours, private clusters through a connector, evidence that nobody can change, and a cluster that
# the scan is let into.

terraform {
  required_version = ">= 1.9.0"

  required_providers {
    google = {
      source  = "hashicorp/google"
      version = ">= 6.50.0, < 7.0.0"
    }
    kubernetes = {
      source  = "hashicorp/kubernetes"
      version = ">= 2.38.0, < 3.0.0"
    }
  }
}

variable "project" {
  description = "The id of the project that the scanner lives in."
  type        = string
}

variable "organization" {
  description = "The number of the organization."
  type        = string
}

variable "region" {
  description = "Where the functions and the store are."
  type        = string
  default     = "europe-west1"
}

variable "zip" {
  description = "The zip that `make bundles` left for Google Cloud."
  type        = string
}

variable "connector" {
  description = "A Serverless VPC Access connector into the hub that the private clusters are peered with."
  type        = string
}

variable "notification_channels" {
  description = "Who is told."
  type        = list(string)
  default     = []
}

variable "cluster_context" {
  description = "The kubeconfig's context of a cluster that the scan is let into: one such block for each cluster."
  type        = string
}

provider "google" {
  project = var.project
  region  = var.region
}

provider "kubernetes" {
  config_path    = "~/.kube/config"
  config_context = var.cluster_context
}

module "ringfence" {
  source = "../../gcp"

  project  = var.project
  region   = var.region
  zip      = var.zip
  schedule = "0 */6 * * *"
  settings = <<-E
    sources:
    - gcp: {organization: "${var.organization}"}
    baseline:
      tiers: {"*-dev": dev}
  E

  scope                 = { organization = var.organization }
  scan                  = { at_once = 40 }
  vpc                   = { connector = var.connector }
  keep                  = { days = 400, archive_after = 60 }
  locked_copy           = { days = 400 }
  alerts                = { missing_hours = 13, drop = 3 }
  notification_channels = var.notification_channels
}

module "cluster" {
  source = "../../gcp/cluster-access"

  service_account = module.ringfence.scan_account
}

output "store" {
  description = "Where the runs are."
  value       = module.ringfence.store
}
