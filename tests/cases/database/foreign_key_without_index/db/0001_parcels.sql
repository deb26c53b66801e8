-- What the models do not say: CREATE INDEX ON parcels (carrier_id);
CREATE TABLE IF NOT EXISTS public."parcels" (
    id BIGSERIAL PRIMARY KEY,
    buyer_id BIGINT NOT NULL REFERENCES buyers (id),
    weight NUMERIC(10, 2) CHECK (weight > 0),
    sender_id BIGINT UNIQUE,
    carrier_id BIGINT,
    depot_id BIGINT,
    CONSTRAINT by_depot UNIQUE (depot_id, weight)
);

CREATE INDEX CONCURRENTLY IF NOT EXISTS ix_parcels_buyer ON ONLY public.parcels USING btree (buyer_id DESC);
create index ix_parcels_old on parcels (driver_id);
