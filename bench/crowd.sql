-- Who the made-up workers are. %(count)s: how many. Every number by chance is a hash of the worker's number and a salt, so
-- that a larger crowd is the smaller one and more. Statements end in a line of their own: ";"

CREATE FUNCTION pg_temp.u(i int8, salt int8) RETURNS float8 IMMUTABLE LANGUAGE sql AS $$
    SELECT ((hashint8extended(i, salt) >> 11) & 9007199254740991)::float8 / 9007199254740992
$$
;
CREATE TEMPORARY TABLE drawn AS
SELECT i::int4, i %% 1000 = 0 AS is_fijian, i %% 2000 = 1 AS is_polar,
       width_bucket(pg_temp.u(i, 1), (SELECT array_agg(until ORDER BY n) FROM town)) AS town,
       pg_temp.u(i, 2) < 0.08 AS is_rural,
       -ln((1 - pg_temp.u(i, 3)) * (1 - pg_temp.u(i, 4))) AS scales,
       2 * pi() * pg_temp.u(i, 5) AS direction,
       pg_temp.u(i, 6) AS u_type, pg_temp.u(i, 7) AS u_company, pg_temp.u(i, 8) AS u_community,
       pg_temp.u(i, 9) AS u_state, pg_temp.u(i, 10) < 0.3 AS is_busy, pg_temp.u(i, 11) AS u_capacity
  FROM generate_series(1, %(count)s) i
;
CREATE TEMPORARY TABLE placed AS
WITH scattered AS (
    SELECT d.*, t.country, t.name AS town_name,
           t.lat AS town_lat, t.lon AS town_lon,
           d.scales * CASE WHEN is_rural THEN 15 ELSE t.scale_km END / 111.195 AS degrees
      FROM drawn d JOIN town t ON t.n = LEAST(d.town, (SELECT max(n) FROM town))
), somewhere AS (
    SELECT s.*,
           CASE WHEN is_fijian THEN -16.8 + 0.4 * (pg_temp.u(i, 12) - 0.5)
                WHEN is_polar THEN 89.3 + 0.6 * pg_temp.u(i, 12)
                ELSE town_lat + degrees * sin(direction) END AS lat,
           CASE WHEN is_fijian THEN 180 + 0.6 * (pg_temp.u(i, 13) - 0.5)
                WHEN is_polar THEN 360 * pg_temp.u(i, 13) - 180
                ELSE town_lon + degrees * cos(direction) / cos(radians(town_lat)) END AS lon
      FROM scattered s
)
SELECT i, town_name, country, u_company, u_community, is_busy, u_capacity,
       round(lat::numeric, 5) AS lat,
       round((CASE WHEN lon > 180 THEN lon - 360 ELSE lon END)::numeric, 5) AS lon,
       pg_temp.u(i, 14) >= 0.01 OR is_fijian OR is_polar AS is_located,
       CASE WHEN u_type < 0.03 THEN 'technician' WHEN u_type < 0.05 THEN 'partner_staff'
            WHEN u_type < 0.32 THEN 'professional' ELSE 'friend' END AS worker_type,
       CASE WHEN u_company < 0.7 OR is_fijian OR is_polar THEN 0
            WHEN u_company < 0.9 THEN 1 ELSE 2 END AS company,
       CASE WHEN u_state < 0.90 THEN 'active' WHEN u_state < 0.94 THEN 'applied'
            WHEN u_state < 0.95 THEN 'verified' WHEN u_state < 0.98 THEN 'paused'
            ELSE 'left' END AS state
  FROM somewhere
;
-- kind of community: 0 own technicians, 1 specialists (5 %% of the first company), 2 professionals, 3 neighbours
CREATE TEMPORARY TABLE person AS
SELECT i, i + %(last_partner)s AS partner_id, i + %(last_worker)s AS worker_id,
       p.town_name, t.id AS country_id, p.is_located, p.worker_type, p.state,
       CASE WHEN is_located THEN lat ELSE 0 END AS lat,
       CASE WHEN is_located THEN lon ELSE 0 END AS lon,
       p.company,
       CASE WHEN worker_type = 'technician' THEN 0 WHEN company = 0 AND u_community < 0.05 THEN 1
            WHEN worker_type = 'professional' THEN 2 ELSE 3 END AS kind,
       is_busy AND state = 'active' AS is_busy,
       CASE WHEN is_busy OR u_capacity < 0.7 THEN 1 WHEN u_capacity < 0.9 THEN 2 ELSE 3 END AS capacity,
       CASE WHEN pg_temp.u(i, 15) < 0.1 THEN 2 ELSE 0 END AS daily_cap,
       CASE WHEN pg_temp.u(i, 16) < 0.2 THEN (ARRAY[10, 20, 50])[1 + floor(3 * pg_temp.u(i, 17))::int]
            ELSE 0 END AS own_radius_km,
       CASE WHEN pg_temp.u(i, 18) < 0.6 THEN ceil(-8 * ln(1 - pg_temp.u(i, 19)))::int ELSE 0 END AS ratings,
       round((5 - 2.2 * pg_temp.u(i, 20) ^ 2)::numeric, 2) AS stars,
       0.7 + 0.3 * pg_temp.u(i, 21) AS success,
       CASE WHEN worker_type = 'professional' THEN round((15 + 45 * pg_temp.u(i, 22))::numeric, 2)
            ELSE 0 END AS cost_rate,
       CASE WHEN pg_temp.u(i, 23) < 0.05 AND state = 'active' THEN 1 + floor(4 * pg_temp.u(i, 24))::int
            ELSE 0 END AS recent_offers,
       CASE WHEN pg_temp.u(i, 40) < 0.03 THEN 'away' WHEN pg_temp.u(i, 40) < 0.05 THEN 'available'
            ELSE 'calendar' END AS presence,
       pg_temp.u(i, 41) AS hours
  FROM placed p JOIN res_country t ON t.code = p.country
