-- How old what fails now is: the first day it was ever seen failing, and since which day it has not been seen otherwise.
WITH failing AS (
  SELECT f.finding_id, min(f.day) AS first_day, count(DISTINCT f.day) AS days_failing
  FROM findings_by_day AS f
  WHERE f.item_status = 'fail'
  GROUP BY f.finding_id
),
otherwise AS (
  SELECT f.finding_id, max(f.day) AS last_day
  FROM findings_by_day AS f
  WHERE f.item_status <> 'fail'
  GROUP BY f.finding_id
),
lasting AS (
  SELECT f.finding_id, min(f.day) AS since_day
  FROM findings_by_day AS f
  LEFT JOIN otherwise AS o ON o.finding_id = f.finding_id
  WHERE f.item_status = 'fail' AND (o.last_day IS NULL OR f.day > o.last_day)
  GROUP BY f.finding_id
)
SELECT
  l.since_day, a.first_day, a.days_failing, n.day,
  n.severity, n.control_id, n.cloud, n.account, n.cluster_name, n.subject, n.item_reason, n.finding_id
FROM findings_now AS n
JOIN failing AS a ON a.finding_id = n.finding_id
JOIN lasting AS l ON l.finding_id = n.finding_id
WHERE n.item_status = 'fail'
ORDER BY l.since_day, a.first_day, n.cloud, n.account, n.cluster_name, n.control_id, n.subject, n.finding_id;
