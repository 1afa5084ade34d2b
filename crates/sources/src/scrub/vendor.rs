//! Tokens of vendors that are known by their prefix, their length and their alphabet.
//!
//! The forms are those that vendors document and that the rule sets of public scanners (gitleaks, TruffleHog,
//! Microsoft's annotated keys) agree on. Key ids (`AKIA`, `ASIA`, Twilio's `SK` and `AC`, New Relic's browser
//! keys) are names, not secrets: they are kept, because lineage needs them.

use super::check::Class::*;
use super::check::Part::{Run, Text};
use super::check::{Class, Found, exactly, plain, run, shape, starts_clean};
use super::rule::{How, Rule};

/// Rules 21 and up.
pub(super) static RULES: [Rule; 66] = [
    Rule {
        number: 21,
        name: "anthropic",
        what: "Anthropic key: sk-ant-, a kind such as api03 or admin01, and at least 80 characters",
        how: How::Shapes(&[
            shape(&[Text("sk-ant-"), Run(Lower, 5, 5), Text("-"), Run(Token, 80, usize::MAX)]),
            shape(&[Text("sk-ant-"), Run(Lower, 7, 7), Text("-"), Run(Token, 80, usize::MAX)]),
            shape(&[Text("sk-ant-"), Run(Lower, 3, 3), Text("-"), Run(Token, 80, usize::MAX)]),
        ]),
    },
    Rule {
        number: 22,
        name: "openai",
        what: "OpenAI key: sk-, an optional kind, and T3BlbkFJ (OpenAI in base64) between two halves of 20, 58 or 74 characters",
        how: How::Anchors(&["T3BlbkFJ"], openai),
    },
    Rule {
        number: 23,
        name: "huggingface",
        what: "Hugging Face token: hf_ or api_org_ and 34 letters of both cases",
        how: How::Shapes(&[
            shape(&[Text("hf_"), Run(Letter, 34, 34)]).mixed(),
            shape(&[Text("api_org_"), Run(Letter, 34, 34)]).mixed(),
        ]),
    },
    Rule {
        number: 24,
        name: "groq",
        what: "Groq key: gsk_ and 52 letters and digits",
        how: How::Shapes(&[shape(&[Text("gsk_"), Run(Alnum, 52, 52)])]),
    },
    Rule {
        number: 25,
        name: "xai",
        what: "xAI key: xai- and 80 letters and digits",
        how: How::Shapes(&[shape(&[Text("xai-"), Run(Alnum, 80, 80)])]),
    },
    Rule {
        number: 26,
        name: "perplexity",
        what: "Perplexity key: pplx- and 48 to 56 letters and digits",
        how: How::Shapes(&[shape(&[Text("pplx-"), Run(Alnum, 48, 56)])]),
    },
    Rule {
        number: 27,
        name: "replicate",
        what: "Replicate token: r8_ and 37 letters and digits",
        how: How::Shapes(&[shape(&[Text("r8_"), Run(Alnum, 37, 37)])]),
    },
    Rule {
        number: 28,
        name: "openrouter",
        what: "OpenRouter key: sk-or-v1- and 64 hex digits",
        how: How::Shapes(&[shape(&[Text("sk-or-v1-"), Run(Hex, 64, 64)])]),
    },
    Rule {
        number: 29,
        name: "langsmith",
        what: "LangSmith key: lsv2_pt_ or lsv2_sk_, 32 hex digits, _ and 10 hex digits",
        how: How::Shapes(&[
            shape(&[Text("lsv2_pt_"), Run(Hex, 32, 32), Text("_"), Run(Hex, 10, 10)]),
            shape(&[Text("lsv2_sk_"), Run(Hex, 32, 32), Text("_"), Run(Hex, 10, 10)]),
        ]),
    },
    Rule {
        number: 30,
        name: "langfuse",
        what: "Langfuse secret key: sk-lf- and a UUID",
        how: How::Shapes(&[shape(&[
            Text("sk-lf-"),
            Run(Hex, 8, 8),
            Text("-"),
            Run(Hex, 4, 4),
            Text("-"),
            Run(Hex, 4, 4),
            Text("-"),
            Run(Hex, 4, 4),
            Text("-"),
            Run(Hex, 12, 12),
        ])]),
    },
    Rule {
        number: 31,
        name: "nvidia",
        what: "NVIDIA key: nvapi- and 60 to 70 characters",
        how: How::Shapes(&[shape(&[Text("nvapi-"), Run(Token, 60, 70)])]),
    },
    Rule {
        number: 32,
        name: "pinecone",
        what: "Pinecone key: pcsk_, 5 or 6 letters and digits, _ and 63 more",
        how: How::Shapes(&[shape(&[Text("pcsk_"), Run(Alnum, 5, 6), Text("_"), Run(Alnum, 63, 63)])]),
    },
    Rule {
        number: 33,
        name: "databricks",
        what: "Databricks token: dapi and 32 hex digits, perhaps a dash and a digit",
        how: How::Shapes(&[
            shape(&[Text("dapi"), Run(Hex, 32, 32), Text("-"), Run(Digit, 1, 1)]),
            shape(&[Text("dapi"), Run(Hex, 32, 32)]),
        ]),
    },
    Rule {
        number: 34,
        name: "terraform",
        what: "Terraform Cloud token: 14 letters and digits, .atlasv1. and 60 to 70 characters",
        how: How::Shapes(&[shape(&[Text(".atlasv1."), Run(Padded, 60, 70)]).behind(Alnum, 14, 14)]),
    },
    Rule {
        number: 35,
        name: "digitalocean",
        what: "DigitalOcean token: dop_v1_, doo_v1_ or dor_v1_ and 64 hex digits",
        how: How::Shapes(&[
            shape(&[Text("dop_v1_"), Run(Hex, 64, 64)]),
            shape(&[Text("doo_v1_"), Run(Hex, 64, 64)]),
            shape(&[Text("dor_v1_"), Run(Hex, 64, 64)]),
        ]),
    },
    Rule {
        number: 36,
        name: "docker-hub",
        what: "Docker Hub token: dckr_pat_ and 27 characters, or dckr_oat_ and 32",
        how: How::Shapes(&[
            shape(&[Text("dckr_pat_"), Run(Token, 27, 27)]),
            shape(&[Text("dckr_oat_"), Run(Token, 32, 32)]),
        ]),
    },
    Rule {
        number: 37,
        name: "linear",
        what: "Linear key: lin_api_ and 40 letters and digits, or lin_oauth_ and 64 hex digits",
        how: How::Shapes(&[
            shape(&[Text("lin_api_"), Run(Alnum, 40, 40)]),
            shape(&[Text("lin_oauth_"), Run(Hex, 64, 64)]),
        ]),
    },
    Rule {
        number: 38,
        name: "notion",
        what: "Notion token: ntn_, 11 digits and 35 letters and digits; or secret_ and 43",
        how: How::Shapes(&[
            shape(&[Text("ntn_"), Run(Digit, 11, 11), Run(Alnum, 35, 35)]),
            shape(&[Text("secret_"), Run(Alnum, 43, 43)]).mixed(),
        ]),
    },
    Rule {
        number: 39,
        name: "atlassian",
        what: "Atlassian or Bitbucket token: ATATT3x or ATCTT3x and at least 150 characters, or ATBB and 32",
        how: How::Shapes(&[
            shape(&[Text("ATATT3x"), Run(Padded, 150, usize::MAX)]),
            shape(&[Text("ATCTT3x"), Run(Padded, 150, usize::MAX)]),
            shape(&[Text("ATBB"), Run(Alnum, 32, 32)]),
        ]),
    },
    Rule {
        number: 40,
        name: "shopify",
        what: "Shopify token: shpat_, shpca_, shppa_ or shpss_ and 32 hex digits",
        how: How::Shapes(&[
            shape(&[Text("shpat_"), Run(Hex, 32, 32)]),
            shape(&[Text("shpca_"), Run(Hex, 32, 32)]),
            shape(&[Text("shppa_"), Run(Hex, 32, 32)]),
            shape(&[Text("shpss_"), Run(Hex, 32, 32)]),
        ]),
    },
    Rule {
        number: 41,
        name: "square",
        what: "Square token: sq0atp- and 22 characters, sq0csp- and 43, or EAAA and 60",
        how: How::Shapes(&[
            shape(&[Text("sq0atp-"), Run(Token, 22, 22)]),
            shape(&[Text("sq0csp-"), Run(Token, 43, 43)]),
            shape(&[Text("EAAA"), Run(Token, 60, 60)]).mixed(),
        ]),
    },
    Rule {
        number: 42,
        name: "planetscale",
        what: "PlanetScale token: pscale_tkn_, pscale_pw_ or pscale_oauth_ and 32 to 64 characters",
        how: How::Shapes(&[
            shape(&[Text("pscale_tkn_"), Run(Padded, 32, 64)]),
            shape(&[Text("pscale_pw_"), Run(Padded, 32, 64)]),
            shape(&[Text("pscale_oauth_"), Run(Padded, 32, 64)]),
        ]),
    },
    Rule {
        number: 43,
        name: "doppler",
        what: "Doppler token: dp. and pt, st, ct, sa, scim or audit, perhaps a name, and 40 to 44 letters and digits",
        how: How::Shapes(&[
            shape(&[Text("dp.pt."), Run(Alnum, 40, 44)]),
            shape(&[Text("dp.st."), Run(Alnum, 40, 44)]),
            shape(&[Text("dp.ct."), Run(Alnum, 40, 44)]),
            shape(&[Text("dp.sa."), Run(Alnum, 40, 44)]),
            shape(&[Text("dp.scim."), Run(Alnum, 40, 44)]),
            shape(&[Text("dp.audit."), Run(Alnum, 40, 44)]),
            shape(&[Text("dp.st."), Run(Token, 2, 35), Text("."), Run(Alnum, 40, 44)]),
        ]),
    },
    Rule {
        number: 44,
        name: "grafana",
        what: "Grafana token: glsa_, 32 letters and digits, _ and 8 hex digits; or glc_ and at least 32 of base64",
        how: How::Shapes(&[
            shape(&[Text("glsa_"), Run(Alnum, 32, 32), Text("_"), Run(Hex, 8, 8)]),
            shape(&[Text("glc_"), Run(Base64Padded, 32, usize::MAX)]),
        ]),
    },
    Rule {
        number: 45,
        name: "new-relic",
        what: "New Relic key: NRAK- and 27 capital letters and digits, NRII- and 32 characters, or 36 hex digits and NRAL",
        how: How::Shapes(&[
            shape(&[Text("NRAK-"), Run(Upper, 27, 27)]),
            shape(&[Text("NRII-"), Run(Token, 32, 32)]),
            shape(&[Text("NRAL")]).behind(Hex, 36, 36),
        ]),
    },
    Rule {
        number: 46,
        name: "1password",
        what: "1Password service account token: ops_eyJ and at least 250 of base64; secret key: A3- and groups of 6, 11 (or 6 and 5), 5, 5 and 5",
        how: How::Shapes(&[
            shape(&[Text("ops_eyJ"), Run(Base64Padded, 250, usize::MAX)]),
            shape(&[
                Text("A3-"),
                Run(Upper, 6, 6),
                Text("-"),
                Run(Upper, 11, 11),
                Text("-"),
                Run(Upper, 5, 5),
                Text("-"),
                Run(Upper, 5, 5),
                Text("-"),
                Run(Upper, 5, 5),
            ]),
            shape(&[
                Text("A3-"),
                Run(Upper, 6, 6),
                Text("-"),
                Run(Upper, 6, 6),
                Text("-"),
                Run(Upper, 5, 5),
                Text("-"),
                Run(Upper, 5, 5),
                Text("-"),
                Run(Upper, 5, 5),
                Text("-"),
                Run(Upper, 5, 5),
            ]),
        ]),
    },
    Rule {
        number: 47,
        name: "tailscale",
        what: "Tailscale key: tskey-, a kind, an id and a secret between dashes",
        how: How::Shapes(&[shape(&[
            Text("tskey-"),
            Run(Lower, 3, 12),
            Text("-"),
            Run(Alnum, 8, 32),
            Text("-"),
            Run(Alnum, 16, 64),
        ])]),
    },
    Rule {
        number: 48,
        name: "buildkite",
        what: "Buildkite token: bkua_ and 40 letters and digits",
        how: How::Shapes(&[shape(&[Text("bkua_"), Run(Lower, 40, 40)])]),
    },
    Rule {
        number: 49,
        name: "circleci",
        what: "CircleCI token: CCIPAT_ or CCIPRJ_, 22 letters and digits, _ and 40 hex digits",
        how: How::Shapes(&[
            shape(&[Text("CCIPAT_"), Run(Alnum, 22, 22), Text("_"), Run(Hex, 40, 40)]),
            shape(&[Text("CCIPRJ_"), Run(Alnum, 22, 22), Text("_"), Run(Hex, 40, 40)]),
        ]),
    },
    Rule {
        number: 50,
        name: "rubygems",
        what: "RubyGems key: rubygems_ and 48 hex digits",
        how: How::Shapes(&[shape(&[Text("rubygems_"), Run(Hex, 48, 48)])]),
    },
    Rule {
        number: 51,
        name: "crates-io",
        what: "crates.io token: cio and 32 letters of both cases and digits",
        how: How::Shapes(&[shape(&[Text("cio"), Run(Alnum, 32, 32)]).mixed()]),
    },
    Rule {
        number: 52,
        name: "nuget",
        what: "NuGet key: oy2 and 43 small letters and digits",
        how: How::Shapes(&[shape(&[Text("oy2"), Run(Lower, 43, 43)])]),
    },
    Rule {
        number: 53,
        name: "gitlab-other",
        what: "GitLab's other tokens: glrt-, gldt-, glft-, glsoat-, glffct-, glwt- and at least 20 characters, glptt- 40, glcbt- 20 behind a partition, glimt- 25, glagent- 50, gloas- 64, GR1348941 20",
        how: How::Shapes(&[
            shape(&[Text("glrt-"), Run(Dotted, 20, usize::MAX)]),
            shape(&[Text("gldt-"), Run(Dotted, 20, usize::MAX)]),
            shape(&[Text("glft-"), Run(Dotted, 20, usize::MAX)]),
            shape(&[Text("glsoat-"), Run(Dotted, 20, usize::MAX)]),
            shape(&[Text("glffct-"), Run(Dotted, 20, usize::MAX)]),
            shape(&[Text("glwt-"), Run(Dotted, 20, usize::MAX)]),
            shape(&[Text("glptt-"), Run(Token, 40, usize::MAX)]),
            shape(&[Text("glcbt-"), Run(Alnum, 1, 5), Text("_"), Run(Token, 20, usize::MAX)]),
            shape(&[Text("glcbt-"), Run(Token, 20, usize::MAX)]),
            shape(&[Text("glimt-"), Run(Token, 25, usize::MAX)]),
            shape(&[Text("glagent-"), Run(Token, 50, usize::MAX)]),
            shape(&[Text("gloas-"), Run(Token, 64, usize::MAX)]),
            shape(&[Text("GR1348941"), Run(Token, 20, 20)]),
        ]),
    },
    Rule {
        number: 54,
        name: "sentry",
        what: "Sentry token: sntrys_eyJ and base64, _ and 43 more; or sntryu_ and 64 hex digits",
        how: How::Shapes(&[
            shape(&[Text("sntrys_"), Run(Base64Padded, 40, usize::MAX), Text("_"), Run(Base64, 43, 43)]),
            shape(&[Text("sntryu_"), Run(Hex, 64, 64)]),
        ]),
    },
    Rule {
        number: 55,
        name: "supabase",
        what: "Supabase token: sbp_ and 40 hex digits, or sb_secret_ and at least 20 characters",
        how: How::Shapes(&[
            shape(&[Text("sbp_"), Run(Hex, 40, 40)]),
            shape(&[Text("sb_secret_"), Run(Token, 20, usize::MAX)]),
        ]),
    },
    Rule {
        number: 56,
        name: "telegram",
        what: "Telegram bot token: 8 to 10 digits, :AA and 33 characters",
        how: How::Shapes(&[shape(&[Text(":AA"), Run(Token, 33, 33)]).behind(Digit, 8, 10)]),
    },
    Rule {
        number: 57,
        name: "slack-webhook",
        what: "path of a Slack webhook: hooks.slack.com/services/ (or workflows, triggers) and 43 to 56 characters",
        how: How::Shapes(&[
            shape(&[Text("hooks.slack.com/services/"), Run(Base64, 43, 80)]),
            shape(&[Text("hooks.slack.com/workflows/"), Run(Base64, 43, 80)]),
            shape(&[Text("hooks.slack.com/triggers/"), Run(Base64, 43, 80)]),
        ]),
    },
    Rule {
        number: 58,
        name: "discord-webhook",
        what: "path of a Discord webhook: webhooks/, a number, / and 60 to 72 characters",
        how: How::Shapes(&[shape(&[Text("webhooks/"), Run(Digit, 17, 20), Text("/"), Run(Token, 60, 72)])]),
    },
    Rule {
        number: 59,
        name: "teams-webhook",
        what: "path of a Microsoft Teams webhook: webhook.office.com/webhookb2/ and at least 100 characters",
        how: How::Anchors(&["webhook.office.com/webhookb2/"], teams),
    },
    Rule {
        number: 60,
        name: "sendgrid",
        what: "SendGrid key: SG., 22 characters, a dot and 43",
        how: How::Shapes(&[shape(&[Text("SG."), Run(Token, 22, 22), Text("."), Run(Token, 43, 43)])]),
    },
    Rule {
        number: 61,
        name: "mailgun",
        what: "Mailgun key: key- and 32 hex digits",
        how: How::Shapes(&[shape(&[Text("key-"), Run(Hex, 32, 32)])]),
    },
    Rule {
        number: 62,
        name: "brevo",
        what: "Brevo key: xkeysib- or xsmtpsib-, 64 hex digits, a dash and 16 letters and digits",
        how: How::Shapes(&[
            shape(&[Text("xkeysib-"), Run(Hex, 64, 64), Text("-"), Run(Alnum, 16, 16)]),
            shape(&[Text("xsmtpsib-"), Run(Hex, 64, 64), Text("-"), Run(Alnum, 16, 16)]),
        ]),
    },
    Rule {
        number: 63,
        name: "heroku",
        what: "Heroku key: HRKU-AA and 58 characters",
        how: How::Shapes(&[shape(&[Text("HRKU-AA"), Run(Token, 58, 58)])]),
    },
    Rule {
        number: 64,
        name: "figma",
        what: "Figma token: figd_ and at least 40 characters",
        how: How::Shapes(&[shape(&[Text("figd_"), Run(Token, 40, usize::MAX)])]),
    },
    Rule {
        number: 65,
        name: "postman",
        what: "Postman key: PMAK-, 24 hex digits, a dash and 34",
        how: How::Shapes(&[shape(&[Text("PMAK-"), Run(Hex, 24, 24), Text("-"), Run(Hex, 34, 34)])]),
    },
    Rule {
        number: 66,
        name: "pulumi",
        what: "Pulumi token: pul- and 40 hex digits",
        how: How::Shapes(&[shape(&[Text("pul-"), Run(Hex, 40, 40)])]),
    },
    Rule {
        number: 67,
        name: "cloudflare-origin",
        what: "Cloudflare origin CA key: v1.0-, 24 hex digits, a dash and 146",
        how: How::Shapes(&[shape(&[Text("v1.0-"), Run(Hex, 24, 24), Text("-"), Run(Hex, 146, 146)])]),
    },
    Rule {
        number: 68,
        name: "fly",
        what: "Fly.io token: fo1_ and 43 characters, or fm1r_, fm1a_ or fm2_ and at least 100 of base64",
        how: How::Shapes(&[
            shape(&[Text("fo1_"), Run(Token, 43, 43)]),
            shape(&[Text("fm1r_"), Run(Base64Padded, 100, usize::MAX)]),
            shape(&[Text("fm1a_"), Run(Base64Padded, 100, usize::MAX)]),
            shape(&[Text("fm2_"), Run(Base64Padded, 100, usize::MAX)]),
        ]),
    },
    Rule {
        number: 69,
        name: "dynatrace",
        what: "Dynatrace token: dt0c01., 24 capital letters and digits, a dot and 64",
        how: How::Shapes(&[shape(&[Text("dt0c01."), Run(Upper, 24, 24), Text("."), Run(Upper, 64, 64)])]),
    },
    Rule {
        number: 70,
        name: "easypost",
        what: "EasyPost key: EZAK and 54 letters and digits",
        how: How::Shapes(&[shape(&[Text("EZAK"), Run(Alnum, 54, 54)])]),
    },
    Rule {
        number: 71,
        name: "hubspot",
        what: "HubSpot token: pat-na1- or pat-eu1- and a UUID",
        how: How::Shapes(&[
            shape(&[
                Text("pat-na1-"),
                Run(Hex, 8, 8),
                Text("-"),
                Run(Hex, 4, 4),
                Text("-"),
                Run(Hex, 4, 4),
                Text("-"),
                Run(Hex, 4, 4),
                Text("-"),
                Run(Hex, 12, 12),
            ]),
            shape(&[
                Text("pat-eu1-"),
                Run(Hex, 8, 8),
                Text("-"),
                Run(Hex, 4, 4),
                Text("-"),
                Run(Hex, 4, 4),
                Text("-"),
                Run(Hex, 4, 4),
                Text("-"),
                Run(Hex, 12, 12),
            ]),
        ]),
    },
    Rule {
        number: 72,
        name: "artifactory",
        what: "Artifactory key: AKCp and 69 letters and digits, or cmVmd and 59",
        how: How::Shapes(&[
            shape(&[Text("AKCp"), Run(Alnum, 69, 69)]),
            shape(&[Text("cmVmd"), Run(Alnum, 59, 59)]).mixed(),
        ]),
    },
    Rule {
        number: 73,
        name: "sonarqube",
        what: "SonarQube token: sqp_, squ_ or sqa_ and 40 hex digits",
        how: How::Shapes(&[
            shape(&[Text("sqp_"), Run(Hex, 40, 40)]),
            shape(&[Text("squ_"), Run(Hex, 40, 40)]),
            shape(&[Text("sqa_"), Run(Hex, 40, 40)]),
        ]),
    },
    Rule {
        number: 74,
        name: "sourcegraph",
        what: "Sourcegraph token: sgp_, perhaps local or 16 hex digits and _, and 40 hex digits",
        how: How::Shapes(&[
            shape(&[Text("sgp_"), Run(Hex, 40, 40)]),
            shape(&[Text("sgp_"), Run(Hex, 16, 16), Text("_"), Run(Hex, 40, 40)]),
            shape(&[Text("sgp_local_"), Run(Hex, 40, 40)]),
        ]),
    },
    Rule {
        number: 75,
        name: "readme",
        what: "ReadMe key: rdme_ and 70 letters and digits",
        how: How::Shapes(&[shape(&[Text("rdme_"), Run(Lower, 70, 70)])]),
    },
    Rule {
        number: 76,
        name: "prefect",
        what: "Prefect key: pnu_ and 36 letters and digits",
        how: How::Shapes(&[shape(&[Text("pnu_"), Run(Alnum, 36, 36)])]),
    },
    Rule {
        number: 77,
        name: "clojars",
        what: "Clojars token: CLOJARS_ and 60 letters and digits",
        how: How::Shapes(&[shape(&[Text("CLOJARS_"), Run(Lower, 60, 60)])]),
    },
    Rule {
        number: 78,
        name: "contentful",
        what: "Contentful management token: CFPAT- and 43 characters",
        how: How::Shapes(&[shape(&[Text("CFPAT-"), Run(Token, 43, 43)])]),
    },
    Rule {
        number: 79,
        name: "mongodb-atlas",
        what: "MongoDB Atlas service account secret: mdb_sa_sk_ and 40 characters",
        how: How::Shapes(&[shape(&[Text("mdb_sa_sk_"), Run(Token, 40, 40)])]),
    },
    Rule {
        number: 80,
        name: "aiven",
        what: "Aiven password: AVNS_ and at least 16 characters",
        how: How::Shapes(&[shape(&[Text("AVNS_"), Run(Token, 16, usize::MAX)])]),
    },
    Rule {
        number: 81,
        name: "google-client",
        what: "Google OAuth client secret: GOCSPX- and 28 characters; refresh token: 1//0 and at least 40",
        how: How::Shapes(&[
            shape(&[Text("GOCSPX-"), Run(Token, 28, 28)]),
            shape(&[Text("1//0"), Run(Token, 40, usize::MAX)]),
        ]),
    },
    Rule {
        number: 82,
        name: "bedrock",
        what: "Amazon Bedrock key: ABSK and 109 to 269 of base64, or bedrock-api-key- and at least 40",
        how: How::Shapes(&[
            shape(&[Text("ABSK"), Run(Base64Padded, 109, 275)]),
            shape(&[Text("bedrock-api-key-"), Run(Base64Padded, 40, usize::MAX)]),
        ]),
    },
    Rule {
        number: 83,
        name: "azure-key",
        what: "Azure key with its mark at the end: +ASt, +ABa, +AMC, ACDb or APIM behind 76 characters; +ASb, +AEh, +ARm or AIoT behind 33; AzFu behind 44; AzSe behind 42; AzCa behind 33; +ACR behind 42",
        how: How::Shapes(&[
            shape(&[Text("+ASt"), Run(Base64, 6, 6), Text("==")]).behind(Base64, 76, 76),
            shape(&[Text("+ABa"), Run(Base64, 6, 6), Text("==")]).behind(Base64, 76, 76),
            shape(&[Text("+AMC"), Run(Base64, 6, 6), Text("==")]).behind(Base64, 76, 76),
            shape(&[Text("ACDb"), Run(Base64, 6, 6), Text("==")]).behind(Base64, 76, 76),
            shape(&[Text("APIM"), Run(Base64, 6, 6), Text("==")]).behind(Base64, 76, 76),
            shape(&[Text("+ASb"), Run(Base64, 6, 6), Text("=")]).behind(Base64, 33, 33),
            shape(&[Text("+AEh"), Run(Base64, 6, 6), Text("=")]).behind(Base64, 33, 33),
            shape(&[Text("+ARm"), Run(Base64, 6, 6), Text("=")]).behind(Base64, 33, 33),
            shape(&[Text("AIoT"), Run(Base64, 6, 6), Text("=")]).behind(Base64, 33, 33),
            shape(&[Text("AzFu"), Run(Token, 6, 6), Text("==")]).behind(Token, 44, 44),
            shape(&[Text("AzSe"), Run(Alnum, 6, 6)]).behind(Alnum, 42, 42),
            shape(&[Text("AzCa"), Run(Alnum, 6, 6), Text("=")]).behind(Alnum, 33, 33),
            shape(&[Text("+ACR"), Run(Alnum, 6, 6)]).behind(Base64, 42, 42),
        ]),
    },
    Rule {
        number: 84,
        name: "azure-devops",
        what: "Azure DevOps token: 76 letters and digits, AZDO and 4 more",
        how: How::Shapes(&[shape(&[Text("AZDO"), Run(Alnum, 4, 4)]).behind(Alnum, 76, 76)]),
    },
    Rule {
        number: 85,
        name: "azure-client",
        what: "Entra client secret: 3 characters, a digit, Q~ and 31 to 34 characters",
        how: How::Byte(b'~', entra),
    },
    Rule {
        number: 86,
        name: "openshift",
        what: "OpenShift token: sha256~ and 43 characters",
        how: How::Byte(b'~', openshift),
    },
];

