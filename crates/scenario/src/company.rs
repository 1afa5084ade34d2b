//! Who works at Halden Freight: accounts, clusters, service accounts, roles, people.

use crate::random::Random;

/// Everything that exists before the first record.
pub(crate) struct Company {
    pub(crate) accounts: Vec<String>,
    pub(crate) clusters: Vec<Cluster>,
    pub(crate) workloads: Vec<Workload>,
    pub(crate) people: Vec<Person>,
    pub(crate) machines: Vec<Machine>,
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
    pub(crate) mail: String,
    pub(crate) account: String,
    pub(crate) role: String,
    pub(crate) role_id: String,
    pub(crate) ip: String,
}

/// An IAM user with a long-lived key.
pub(crate) struct Machine {
    pub(crate) account: String,
    pub(crate) user: String,
    pub(crate) user_id: String,
    pub(crate) key: String,
    pub(crate) deploy_role: String,
    pub(crate) deploy_role_id: String,
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

impl Company {
    pub(crate) fn found(random: &mut Random) -> Company {
        let accounts: Vec<String> =
            (0..5).map(|_| format!("{:012}", 100_000_000_000 + random.below(899_999_999_999))).collect();
        let clusters = CLUSTERS.map(|_| Cluster {
            issuer: format!("oidc.eks.eu-north-1.amazonaws.com/id/{}", random.hex(32).to_uppercase()),
            nodes: (0..24)
                .map(|_| format!("ip-{}.eu-north-1.compute.internal", random.private_ip().replace('.', "-")))
                .collect(),
        });
        let mut workloads = Vec::new();
        for cluster in 0..CLUSTERS.len() {
            for namespace in NAMESPACES {
                for part in PARTS {
                    workloads.push(Workload {
                        cluster,
                        namespace,
                        name: format!("{namespace}-{part}"),
                        uid: random.uuid(),
                        account: random.pick(&accounts).clone(),
                        role: format!("{namespace}-{part}-{}", random.hex(4)),
                        role_id: random.aws_id("AROA"),
                        entity: random.uuid(),
                    });
                }
            }
        }
        let people = GIVEN
            .iter()
            .flat_map(|given| FAMILY.iter().map(move |family| (given, family)))
            .map(|(given, family)| Person {
                mail: format!("{given}.{family}@halden.example"),
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
        let machines = (0..40).map(|n| machine(random, &accounts, format!("ci-deploy-{n:02}"))).collect();
        let vault_user = machine(random, &accounts, "vault-secrets-engine".to_owned());
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
            buckets,
            vault_salt: random.uuid(),
            vault_user,
        }
    }
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
