class Settings:
    database_url: str
    read_only_mode: bool = False
    cache_replica_url: str = ""
    database_replica_url: str = ""  # FP227
