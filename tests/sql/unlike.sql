-- Pairs of queries that look alike and give other rows; test_canonical_by_engine.py runs them.

SELECT x.i, odd.i FROM odd x JOIN (SELECT 1 AS i, 2 AS odd) odd ON x.i = 3;
SELECT odd.i, odd.i FROM odd x JOIN (SELECT 1 AS i, 2 AS odd) odd ON x.i = 3;

SELECT (st).a FROM odd JOIN (SELECT 5 AS a) st ON true;
SELECT st.a FROM odd JOIN (SELECT 5 AS a) st ON true;

SELECT st.a, o.a FROM odd;
SELECT o.a, st.a FROM odd;

SELECT x.l.list_sum() FROM odd x JOIN odd y ON x.i = y.j;
SELECT x.l.list_sum() FROM odd y JOIN odd x ON y.i = x.j;

SELECT x.s.lower() AS v FROM odd x JOIN odd y ON x.i = y.i + 1;
SELECT x.s.lower() AS v FROM odd y JOIN odd x ON y.i = x.i + 1;

SELECT list_transform(x.l, lambda o: o + x.i) FROM odd x JOIN odd o ON x.i = o.j;
SELECT list_transform(x.l, lambda o: o + o.i) FROM odd x JOIN odd o ON x.i = o.j;

SELECT x.i FROM odd x, odd y WHERE EXISTS (SELECT 1 FROM odd x WHERE x.i = y.i AND x.j = 1) AND x.i < 2;
SELECT x.i FROM odd x, odd y WHERE EXISTS (SELECT 1 FROM odd z WHERE z.i = y.i AND x.j = 1) AND x.i < 2;

WITH odd AS (SELECT 1 AS i) SELECT i FROM odd;
WITH x AS (SELECT 1 AS i) SELECT i FROM odd;

WITH c AS (SELECT 1 AS i), d AS (WITH c AS (SELECT 2 AS i) SELECT i FROM c) SELECT i FROM d;
WITH c AS (SELECT 1 AS i), d AS (WITH e AS (SELECT 2 AS i) SELECT i FROM c) SELECT i FROM d;

WITH odd AS (SELECT i + 1 AS i FROM odd) SELECT i FROM odd;
WITH x AS (SELECT i + 1 AS i FROM odd) SELECT i FROM odd;

WITH c AS (SELECT st.a FROM odd) SELECT c.a FROM c JOIN odd AS st ON st.i = 1;
WITH c AS (SELECT o.a FROM odd) SELECT c.a FROM c JOIN odd AS o ON o.i = 1;

SELECT straße.i FROM odd straße JOIN odd strasse ON straße.i = strasse.j;
SELECT strasse.i FROM odd straße JOIN odd strasse ON straße.i = strasse.j;

WITH É AS (SELECT 1 AS i), é AS (SELECT 2 AS i) SELECT i FROM é;
WITH É AS (SELECT 1 AS i), é AS (SELECT 2 AS i) SELECT i FROM É;

SELECT É FROM (SELECT 1 AS É, 2 AS é);
SELECT é FROM (SELECT 1 AS É, 2 AS é);

SELECT {'A': 1}::VARCHAR;
SELECT {a: 1}::VARCHAR;

SELECT row_to_json({A: i}) FROM odd;
SELECT row_to_json({a: i}) FROM odd;

SELECT x.i FROM odd x, (odd y JOIN odd z ON y.i = z.j) WHERE x.i = 1;
SELECT x.i FROM odd x, (odd y JOIN odd z ON x.i = z.j) WHERE x.i = 1;

SELECT (i + j) * k FROM odd;
SELECT i + j * k FROM odd;

SELECT i - (j - k) FROM odd;
SELECT (i - j) - k FROM odd;

SELECT i / (j + 1) / 2 FROM odd;
SELECT i / ((j + 1) / 2) FROM odd;

SELECT NOT (b AND i > 3) FROM odd;
SELECT NOT b AND i > 3 FROM odd;

SELECT (i = j) IS NULL FROM odd;
SELECT i = (j IS NULL) FROM odd;

SELECT -i ^ 2 FROM odd;
SELECT -(i ^ 2) FROM odd;

SELECT 2 ^ i ^ 2 FROM odd;
SELECT 2 ^ (i ^ 2) FROM odd;

