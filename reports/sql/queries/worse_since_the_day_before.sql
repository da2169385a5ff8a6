-- What got worse between the two latest days of each cloud: fail is worse than unknown, that than waived, that than pass.
-- What was not there the day before (`absent`) counts as worse unless it passes; with one day alone there is nothing to say.
WITH days AS (
  SELECT d.cloud, d.day, row_number() OVER (PARTITION BY d.cloud ORDER BY d.day DESC) AS place
  FROM (SELECT DISTINCT f.cloud, f.day FROM findings_by_day AS f) AS d
),
ranked AS (
  SELECT
    f.finding_id, f.cloud, f.account, f.cluster_name, f.control_id, f.title, f.severity, f.subject, f.item_status,
    f.item_reason, f.day, d.place,
    CASE f.item_status WHEN 'fail' THEN 4 WHEN 'unknown' THEN 3 WHEN 'waived' THEN 2 WHEN 'pass' THEN 1 ELSE 0 END AS badness
  FROM findings_by_day AS f
  JOIN days AS d ON d.cloud = f.cloud AND d.day = f.day
  WHERE d.place <= 2
)
SELECT
  a.cloud, a.account, a.cluster_name, a.control_id, a.title, a.severity, a.subject,
  coalesce(b.item_status, 'absent') AS status_before,
  a.item_status AS status_after,
  a.item_reason AS reason,
  a.day,
  a.finding_id
FROM ranked AS a
LEFT JOIN ranked AS b ON b.finding_id = a.finding_id AND b.cloud = a.cloud AND b.place = 2
WHERE
  a.place = 1
  AND a.badness > coalesce(b.badness, 1)
  AND a.cloud IN (SELECT d.cloud FROM days AS d WHERE d.place = 2)
ORDER BY a.badness DESC, a.cloud, a.account, a.cluster_name, a.control_id, a.subject, a.finding_id;
