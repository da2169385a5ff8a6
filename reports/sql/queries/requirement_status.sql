-- Requirements of the frameworks that the latest run was seen through (`audit --framework`), as that run found them.
SELECT
  r.framework,
  r.framework_version,
  r.requirement_id,
  r.status,
  r.clusters_fail,
  r.clusters_unknown,
  r.clusters_waived,
  r.clusters_pass,
  r.clusters_not_applicable,
  r.clusters_not_assessed,
  r.day,
  r.run_id
FROM requirements_now AS r
ORDER BY r.framework, r.framework_version, r.requirement_id;