SELECT i BETWEEN 1 AND 3 AND b FROM odd;
SELECT i BETWEEN 1 AND (3 AND b)::INT FROM odd;

SELECT NOT i BETWEEN 1 AND 3 FROM odd;
SELECT NOT i BETWEEN 1 AND 30 FROM odd;

SELECT i | j + 1 FROM odd;
SELECT (i | j) + 1 FROM odd;

SELECT i << j + 1 FROM odd;
SELECT (i << j) + 1 FROM odd;

SELECT (i || j)::INT + 1 FROM odd;
SELECT i || j::INT + 1 FROM odd;

SELECT i FROM odd WHERE (b OR i = 1) AND j = 2;
SELECT i FROM odd WHERE b OR (i = 1 AND j = 2);

SELECT i FROM odd WHERE b OR i = 1 AND j = 1;
SELECT i FROM odd WHERE (b OR i = 1) AND j = 1;

SELECT js -> 'a.b' FROM odd;
SELECT js -> '$.a.b' FROM odd;

SELECT js ->> 'A' FROM odd;
SELECT js ->> 'a' FROM odd;

SELECT json_keys(js) FROM odd;
SELECT json_keys(js, '$.a') FROM odd;

SELECT any_value(i ORDER BY i) FROM odd;
SELECT any_value(i ORDER BY i DESC) FROM odd;

SELECT strftime(ts, '%d') FROM odd;
SELECT strftime(ts, '%-d') FROM odd;

SELECT 'a' || 'B';
SELECT 'A' || 'B';

SELECT E'a\nb';
SELECT 'a\nb';

SELECT 1.0;
SELECT 1;

SELECT 5 / 2;
SELECT 5 // 2;

SELECT i % 3 FROM odd;
SELECT i // 3 FROM odd;

SELECT i FROM odd LIMIT 50;
SELECT i FROM odd LIMIT 50%;

SELECT count(i), count(*) FROM odd;
SELECT count(k), count(*) FROM odd;

SELECT sum(k) FROM odd;
SELECT sum(DISTINCT j) FROM odd;

SELECT sum(i) FILTER (WHERE b) FROM odd;
SELECT sum(i) FILTER (WHERE NOT b) FROM odd;

SELECT list(i ORDER BY j, i) FROM odd;
SELECT list(i ORDER BY j DESC, i) FROM odd;

SELECT string_agg(s, ',' ORDER BY i) FROM odd;
SELECT string_agg(s, ';' ORDER BY i) FROM odd;

SELECT first(k ORDER BY k NULLS FIRST) FROM odd;
SELECT first(k ORDER BY k) FROM odd;

SELECT quantile_cont(i, 0.5) FROM odd;
SELECT quantile_disc(i, 0.5) FROM odd;

SELECT trunc(2.57);
SELECT round(2.57);

SELECT round(2.57, 1);
SELECT round(2.57);

SELECT log(8);
SELECT log2(8);

SELECT log(2, 8);
SELECT log(8, 2);

SELECT stddev_pop(i) FROM odd;
SELECT stddev_samp(i) FROM odd;

SELECT date_diff('day', DATE '2024-01-31', DATE '2024-03-01');
SELECT date_sub('month', DATE '2024-01-31', DATE '2024-03-01');

SELECT dayofweek(DATE '2024-03-03');
SELECT isodow(DATE '2024-03-03');

SELECT strlen('ä');
SELECT length('ä');

SELECT substr('abc', 2);
SELECT substr('abc', 2, 1);

SELECT s LIKE 'b' FROM odd;
SELECT s ILIKE 'b' FROM odd;

SELECT regexp_matches(s || 'x', 'b') FROM odd;
SELECT regexp_full_match(s || 'x', 'b') FROM odd;

SELECT ts::TIMESTAMPTZ AT TIME ZONE 'UTC' FROM odd;
SELECT ts::TIMESTAMPTZ AT TIME ZONE 'Europe/Berlin' FROM odd;

SELECT date_trunc('day', ts::TIMESTAMPTZ AT TIME ZONE 'America/New_York') FROM odd;
SELECT date_trunc('day', ts::TIMESTAMPTZ) AT TIME ZONE 'America/New_York' FROM odd;

SELECT ts + INTERVAL 1 MONTH FROM odd;
SELECT ts + INTERVAL '1' DAY FROM odd;

