# One project: its own clusters, once a day.

terraform {
  required_version = ">= 1.9.0"

  required_providers {
    google = {
      source  = "hashicorp/google"
      version = ">= 6.50.0, < 7.0.0"
    }
  }
}

variable "project" {
  description = "The id of the project."
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

provider "google" {
  project = var.project
  region  = var.region
}

module "ringfence" {
  source = "../../gcp"

  project  = var.project
  region   = var.region
  zip      = var.zip
  settings = <<-E
    sources:
    - gcp: {projects: [${var.project}]}
  E
}

output "store" {
  description = "Where the runs are."
  value       = module.ringfence.store
}

output "scan_account" {
  description = "Whom to let into the clusters (terraform/gcp/cluster-access)."
  value       = module.ringfence.scan_account
}
