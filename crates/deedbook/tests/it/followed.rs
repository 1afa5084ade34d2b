//! Files that a server follows.

use std::fs;
use std::io::Write as _;
use std::time::{Duration, Instant};

use crate::Bench;
use crate::serve::{Server, lines, sealed};

/// Waits until there are so many records, each another one.
fn wait_for(bench: &Bench, count: u64) {
    let began = Instant::now();
    while sealed(bench).0 < count && began.elapsed() < Duration::from_secs(60) {
        std::thread::sleep(Duration::from_millis(100));
    }
    assert_eq!(sealed(bench), (count, count));
}

#[test]
fn lines_are_sealed_once_through_rotation_a_power_cut_and_a_silence() {
    let bench = Bench::new();
    let logs = bench.path("logs");
    fs::create_dir(&logs).unwrap();
    let (log, rotated) = (logs.join("app.log"), logs.join("app.log.1"));
    let add =
        |bytes: &[u8]| fs::OpenOptions::new().create(true).append(true).open(&log).unwrap().write_all(bytes).unwrap();
    bench.put("serve.toml", format!("[[follow]]\nsource = \"app\"\npaths = [\"{}\"]\n", logs.display()));
    let config = bench.path("serve.toml");
    let settings = ["--config", config.to_str().unwrap()];
    let server = Server::start(&bench, &settings);
    add(&lines(0..50));
    wait_for(&bench, 50);
    server.kill();
    add(&lines(50..60));
    fs::rename(&log, &rotated).unwrap();
    add(&lines(60..70));
    let server = Server::start(&bench, &settings);
    wait_for(&bench, 70);
    let metrics = server.get("/metrics").text();
    assert!(metrics.contains("deedbook_records_sealed_total{source=\"app\"} 20"), "{metrics}");
    let mut packed = flate2::write::GzEncoder::new(
        fs::File::create(logs.join("app.log.1.gz")).unwrap(),
        flate2::Compression::fast(),
    );
    packed.write_all(&fs::read(&rotated).unwrap()).unwrap();
    packed.finish().unwrap();
    fs::remove_file(&rotated).unwrap();
    let pause = ["source", "pause", "app", "--reason", "new disks", "--until", "1h"];
    let ran = bench.run(&pause);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    add(&lines(70..80));
    // Longer than a compressed file has to rest.
    std::thread::sleep(Duration::from_secs(4));
    assert_eq!(sealed(&bench), (70, 70), "a silence is announced");
    assert_eq!(bench.run(&["source", "resume", "app"]).code, Some(0));
    wait_for(&bench, 80);
    std::thread::sleep(Duration::from_secs(4));
    assert_eq!(sealed(&bench), (80, 80), "the compressed file has nothing new");
    server.stop();
    assert_eq!(bench.verify(&[]).0, 0);
}

#[test]
fn what_cannot_be_followed_is_refused_at_the_start() {
    let bench = Bench::new();
    let one = |source: &str, paths: &str| format!("[[follow]]\nsource = \"{source}\"\npaths = {paths}\n");
    for (settings, why) in [
        (one("app", "[\"logs\"]"), "`logs` is no absolute path"),
        (one("app", "[]"), "`paths` is empty"),
        (one("app", "[\"/a\"]") + &one("app", "[\"/b\"]"), "it is there twice"),
        (one("app", "[\"/a\"]") + "platform = \"zx81\"\n", "zx81"),
        (one("app", "[\"/a/[\"]"), "`/a/[`"),
        (one("app", "[\"/dev/null\"]"), "neither a file nor a folder"),
        // Each line about it would be another line of it.
        (one("app", &format!("[\"{}\"]", bench.path("").display())), "is not followed"),
    ] {
        bench.put("serve.toml", &settings);
        let config = bench.path("serve.toml");
        let ran = bench.run(&["serve", "--init", "--listen", "127.0.0.1:0", "--config", config.to_str().unwrap()]);
        assert!(ran.code == Some(2) && ran.err.contains(why), "{:?}: {}", ran.code, ran.err);
    }
}