SELECT TRY_CAST(s AS INT) FROM odd;
SELECT TRY_CAST(s || '1' AS INT) FROM odd;

SELECT 2.5::INT;
SELECT 2.5::DECIMAL(3, 1);

SELECT i::FLOAT / 3 FROM odd;
SELECT i::DOUBLE / 3 FROM odd;

SELECT i IS DISTINCT FROM k FROM odd;
SELECT i <> k FROM odd;

SELECT * EXCLUDE (i) FROM odd;
SELECT * EXCLUDE (j) FROM odd;

SELECT * REPLACE (i + 1 AS i) FROM odd;
SELECT * REPLACE (i + 1 AS j) FROM odd;

SELECT COLUMNS('i|j') FROM odd;
SELECT COLUMNS('i|k') FROM odd;

SELECT x.* FROM odd x JOIN odd y ON x.i = y.j;
SELECT y.* FROM odd x JOIN odd y ON x.i = y.j;

SELECT j, sum(i) FROM odd GROUP BY ROLLUP (j);
SELECT j, sum(i) FROM odd GROUP BY CUBE (j), j;

SELECT j, b, sum(i) FROM odd GROUP BY GROUPING SETS ((j, b), ());
SELECT j, b, sum(i) FROM odd GROUP BY GROUPING SETS ((j), (b));

SELECT j, sum(i) FROM odd GROUP BY 1;
SELECT 1, sum(i) FROM odd GROUP BY j;

SELECT i AS j, j AS i FROM odd ORDER BY i LIMIT 3;
SELECT i AS j, j AS i FROM odd ORDER BY odd.i LIMIT 3;

SELECT i FROM odd ORDER BY 1 DESC LIMIT 2;
SELECT i FROM odd ORDER BY 1 LIMIT 2;

SELECT i FROM odd ORDER BY i LIMIT 2 OFFSET 1;
SELECT i FROM odd ORDER BY i LIMIT 1 OFFSET 2;

SELECT DISTINCT ON (j) i FROM odd ORDER BY j, i;
SELECT DISTINCT i FROM odd ORDER BY i;

SELECT DISTINCT ON (j) i FROM odd ORDER BY j, i;
SELECT DISTINCT ON (b) i FROM odd ORDER BY b, i;

SELECT i FROM odd QUALIFY row_number() OVER (ORDER BY i) < 3;
SELECT i FROM odd QUALIFY row_number() OVER (ORDER BY i DESC) < 3;

