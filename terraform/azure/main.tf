# A scanner on a schedule: timers -> Storage queues -> Functions (plan, scan, sweep) -> Blob Storage. One app, one identity: the
# functions of an app share it.

data "azurerm_client_config" "this" {}

data "azurerm_resource_group" "this" {
  name = var.resource_group
}

locals {
  location = data.azurerm_resource_group.this.location
  group    = data.azurerm_resource_group.this.name

  # Names that have to be unique in the world.
  suffix        = substr(sha256("${data.azurerm_resource_group.this.id}/${var.name}"), 0, 8)
  short         = substr(replace(var.name, "-", ""), 0, 14)
  store_account = coalesce(var.store_account, "${local.short}${local.suffix}")
  host_account  = "${local.short}h${local.suffix}"
  app           = "${var.name}-${local.suffix}"

  # The settings' folder changes with them: so a change makes new instances, which read it.
  files           = merge(var.files, { "ringfence.yaml" = var.settings })
  settings_folder = substr(sha256(jsonencode(local.files)), 0, 16)

  queue  = "${var.name}-tasks"
  queues = [local.queue, "${local.queue}-plans"] # the second's name is functions/azure.py's
}
