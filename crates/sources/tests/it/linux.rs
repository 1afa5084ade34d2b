//! Linux: goldens, twins, claims and names, sessions and credentials.

use serde_json::json;

use crate::{golden, real};

#[test]
fn goldens() {
    golden::all("linux", 48);
}

#[test]
fn a_denied_act_keeps_the_fields_of_its_allowed_twin() {
    golden::pairs("linux", 5);
}

fn actor(case: &str) -> String {
    golden::event("linux", case)["actor"]["uri"].as_str().unwrap().to_owned()
}

#[test]
fn who_was_let_in_is_a_name_and_who_was_not_is_a_claim() {
    assert_eq!(actor("ssh-login.allowed"), "nhi:principal:linux:web-1:user/~alice");
    assert_eq!(actor("ssh-login.denied"), "nhi:principal:linux:web-1:user/?bob");
    assert_eq!(actor("ssh-invalid-user"), "nhi:principal:linux:wharf-1:user/?ghost");
    assert_eq!(actor("audit-login.denied"), "nhi:principal:linux:unknown:user/?mira");
    // Who calls sudo has logged in before, whatever sudo says to it.
    assert_eq!(actor("sudo.denied"), "nhi:principal:linux:web-1:user/~bob");
    // The journal knows that it was not sshd who wrote this.
    assert_eq!(actor("journal-forged"), "nhi:principal:linux:wharf-1:user/?root");
    assert_eq!(golden::event("linux", "journal-forged")["severity_id"], 4);
}

#[test]
fn a_certificate_is_the_same_in_every_line_about_it() {
    let uri = "nhi:cred:ssh:zF3uo4lPzHN2h5gt5Y3eKtSpqE30azWaiDDyhFzTX3k:cert/7301";
    for case in
        ["ssh-certificate.allowed", "ssh-certificate.denied", "ssh-certificate-known", "journal-ssh-certificate"]
    {
        let event = golden::event("linux", case);
        assert_eq!(event["credential"]["uri"], uri, "{case}");
        assert!(event["correlation_ids"].as_array().unwrap().contains(&json!("deploy-bot run 42")), "{case}");
    }
    let key = &golden::event("linux", "ssh-key")["credential"];
    assert_eq!(key["uri"], "nhi:cred:ssh:self:key/uJdB79bX3R%2FyX%2F06D7ThI7LErhOLC005CDXgzTbTSAM");
    assert_eq!(key["fingerprint"]["value"], "uJdB79bX3R/yX/06D7ThI7LErhOLC005CDXgzTbTSAM");
}

#[test]
fn who_logged_in_stays_the_actor_whatever_they_become() {
    let event = golden::event("linux", "audit-as-root");
    assert_eq!(event["actor"]["uri"], "nhi:principal:linux:unknown:unix-uid/~1001");
    assert_eq!(event["subject"], "nhi:principal:linux:unknown:user/~root");
    let event = golden::event("linux", "audit-syscall-execve");
    assert_eq!(
        (&event["subject"], &event["privileged"]),
        (&json!("nhi:principal:linux:unknown:user/~root"), &json!(true))
    );
    // Where sshd lets somebody in, the account and the login are one.
    let event = golden::event("linux", "audit-session-open");
    assert!(event.get("subject").is_none(), "{event:#}");
    assert_eq!(event["aliases"][0]["a"], "nhi:principal:linux:unknown:user/~mira");
    assert_eq!(event["aliases"][0]["b"], "nhi:principal:linux:unknown:unix-uid/~1001");
}

#[test]
fn a_trail_that_is_stopped_or_changed_says_so() {
    for (case, activity) in
        [("auditd-stops", 7), ("audit-daemon-end", 7), ("audit-disabled", 10), ("audit-rule-removed", 10)]
    {
        let event = golden::event("linux", case);
        assert_eq!(
            (event["class_uid"].as_i64(), event["activity_id"].as_i64()),
            (Some(1008), Some(activity)),
            "{case}"
        );
    }
}

#[test]
fn a_name_that_looks_like_the_end_of_a_line_stays_a_name() {
    let line = b"<38>Nov 29 07:00:00 h sshd[1]: Failed password for invalid user x from 203.0.113.9 port 1 from 192.0.2.1 port 5 ssh2";
    let event = golden::normalise(line).unwrap();
    assert_eq!(
        (&event["actor"]["name"], &event["src"]["ip"]),
        (&json!("x from 203.0.113.9 port 1"), &json!("192.0.2.1"))
    );
}

#[test]
fn arguments_are_not_told() {
    for case in ["audit-command", "audit-execve", "sudo.denied", "journal-sudo"] {
        let event = golden::event("linux", case).to_string();
        assert!(
            !event.contains("/etc/shadow") && !event.contains("restart pay") && !event.contains("-n /usr"),
            "{case}: {event}"
        );
    }
}

#[test]
fn every_real_line_becomes_an_event() {
    let Some(folder) = real::folder() else { return };
    let records = real::delivered(&folder.join("linux/plaso/selinux.log"));
    assert_eq!(records.len(), 11);
    for raw in records {
        let event =
            golden::normalise(&raw).unwrap_or_else(|reject| panic!("{}: {reject}", String::from_utf8_lossy(&raw)));
        assert_eq!(event["platform"], "linux");
    }
}