SELECT sum(i) OVER (ORDER BY j ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM odd ORDER BY i;
SELECT sum(i) OVER (ORDER BY j RANGE BETWEEN 1 PRECEDING AND CURRENT ROW) FROM odd ORDER BY i;

SELECT sum(i) OVER (ORDER BY i ROWS UNBOUNDED PRECEDING) FROM odd;
SELECT sum(i) OVER (ORDER BY i ROWS BETWEEN UNBOUNDED PRECEDING AND 1 FOLLOWING) FROM odd;

SELECT sum(i) OVER (ORDER BY i ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW EXCLUDE CURRENT ROW) FROM odd;
SELECT sum(i) OVER (ORDER BY i ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) FROM odd;

SELECT sum(i) OVER w FROM odd WINDOW w AS (ORDER BY i), v AS (ORDER BY j);
SELECT sum(i) OVER v FROM odd WINDOW w AS (ORDER BY i), v AS (ORDER BY j);

SELECT last_value(k IGNORE NULLS) OVER (ORDER BY i) FROM odd;
SELECT last_value(k) OVER (ORDER BY i) FROM odd;

SELECT lag(i, 1) OVER (ORDER BY i) FROM odd;
SELECT lead(i, 1) OVER (ORDER BY i) FROM odd;

SELECT i FROM odd UNION ALL SELECT j FROM odd INTERSECT SELECT 1;
(SELECT i FROM odd UNION ALL SELECT j FROM odd) INTERSECT SELECT 1;

SELECT i FROM odd EXCEPT (SELECT j FROM odd UNION SELECT 7);
SELECT i FROM odd EXCEPT SELECT j FROM odd UNION SELECT 7;

SELECT j FROM odd EXCEPT ALL SELECT 1;
SELECT j FROM odd EXCEPT SELECT 1;

SELECT i AS x, j AS y FROM odd UNION ALL BY NAME SELECT i AS y, j AS x FROM odd;
SELECT i AS x, j AS y FROM odd UNION ALL SELECT i AS y, j AS x FROM odd;

SELECT i FROM odd UNION ALL (SELECT i FROM odd ORDER BY i LIMIT 1);
SELECT i FROM odd UNION ALL SELECT i FROM odd ORDER BY i LIMIT 1;

SELECT o.i + 1 FROM odd o UNION ALL BY NAME SELECT o.i + 1 FROM odd o;
SELECT o.i + 1 FROM odd o UNION ALL BY NAME SELECT p.i + 1 FROM odd p;

SELECT x.i FROM odd x LEFT JOIN odd y ON x.i = y.j LEFT JOIN odd z ON y.i = z.j;
SELECT x.i FROM odd x LEFT JOIN (odd y JOIN odd z ON y.i = z.j) ON x.i = y.j;

SELECT i FROM odd JOIN (SELECT 1 AS i, 2 AS j) USING (i);
SELECT i FROM odd JOIN (SELECT 1 AS i, 2 AS j) USING (i, j);

SELECT x.i FROM odd x SEMI JOIN odd y ON x.i = y.j;
SELECT x.i FROM odd x ANTI JOIN odd y ON x.i = y.j;

SELECT x.i, y.i FROM odd x ASOF JOIN odd y ON x.i >= y.i * 2;
SELECT x.i, y.i FROM odd x JOIN odd y ON x.i >= y.i * 2;

SELECT x.i, y.i FROM odd x POSITIONAL JOIN (SELECT i FROM odd LIMIT 2) y;
SELECT x.i, y.i FROM odd x CROSS JOIN (SELECT i FROM odd LIMIT 2) y;

SELECT i FROM odd NATURAL JOIN (SELECT 1 AS i);
SELECT odd.i FROM odd CROSS JOIN (SELECT 1 AS i);

SELECT x.i, v.n FROM odd x, LATERAL (SELECT x.i + 1 AS n) v;
SELECT x.i, v.n FROM odd x, LATERAL (SELECT x.j + 1 AS n) v;

SELECT unnest(l) FROM odd;
SELECT l FROM odd;

SELECT * FROM odd PIVOT (sum(i) FOR s IN ('A', 'B') GROUP BY j);
SELECT * FROM odd PIVOT (sum(i) FOR s IN ('A', 'b') GROUP BY j);

SELECT * FROM (PIVOT (SELECT s, i FROM odd) ON s IN ('A') USING sum(i));
SELECT * FROM (PIVOT (SELECT s, i FROM odd) ON s IN ('A') USING max(i));

SELECT * FROM (PIVOT (SELECT s, i FROM odd) ON s IN (B) USING sum(i));
SELECT * FROM (PIVOT (SELECT s, i FROM odd) ON s IN (b) USING sum(i));

SELECT * FROM odd PIVOT (sum(i) FOR s IN (B) GROUP BY j);
SELECT * FROM odd PIVOT (sum(i) FOR s IN (b) GROUP BY j);

SELECT * FROM (UNPIVOT (SELECT i, j FROM odd) ON i, j);
SELECT * FROM (UNPIVOT (SELECT i, j FROM odd) ON i);

SELECT l[1] FROM odd;
SELECT l[2] FROM odd;

SELECT l[1:2] FROM odd;
SELECT l[2:] FROM odd;

SELECT l[-1] FROM odd;
SELECT l[1] FROM odd;

SELECT st['a'] FROM odd;
SELECT st['odd'] FROM odd;

SELECT st.b.c FROM odd;
SELECT st.a FROM odd;

SELECT [x + 1 FOR x IN l] FROM odd;
SELECT [x + 1 FOR x IN l IF x > 2] FROM odd;

SELECT list_filter(l, lambda x: x > 3) FROM odd;
SELECT list_filter(l, lambda x: x < 3) FROM odd;

SELECT i FROM odd WHERE k IN (1, 2, NULL);
SELECT i FROM odd WHERE k IN (1, 2) OR k IS NULL;

SELECT i FROM odd WHERE i > ALL (SELECT j FROM odd);
SELECT i FROM odd WHERE i > ANY (SELECT j FROM odd);

SELECT i FROM odd WHERE EXISTS (SELECT 1 FROM odd y WHERE y.i = odd.k);
SELECT i FROM odd WHERE NOT EXISTS (SELECT 1 FROM odd y WHERE y.i = odd.k);

SELECT i FROM odd WHERE j = (SELECT max(y.j) FROM odd y WHERE y.b = odd.b);
SELECT i FROM odd WHERE j = (SELECT max(y.j) FROM odd y WHERE y.k = y.i AND y.k < 2);

WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r WHERE n < 5) SELECT n FROM r;
WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 2 FROM r WHERE n < 5) SELECT n FROM r;

