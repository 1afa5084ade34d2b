//! Who works at Halden Freight: accounts, clusters, service accounts, roles, people.

use crate::random::Random;

/// Everything that exists before the first record.
pub(crate) struct Company {
    pub(crate) accounts: Vec<String>,
    pub(crate) clusters: Vec<Cluster>,
    pub(crate) workloads: Vec<Workload>,
    pub(crate) people: Vec<Person>,
    pub(crate) machines: Vec<Machine>,
    pub(crate) repositories: Vec<Repository>,
    pub(crate) accounts_gcp: Vec<ServiceAccount>,
    pub(crate) apps: Vec<App>,
    pub(crate) buckets: Vec<String>,
    /// Salt of the Vault audit device.
    pub(crate) vault_salt: String,
    /// The IAM user under which Vault hands out AWS credentials.
    pub(crate) vault_user: Machine,
}

/// A Kubernetes cluster.
pub(crate) struct Cluster {
    pub(crate) issuer: String,
    pub(crate) nodes: Vec<String>,
}

/// A service account with its role in AWS and in Vault.
pub(crate) struct Workload {
    pub(crate) cluster: usize,
    pub(crate) namespace: &'static str,
    pub(crate) name: String,
    pub(crate) uid: String,
    pub(crate) account: String,
    pub(crate) role: String,
    pub(crate) role_id: String,
    pub(crate) entity: String,
}

/// Somebody with a login.
pub(crate) struct Person {
    /// At Okta.
    pub(crate) id: String,
    /// At GitHub.
    pub(crate) number: u64,
    pub(crate) mail: String,
    pub(crate) account: String,
    pub(crate) role: String,
    pub(crate) role_id: String,
    pub(crate) ip: String,
}

/// An IAM user with a long-lived key.
#[derive(Clone)]
pub(crate) struct Machine {
    pub(crate) account: String,
    pub(crate) user: String,
    pub(crate) user_id: String,
    pub(crate) key: String,
    pub(crate) deploy_role: String,
    pub(crate) deploy_role_id: String,
}

/// A repository whose jobs take a role in AWS.
pub(crate) struct Repository {
    pub(crate) name: String,
    pub(crate) id: u64,
    pub(crate) workflow: u64,
    /// Index of whoever starts its jobs, among the people.
    pub(crate) starter: usize,
    pub(crate) machine: Machine,
    /// Whether the organisation has put the run into the subject of its tokens.
    pub(crate) run_in_subject: bool,
}

/// A service account of Google Cloud.
pub(crate) struct ServiceAccount {
    pub(crate) project: String,
    pub(crate) mail: String,
    pub(crate) unique_id: String,
    /// Index of the person who may impersonate it.
    pub(crate) caller: usize,
    /// A key that is older than the log.
    pub(crate) key: String,
}

/// An application in Entra.
pub(crate) struct App {
    pub(crate) client: String,
    pub(crate) principal: String,
    pub(crate) name: String,
    pub(crate) secret: String,
}

const NAMESPACES: [&str; 12] = [
    "billing",
    "payroll",
    "tracking",
    "customs",
    "routing",
    "fleet",
    "search",
    "ingress-nginx",
    "monitoring",
    "cert-manager",
    "argocd",
    "kube-system",
];
const PARTS: [&str; 10] =
    ["api", "worker", "agent", "scheduler", "importer", "exporter", "webhook", "cache", "sync", "reporter"];
/// The clusters, each with its own audit log.
pub(crate) const CLUSTERS: [&str; 3] = ["prod-north", "prod-south", "staging"];
const GIVEN: [&str; 16] = [
    "alice", "bruno", "chen", "dara", "emil", "farah", "goran", "hanna", "ines", "jonas", "kaya", "liam", "mira",
    "noor", "oskar", "petra",
];
const FAMILY: [&str; 8] = ["berg", "costa", "dahl", "eriksen", "fischer", "garcia", "holm", "ito"];
const DATA: [&str; 12] = [
    "payroll-exports",
    "invoices",
    "customs-forms",
    "tracking-events",
    "route-plans",
    "audit-archive",
    "ml-features",
    "fleet-telemetry",
    "customer-files",
    "backups",
    "terraform-state",
    "static-assets",
];

/// The IAM user under which Vault works.
pub(crate) const BROKER: &str = "vault-secrets-engine";

impl Company {
    /// Which issuer speaks for which cluster, and which for the jobs of repositories.
    pub(crate) fn issuers(&self) -> Vec<[String; 3]> {
        let clusters = self.clusters.iter().zip(CLUSTERS);
        let clusters = clusters.map(|(cluster, name)| [cluster.issuer.clone(), "k8s".to_owned(), name.to_owned()]);
        let jobs = [crate::github::ISSUER, "github", "github.com"].map(str::to_owned);
        clusters.chain([jobs]).collect()
    }

