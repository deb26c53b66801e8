import grpc


class MetadataInterceptor(grpc.UnaryUnaryClientInterceptor):
    def intercept_unary_unary(self, continuation, details, request):
        return continuation(Details(details.method, details.timeout, [("tenant", "a")]), request)


class Details:
    def __init__(self, method, timeout, metadata):
        self.method, self.timeout, self.metadata = method, timeout, metadata