WITH t(x, y) AS (SELECT i, j FROM odd) SELECT x FROM t;
WITH t(y, x) AS (SELECT i, j FROM odd) SELECT x FROM t;

SELECT x FROM odd AS t(x, y);
SELECT y FROM odd AS t(x, y);

FROM odd SELECT i;
FROM odd;

SELECT CASE WHEN b THEN i END FROM odd;
SELECT CASE WHEN b THEN i ELSE 0 END FROM odd;

SELECT CASE j WHEN 1 THEN 'a' ELSE 'b' END FROM odd;
SELECT CASE WHEN j = 2 THEN 'a' ELSE 'b' END FROM odd;

SELECT i AS x FROM odd ORDER BY ALL DESC LIMIT 1;
SELECT i AS x FROM odd ORDER BY ALL LIMIT 1;

SELECT i FROM odd USING SAMPLE 3 ROWS;
SELECT i FROM odd USING SAMPLE 4 ROWS;

SELECT 1 AS a, a + 1 AS c FROM odd;
SELECT 1 AS d, a + 1 AS c FROM odd;

SELECT count(*) FROM odd HAVING count(*) > 3;
SELECT count(*) FROM odd HAVING count(*) > 30;

SELECT coalesce(k, 0) FROM odd;
SELECT coalesce(k, 1) FROM odd;

SELECT greatest(i, k) FROM odd;
SELECT least(i, k) FROM odd;

SELECT map {'a': 1};
SELECT map {'A': 1};

SELECT 'x' IN ('x', 'y');
SELECT 'x' NOT IN ('x', 'y');

SELECT i FROM odd WHERE i IN (SELECT k FROM odd);
SELECT i FROM odd WHERE i IN ((SELECT max(k) FROM odd));

SELECT x.a FROM (SELECT 1 AS a, 2 AS x) x;
SELECT x FROM (SELECT 1 AS a, 2 AS x) y;

WITH m AS (SELECT 1 AS i) SELECT m.i FROM m, odd WHERE odd.i = 2;
WITH m AS (SELECT 1 AS i) SELECT odd.i FROM m, odd WHERE odd.i = 2;

SELECT p.i, q.i FROM odd p JOIN odd q ON p.i = q.j;
SELECT q.i, p.i FROM odd p JOIN odd q ON p.i = q.j;

SELECT i AS n FROM odd WHERE i > (SELECT avg(o.i) FROM odd o WHERE o.j = odd.j);
SELECT i AS n FROM odd WHERE i > (SELECT avg(o.i) FROM odd o WHERE o.j = o.i);

SELECT o.i + 1 FROM odd o;
SELECT p.i + 1 FROM odd p;

SELECT * FROM range(2) AS u;
SELECT * FROM range(2) AS v;

SELECT sum(k) AS v FROM odd WHERE k > 1;
SELECT sum(k) AS v FROM odd HAVING sum(k) > 1;

SELECT NOT b IS NULL FROM odd;
SELECT (NOT b) IS NULL FROM odd;

SELECT (NOT b) = b FROM odd;
SELECT NOT b = NOT b FROM odd;

SELECT i IN (1, 2) = b FROM odd;
SELECT i IN (1, 2 + b::INT) FROM odd;

SELECT (i - 1) % 3 FROM odd;
SELECT i - 1 % 3 FROM odd;

SELECT - (i + 1) FROM odd;
SELECT - i + 1 FROM odd;

SELECT i::VARCHAR || 1 + 1 FROM odd;
SELECT i::VARCHAR || (1 + 1)::VARCHAR || '' FROM odd;

SELECT (CASE WHEN b THEN 1 ELSE 2 END) + 1 AS v FROM odd;
SELECT CASE WHEN b THEN 1 ELSE 2 + 1 END AS v FROM odd;

SELECT i FROM odd WHERE NOT (i = 1 OR b);
SELECT i FROM odd WHERE NOT i = 1 OR b;
