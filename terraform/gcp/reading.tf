# What the steps may read of the clouds: terraform/access/gcp-role.yaml, which a test holds against what the program asks for,
# in two roles. The plan discovers; the scan asks for one cluster and connects to it. The sweep reads the store alone.
# No permission holds a wildcard. What a cluster itself shows to the scan is RBAC's: see cluster-access/.

locals {
  role_prefix = replace(var.name, "-", "_")
  all_reading = yamldecode(file("${path.module}/../access/gcp-role.yaml")).includedPermissions

  reading = {
    plan = setsubtract(local.all_reading, ["container.clusters.connect"])
    scan = setintersection(local.all_reading, ["container.clusters.connect", "container.clusters.get"])
  }

  # IAM takes these in roles of an organization only (its page "Support levels for permissions in custom roles"); projects that
  # are named need neither.
  of_organizations = ["resourcemanager.folders.list", "resourcemanager.projects.list"]

  organization = var.scope.organization
  projects     = local.organization != null ? toset([]) : length(var.scope.projects) > 0 ? var.scope.projects : toset([var.project])

  in_projects = { for pair in setproduct(keys(local.reading), local.projects) : "${pair[0]}/${pair[1]}" => { step = pair[0], project = pair[1] } }
  in_folders  = { for pair in setproduct(keys(local.reading), var.scope.folders) : "${pair[0]}/${pair[1]}" => { step = pair[0], folder = pair[1] } }
}

resource "google_organization_iam_custom_role" "reading" {
  for_each    = { for step, permissions in local.reading : step => permissions if local.organization != null }
  org_id      = local.organization
  role_id     = "${local.role_prefix}_${each.key}"
  title       = "ringfence: ${each.key}"
  permissions = each.value
}

resource "google_organization_iam_member" "reading" {
  for_each = { for step, permissions in local.reading : step => permissions if local.organization != null && length(var.scope.folders) == 0 }
  org_id   = local.organization
  role     = google_organization_iam_custom_role.reading[each.key].name
  member   = google_service_account.step[each.key].member
}

resource "google_folder_iam_member" "reading" {
  for_each = local.in_folders
  folder   = "folders/${each.value.folder}"
  role     = google_organization_iam_custom_role.reading[each.value.step].name
  member   = google_service_account.step[each.value.step].member
}

resource "google_project_iam_custom_role" "reading" {
  for_each    = local.in_projects
  project     = each.value.project
  role_id     = "${local.role_prefix}_${each.value.step}"
  title       = "ringfence: ${each.value.step}"
  permissions = setsubtract(local.reading[each.value.step], local.of_organizations)
}

resource "google_project_iam_member" "reading" {
  for_each = local.in_projects
  project  = each.value.project
  role     = google_project_iam_custom_role.reading[each.key].id
  member   = google_service_account.step[each.value.step].member
}
