# One account: every EKS cluster of it, each day at five. The scan's own role reads the clusters that `clusters` names.

terraform {
  required_version = ">= 1.9"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }
  }
}

provider "aws" {
  region = var.region
}

module "ringfence" {
  source   = "../../aws"
  zip      = var.zip
  settings = file("${path.module}/ringfence.yaml")

  alarm_topic = { emails = var.emails }
}

# Of this region; for those of another one, once more with a provider of that region.
module "cluster_access" {
  source        = "../../aws/cluster-access"
  for_each      = var.clusters
  cluster_name  = each.value
  principal_arn = module.ringfence.roles.scan
}
