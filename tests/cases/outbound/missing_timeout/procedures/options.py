OPTIONS = [("grpc.keepalive_time_ms", 10_000)]
