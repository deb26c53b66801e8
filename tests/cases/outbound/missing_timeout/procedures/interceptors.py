import grpc


class TracingInterceptor(grpc.UnaryUnaryClientInterceptor):
    def intercept_unary_unary(self, continuation, client_call_details, request):
        print(client_call_details.method)
        return continuation(client_call_details, request)