    /// The company with about so many principals; never fewer than its five hundred.
    pub(crate) fn found(random: &mut Random, principals: u64) -> Company {
        // A department more repeats the names of the first with a number.
        let departments = (principals / 1_000).clamp(1, 1_000);
        let accounts: Vec<String> =
            (0..5).map(|_| format!("{:012}", 100_000_000_000 + random.below(899_999_999_999))).collect();
        let clusters = CLUSTERS.map(|_| Cluster {
            issuer: format!("oidc.eks.eu-north-1.amazonaws.com/id/{}", random.hex(32).to_uppercase()),
            nodes: (0..24)
                .map(|_| format!("ip-{}.eu-north-1.compute.internal", random.private_ip().replace('.', "-")))
                .collect(),
        });
        let mut workloads = Vec::new();
        let places = (0..departments).flat_map(|of| (0..CLUSTERS.len()).map(move |cluster| (of, cluster)));
        for (department, cluster) in places {
            for namespace in NAMESPACES {
                for part in PARTS {
                    workloads.push(Workload {
                        cluster,
                        namespace,
                        name: numbered(&format!("{namespace}-{part}"), department),
                        uid: random.uuid(),
                        account: random.pick(&accounts).clone(),
                        role: format!("{namespace}-{part}-{}", random.hex(4)),
                        role_id: random.aws_id("AROA"),
                        entity: random.uuid(),
                    });
                }
            }
        }
        let names = || GIVEN.iter().flat_map(|given| FAMILY.iter().map(move |family| (given, family)));
        let people: Vec<Person> = (0..departments)
            .flat_map(|department| names().map(move |name| (department, name)))
            .map(|(department, (given, family))| Person {
                id: format!("00u{}", random.aws_id("")),
                number: 10_000 + random.below(90_000_000),
                mail: format!("{}@halden.example", numbered(&format!("{given}.{family}"), department)),
                account: random.pick(&accounts).clone(),
                role: format!(
                    "AWSReservedSSO_{}_{}",
                    random.pick(&["Developer", "ReadOnly", "Administrator"]),
                    random.hex(16)
                ),
                role_id: random.aws_id("AROA"),
                ip: random.public_ip(),
            })
            .collect();
        let machines = (0..40 * departments).map(|n| machine(random, &accounts, format!("ci-deploy-{n:02}"))).collect();
        let some = |random: &mut Random| usize::try_from(random.below(people.len() as u64)).unwrap_or(0);
        let repositories = (0..200 * departments)
            .map(|n| Repository {
                name: format!("{}-{n}", random.pick(&NAMESPACES)),
                id: 400_000_000 + n,
                workflow: 90_000_000 + n,
                starter: some(random),
                machine: machine(random, &accounts, format!("repo-{n}")),
                run_in_subject: n % 2 == 0,
            })
            .collect();
        let accounts_gcp = (0..140 * departments)
            .map(|n| {
                let project = format!("halden-{}", random.pick(&NAMESPACES));
                ServiceAccount {
                    mail: format!("{}-{n}@{project}.iam.gserviceaccount.com", random.pick(&PARTS)),
                    project,
                    unique_id: format!("1{:020}", random.below(u64::MAX)),
                    caller: some(random),
                    key: random.hex(40),
                }
            })
            .collect();
        let apps = (0..140 * departments)
            .map(|n| App {
                client: random.uuid(),
                principal: random.uuid(),
                name: format!("{}-sync-{n}", random.pick(&NAMESPACES)),
                secret: random.uuid(),
            })
            .collect();
        let vault_user = machine(random, &accounts, BROKER.to_owned());
        let buckets = DATA
            .iter()
            .flat_map(|data| accounts.iter().map(move |account| format!("halden-{data}-{account}")))
            .collect();
        Company {
            accounts,
            clusters: clusters.into(),
            workloads,
            people,
            machines,
            repositories,
            accounts_gcp,
            apps,
            buckets,
            vault_salt: random.uuid(),
            vault_user,
        }
    }
}

fn numbered(name: &str, department: u64) -> String {
    if department == 0 { name.to_owned() } else { format!("{name}-{department}") }
}

fn machine(random: &mut Random, accounts: &[String], user: String) -> Machine {
    Machine {
        account: random.pick(accounts).clone(),
        user,
        user_id: random.aws_id("AIDA"),
        key: random.aws_id("AKIA"),
        deploy_role: format!("deploy-{}", random.hex(4)),
        deploy_role_id: random.aws_id("AROA"),
    }
}
