-- Controls by the clusters on which they fail now; what is judged across clusters counts as one.
SELECT
  f.control_id,
  max(f.title) AS title,
  max(f.severity) AS severity,
  count(DISTINCT f.cluster_id) AS clusters,
  sum(CASE WHEN f.item_status = 'fail' THEN 1 ELSE 0 END) AS findings
FROM findings_now AS f
WHERE f.status = 'fail'
GROUP BY f.control_id
ORDER BY clusters DESC, findings DESC, f.control_id;