/// At the tilde of a client secret of Entra.
fn entra(record: &[u8], at: usize) -> Option<Found> {
    let [a, b, c, digit, b'Q'] = record.get(at.checked_sub(5)?..at)? else { return None };
    let begin = at - 5;
    let known = digit.is_ascii_digit() && [a, b, c].into_iter().all(|byte| Class::Unreserved.has(*byte));
    let length = run(record, at + 1, |byte| Class::Unreserved.has(byte));
    (known && (31..=34).contains(&length) && starts_clean(record, begin)).then(|| plain(begin, at + 1 + length))
}

/// At the tilde of a user token of OpenShift.
fn openshift(record: &[u8], at: usize) -> Option<Found> {
    let begin = at.checked_sub(6)?;
    (record.get(begin..at)? == b"sha256").then(|| exactly(record, begin, 7, 43, |byte| Token.has(byte)))?
}

/// Around the name of the vendor in base64: the prefix before it, and as much behind it as before.
fn openai(record: &[u8], at: usize) -> Option<Found> {
    const HEAD_MAX: usize = 96;
    let before = record.get(at.saturating_sub(HEAD_MAX)..at)?;
    let length = before.iter().rev().take_while(|byte| Token.has(**byte)).count();
    let head = before.get(before.len() - length..)?;
    let begin = at - length + memchr::memmem::find(head, b"sk-")?;
    let end = at + 8 + run(record, at + 8, |byte| Token.has(byte));
    let half = end - at - 8;
    let fits = matches!(half, 20 | 58 | 74) && at - begin >= half + 3;
    (fits && starts_clean(record, begin)).then(|| plain(begin, end))
}

/// The path of a webhook of Teams: everything after its host opens the channel.
fn teams(record: &[u8], at: usize) -> Option<Found> {
    const HOST: usize = "webhook.office.com/webhookb2/".len();
    let length = run(record, at + HOST, |byte| Token.has(byte) || matches!(byte, b'/' | b'@'));
    (length >= 100).then(|| plain(at + HOST, at + HOST + length))
}
