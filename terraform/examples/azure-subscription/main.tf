# One subscription: its own clusters, once a day.

terraform {
  required_version = ">= 1.9.0"

  required_providers {
    azurerm = {
      source  = "hashicorp/azurerm"
      version = ">= 4.55.0, < 5.0.0"
    }
  }
}

variable "subscription" {
  description = "The id of the subscription."
  type        = string
}

variable "resource_group" {
  description = "A resource group that exists."
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

provider "azurerm" {
  subscription_id     = var.subscription
  storage_use_azuread = true # the storage accounts take no keys

  features {}
}

module "ringfence" {
  source = "../../azure"

  resource_group = var.resource_group
  zip            = var.zip
  alert_emails   = var.alert_emails
  settings       = <<-E
    sources:
    - azure: {subscriptions: [${var.subscription}]}
  E
}

output "store" {
  description = "Where the runs are, in the storage account below."
  value       = module.ringfence.store
}

output "store_account" {
  description = "The storage account."
  value       = module.ringfence.store_account
}

output "principal_id" {
  description = "Whom to let into the clusters (terraform/azure/cluster-access)."
  value       = module.ringfence.principal_id
}
