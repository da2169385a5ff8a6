terraform {
  required_version = ">= 1.9.0" # validations look at other variables

  required_providers {
    google = {
      source  = "hashicorp/google"
      version = ">= 6.50.0, < 7.0.0"
    }
  }
}
