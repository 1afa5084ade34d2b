"""Bodies that schemathesis does not know how to write: a gRPC frame, and protobuf, of whatever text it made up."""

import schemathesis


def frame(message: bytes) -> bytes:
    return b"\0" + len(message).to_bytes(4, "big") + message


def encoded(value) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode(errors="surrogatepass")


@schemathesis.serializer("application/grpc")
def grpc(ctx, value):
    return frame(encoded(value))


@schemathesis.serializer("application/x-protobuf")
def protobuf(ctx, value):
    return encoded(value)
