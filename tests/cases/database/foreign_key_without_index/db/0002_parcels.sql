DROP INDEX IF EXISTS ix_parcels_old;
ALTER TABLE ONLY parcels ADD CONSTRAINT parcels_hub UNIQUE (hub_id);
