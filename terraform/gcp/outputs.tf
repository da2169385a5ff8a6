output "store" {
  description = "The store's URL, for `ringfence report` and `RINGFENCE_STORE` of other deployments."
  value       = "gs://${google_storage_bucket.store.name}"
}

output "scan_account" {
  description = "The service account that reads clusters: what cluster-access/ and terraform/access/gke-binding.yaml bind."
  value       = google_service_account.step["scan"].email
}

output "plan_account" {
  description = "The service account that discovers."
  value       = google_service_account.step["plan"].email
}

output "plans_topic" {
  description = "A message published here, with any body, is a run that is due now."
  value       = google_pubsub_topic.of["plans"].id
}

output "dead_letters" {
  description = "The subscription that dead letters wait in."
  value       = google_pubsub_subscription.dead.id
}

output "locked_copy" {
  description = "The URL of the locked copy; null where there is none."
  value       = try("gs://${google_storage_bucket.copy[0].name}", null)
}
