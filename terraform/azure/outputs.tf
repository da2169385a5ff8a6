output "store" {
  description = "The store's URL, for `ringfence report` with AZURE_STORAGE_ACCOUNT_NAME set to output `store_account`."
  value       = "az://${azurerm_storage_container.runs.name}"
}

output "store_account" {
  description = "The name of the storage account that runs are kept in."
  value       = azurerm_storage_account.store.name
}

output "host_account" {
  description = "The name of the storage account that the queues are in."
  value       = azurerm_storage_account.host.name
}

output "plans_queue" {
  description = "A message with a time (RFC 3339, UTC) put here is a run that is due then."
  value       = "${local.queue}-plans"
}

output "principal_id" {
  description = "The object id of the identity that discovers and reads: what cluster-access/ and terraform/access/aks-binding.yaml bind."
  value       = azurerm_user_assigned_identity.this.principal_id
}

output "app" {
  description = "The function app's name."
  value       = local.app
}

output "workspace_id" {
  description = "The Log Analytics workspace with the functions' lines."
  value       = azurerm_log_analytics_workspace.this.id
}
