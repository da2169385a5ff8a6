terraform {
  required_version = ">= 1.9.0" # validations look at other variables

  required_providers {
    azurerm = {
      source  = "hashicorp/azurerm"
      version = ">= 4.55.0, < 5.0.0" # the storage accounts take no keys: set storage_use_azuread = true
    }
  }
}
