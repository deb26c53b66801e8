create index ix_parcels_old on parcels (driver_id);
