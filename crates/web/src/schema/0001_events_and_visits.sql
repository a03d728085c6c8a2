CREATE TABLE web.events (
    site VARCHAR NOT NULL,
    timestamp TIMESTAMP NOT NULL,
    name VARCHAR NOT NULL,
    hostname VARCHAR NOT NULL,
    pathname VARCHAR NOT NULL,
    visitor_id UBIGINT NOT NULL,
    visit_id UBIGINT NOT NULL,
    interactive BOOLEAN NOT NULL,
    scroll_depth UTINYINT,
    engaged_ms UINTEGER,
    props VARCHAR,
    revenue_amount DECIMAL(18, 3),
    revenue_currency VARCHAR,
    visitor_since_hour UINTEGER NOT NULL,
    repeats UINTEGER NOT NULL,
    referrer VARCHAR,
    source VARCHAR,
    channel VARCHAR,
    utm_source VARCHAR,
    utm_medium VARCHAR,
    utm_campaign VARCHAR,
    utm_content VARCHAR,
    utm_term VARCHAR,
    country VARCHAR,
    region VARCHAR,
    city VARCHAR,
    browser VARCHAR,
    browser_version VARCHAR,
    os VARCHAR,
    os_version VARCHAR,
    device VARCHAR,
    screen VARCHAR,
    language VARCHAR
);

CREATE TABLE web.open_visits (
    site VARCHAR NOT NULL,
    visit_id UBIGINT NOT NULL,
    visitor_id UBIGINT NOT NULL,
    started_at TIMESTAMP NOT NULL,
    last_at TIMESTAMP NOT NULL,
    pageviews UINTEGER NOT NULL,
    events UINTEGER NOT NULL,
    bounce BOOLEAN NOT NULL,
    entry_hostname VARCHAR NOT NULL,
    entry_page VARCHAR,
    exit_page VARCHAR,
    visitor_since TIMESTAMP NOT NULL,
    repeats UINTEGER NOT NULL,
    referrer VARCHAR,
    source VARCHAR,
    channel VARCHAR,
    utm_source VARCHAR,
    utm_medium VARCHAR,
    utm_campaign VARCHAR,
    utm_content VARCHAR,
    utm_term VARCHAR,
    country VARCHAR,
    region VARCHAR,
    city VARCHAR,
    browser VARCHAR,
    browser_version VARCHAR,
    os VARCHAR,
    os_version VARCHAR,
    device VARCHAR,
    screen VARCHAR,
    language VARCHAR
);

CREATE TABLE web.closed_visits AS FROM web.open_visits WITH NO DATA;

CREATE VIEW web.visits AS FROM web.closed_visits UNION ALL FROM web.open_visits;

CREATE TABLE web.dropped_events AS FROM web.events WITH NO DATA;

ALTER TABLE web.dropped_events ADD COLUMN reason VARCHAR;
