use super::record::begins;

#[test]
fn lines_of_others_are_none() {
    for text in [
        "",
        "time=\"2026-11-29T07:00:00Z\" level=info msg=hello",
        "time=x grpc.method=A grpc.service=b",
        "level=info time=x grpc.method=A grpc.service=b",
        "time=x level=info application=a reason=b",
    ] {
        assert!(!begins(text), "{text}");
    }
    assert!(begins("time=x level=info msg=y grpc.method=A grpc.service=b"));
}
