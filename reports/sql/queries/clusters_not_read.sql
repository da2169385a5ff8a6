-- Clusters that could not be read, or only in part. Why an unread one could not stands in `evidence` of its findings.
SELECT
  f.cloud,
  f.account,
  f.location,
  f.cluster_name,
  f.cluster_id,
  f.read_state,
  max(f.day) AS day,
  count(DISTINCT CASE WHEN f.status = 'unknown' THEN f.control_id END) AS controls_unknown
FROM findings_now AS f
WHERE f.read_state NOT IN ('complete', '')
GROUP BY f.cloud, f.account, f.location, f.cluster_name, f.cluster_id, f.read_state
ORDER BY f.read_state DESC, f.cloud, f.account, f.location, f.cluster_name, f.cluster_id;
