-- Subjects that fail a critical control now, by account.
SELECT
  f.cloud,
  f.account,
  max(f.day) AS day,
  count(*) AS findings,
  count(DISTINCT NULLIF(f.cluster_id, '')) AS clusters,
  count(DISTINCT f.control_id) AS controls
FROM findings_now AS f
WHERE f.severity = 'critical' AND f.item_status = 'fail'
GROUP BY f.cloud, f.account
ORDER BY findings DESC, f.cloud, f.account;
