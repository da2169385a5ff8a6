-- How the outcomes of all subjects changed from day to day, by cloud.
SELECT
  f.day,
  f.cloud,
  count(DISTINCT NULLIF(f.cluster_id, '')) AS clusters,
  sum(CASE WHEN f.item_status = 'fail' THEN 1 ELSE 0 END) AS failing,
  sum(CASE WHEN f.item_status = 'unknown' THEN 1 ELSE 0 END) AS unknown_items,
  sum(CASE WHEN f.item_status = 'waived' THEN 1 ELSE 0 END) AS waived,
  sum(CASE WHEN f.item_status = 'pass' THEN 1 ELSE 0 END) AS passing,
  sum(CASE WHEN f.item_status = 'not_applicable' THEN 1 ELSE 0 END) AS not_applicable
FROM findings_by_day AS f
GROUP BY f.day, f.cloud
ORDER BY f.day, f.cloud;
