# Every subscription below a management group: private clusters through a VNet, immutable runs, and a cluster that the identity is let
# into.

terraform {
  required_version = ">= 1.9.0"

  required_providers {
    azurerm = {
      source  = "hashicorp/azurerm"
      version = ">= 4.55.0, < 5.0.0"
    }
    kubernetes = {
      source  = "hashicorp/kubernetes"
      version = ">= 2.38.0, < 3.0.0"
    }
  }
}

variable "subscription" {
  description = "The id of the subscription that the scanner lives in."
  type        = string
}

variable "resource_group" {
  description = "A resource group of it."
  type        = string
}

variable "management_group" {
  description = "The id of the management group."
  type        = string
}

variable "subnet_id" {
  description = "A subnet, delegated to Microsoft.App/environments, whose VNet resolves and reaches the private clusters."
  type        = string
}

variable "zip" {
  description = "The zip that `make bundles` left for Azure."
  type        = string
}

variable "alert_emails" {
  description = "Who is told."
  type        = set(string)
  default     = []
}

variable "cluster_context" {
  description = "The kubeconfig's context of a cluster that the identity is let into: one such block for each cluster."
  type        = string
}

provider "azurerm" {
  subscription_id     = var.subscription
  storage_use_azuread = true # the storage accounts take no keys

  features {}
}

provider "kubernetes" {
  config_path    = "~/.kube/config"
  config_context = var.cluster_context
}

module "ringfence" {
  source = "../../azure"

  resource_group = var.resource_group
  zip            = var.zip
  schedule       = "0 0 */6 * * *"
  settings       = <<-E
    sources:
    - azure: {managementGroups: [${var.management_group}]}
    baseline:
      tiers: {"*-dev": dev}
  E

  scope        = { management_groups = [var.management_group] }
  scan         = { at_once = 100 }
  vnet         = { subnet_id = var.subnet_id }
  keep         = { days = 800, archive_after = 60, replaced = 400 }
  immutability = { days = 400 }
  alerts       = { missing_hours = 13, drop = 3 }
  alert_emails = var.alert_emails
}

module "cluster" {
  source = "../../azure/cluster-access"

  object_id = module.ringfence.principal_id
}

output "store" {
  description = "Where the runs are."
  value       = module.ringfence.store
}

output "store_account" {
  description = "The storage account they are in."
  value       = module.ringfence.store_account
}