;
-- most have one membership; some are in a second community of their company, some in another company
CREATE TEMPORARY TABLE member AS
WITH joined AS (
    SELECT i, company, kind, TRUE AS is_first FROM person
    UNION ALL
    SELECT i, company, 5 - kind, FALSE FROM person WHERE kind IN (2, 3) AND pg_temp.u(i, 25) < 0.04
    UNION ALL
    SELECT i, (company + 1) %% 3, kind, FALSE FROM person
     WHERE kind IN (2, 3) AND pg_temp.u(i, 26) < 0.03
)
SELECT p.*, j.company AS in_company, j.is_first, c.community_id, c.company_id, c.name AS community_name,
       %(last_membership)s + (row_number() OVER (ORDER BY NOT j.is_first, j.company <> p.company, j.i))::int
       AS membership_id
  FROM joined j
  JOIN person p ON p.i = j.i
  JOIN community c ON c.company = j.company AND c.kind = j.kind
;
ANALYZE person
;
ANALYZE member
;
-- jobs: an accepted offer with its own ticket and dispatch for everybody who is busy; tickets that were solved; rounds of
-- ten who were asked lately and did not take it
CREATE TEMPORARY TABLE job AS
SELECT m.*, (row_number() OVER (ORDER BY i))::int AS k,
       %(last_ticket)s + (row_number() OVER (ORDER BY i))::int AS ticket_id,
       %(last_dispatch)s + (row_number() OVER (ORDER BY i))::int AS dispatch_id,
       %(last_offer)s + (row_number() OVER (ORDER BY i))::int AS offer_id,
       %(now)s::timestamp - (1 + floor(9 * 24 * 60 * pg_temp.u(i, 27))) * interval '1 minute' AS sent_at
  FROM member m
 WHERE is_first AND is_busy
;
CREATE TEMPORARY TABLE solved AS
SELECT m.*, n AS times, (row_number() OVER (ORDER BY i, n))::int AS k,
       (SELECT max(ticket_id) FROM job) + (row_number() OVER (ORDER BY i, n))::int AS ticket_id,
       (SELECT max(dispatch_id) FROM job) + (row_number() OVER (ORDER BY i, n))::int AS dispatch_id,
       (SELECT max(offer_id) FROM job) + (row_number() OVER (ORDER BY i, n))::int AS offer_id,
       %(now)s::timestamp - (30 + floor(300 * pg_temp.u(i, 33 + n))) * interval '1 day' AS sent_at
  FROM member m, generate_series(1, 3) n
 WHERE is_first AND ratings > 0 AND pg_temp.u(i, 32) < 0.15 AND n <= 1 + floor(3 * pg_temp.u(i, 33))
;
CREATE TEMPORARY TABLE asked AS
SELECT m.*, n AS times,
       (SELECT max(offer_id) FROM solved) + (row_number() OVER (ORDER BY i, n))::int AS offer_id,
       ((row_number() OVER (PARTITION BY company_id ORDER BY i, n) - 1) / 10)::int AS batch,
       %(now)s::timestamp - (60 + floor(6.9 * 24 * 60 * pg_temp.u(i, 28 + n))) * interval '1 minute' AS sent_at
  FROM member m, generate_series(1, 4) n
 WHERE is_first AND n <= recent_offers
;
CREATE TEMPORARY TABLE batch AS
SELECT company_id, batch,
       (SELECT max(ticket_id) FROM solved) + (row_number() OVER (ORDER BY company_id, batch))::int AS ticket_id,
       (SELECT max(dispatch_id) FROM solved) + (row_number() OVER (ORDER BY company_id, batch))::int AS dispatch_id
  FROM (SELECT DISTINCT company_id, batch FROM asked) b
;
