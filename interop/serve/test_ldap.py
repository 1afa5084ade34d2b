"""A directory of OpenLDAP, unpacked from Debian's packages, asked by the server while it changes, stops and comes back.

SLAPD names the folder that `scripts/slapd.sh` prints.
"""
import glob
import json
import os
import pathlib
import re
import socket
import subprocess
import urllib.request

import pytest
from conftest import free_port, until

ROOT = os.environ.get("SLAPD")
pytestmark = pytest.mark.skipif(not ROOT, reason="SLAPD is not set: no apt-get")
BASE, ADMIN, PASSWORD = "dc=acme,dc=example", "cn=admin,dc=acme,dc=example", "of this test alone"


def certificate(folder):
    """A certificate of this machine, signed by itself, that is no authority: rustls takes none of those from a server."""
    more = [part for text in ("subjectAltName=DNS:localhost,IP:127.0.0.1", "basicConstraints=critical,CA:FALSE")
            for part in ("-addext", text)]
    files = ["-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")]
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost", *files, *more]
    subprocess.run(command, check=True, capture_output=True)


class Slapd:
    """A directory of one database, over LDAP and LDAPS."""

    def __init__(self, folder):
        self.folder, self.process = pathlib.Path(folder), None
        (self.folder / "db").mkdir()
        certificate(self.folder)
        self.env = {**os.environ, "LD_LIBRARY_PATH": f"{ROOT}/usr/lib/x86_64-linux-gnu"}
        self.port, self.tls_port = free_port(), free_port()
        schemas = "".join(f"include {ROOT}/etc/ldap/schema/{name}.schema\n" for name in ("core", "cosine", "inetorgperson", "nis"))
        (self.folder / "slapd.conf").write_text(f"""{schemas}
modulepath {ROOT}/usr/lib/ldap
moduleload back_mdb
TLSCertificateFile {self.folder}/cert.pem
TLSCertificateKeyFile {self.folder}/key.pem
sizelimit size.soft=100 size.hard=100 size.prtotal=unlimited
database mdb
suffix "{BASE}"
rootdn "{ADMIN}"
rootpw "{PASSWORD}"
directory {self.folder}/db
limits dn.exact="{ADMIN}" size.soft=unlimited size.hard=unlimited size.pr=100
access to * by dn.exact="{ADMIN}" write by anonymous auth by * none
""")
        self.tool("usr/sbin/slapadd", "-f", str(self.folder / "slapd.conf"), ldif=people(range(1_200)))

    def tool(self, program, *arguments, ldif=""):
        command = [f"{ROOT}/{program}", *arguments]
        done = subprocess.run(command, env=self.env, input=ldif, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr

    def start(self):
        urls = f"ldap://127.0.0.1:{self.port}/ ldaps://127.0.0.1:{self.tls_port}/"
        command = [f"{ROOT}/usr/sbin/slapd", "-f", str(self.folder / "slapd.conf"), "-h", urls, "-d", "0"]
        self.process = subprocess.Popen(command, env=self.env, stderr=subprocess.DEVNULL)

        def answers():
            try:
                with socket.create_connection(("127.0.0.1", self.tls_port), timeout=1):
                    return True
            except OSError:
                return False
        until(answers)

    def change(self, ldif):
        self.tool("usr/bin/ldapmodify", "-x", "-D", ADMIN, "-w", PASSWORD, "-H", f"ldap://127.0.0.1:{self.port}", ldif=ldif)

    def stop(self):
        if self.process is not None:
            self.process.terminate()
            self.process.wait(30)
            self.process = None


def people(numbers):
    entries = [f"dn: {BASE}\nobjectClass: domain\ndc: acme\n",
               f"dn: ou=services,{BASE}\nobjectClass: organizationalUnit\nou: services\n"]
    for n in numbers:
        entries.append(f"dn: uid=svc-{n},ou=services,{BASE}\nobjectClass: inetOrgPerson\nuid: svc-{n}\ncn: Service {n}\nsn: {n}\n"
                       f"employeeType: service account\ndepartmentNumber: payroll\nuserPassword: hunter2-{n}\n"
                       + ("description:: U2NodXR6IGbDvHIgSsO8cmdlbg==\n" if n % 2 else ""))
    members = "".join(f"member: uid=svc-{n},ou=services,{BASE}\n" for n in numbers)
    entries.append(f"dn: cn=operators,{BASE}\nobjectClass: groupOfNames\ncn: operators\n{members}")
    return "\n".join(entries)


@pytest.fixture
def slapd(tmp_path):
    folder = tmp_path / "slapd"
    folder.mkdir()
    directory = Slapd(folder)
    directory.start()
    yield directory
    directory.stop()


def settings(url, more=""):
    return f'[[ldap]]\nsource = "directory"\nurl = "{url}"\nbase = "{BASE}"\nbind_dn = "{ADMIN}"\npassword = "env:LDAP_PASSWORD"\n' \
           f"poll_seconds = 1\nfull_seconds = 3600\n{more}"


def sealed(server):
    request = urllib.request.Request(f"{server.url}/metrics", headers={"authorization": f"Bearer {server.token}"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        text = answer.read().decode()
    found = re.search(r'^deedbook_records_sealed_total\{source="directory"\} (\d+)', text, re.M)
    return int(found[1]) if found else 0


def listed(server):
    server.stop()
    query = """SELECT inventory_name AS name, inventory_state AS state, inventory_team AS team, inventory_purpose AS purpose,
               cardinality(entitlements) AS rights FROM events WHERE source = 'directory' ORDER BY leaf_index"""
    return [json.loads(line) for line in server.deedbook("sql", "-o", "ndjson", query).splitlines()]


def test_what_a_directory_holds_and_what_changes_in_it_is_sealed_once(serve, slapd):
    server = serve(settings(f"ldap://127.0.0.1:{slapd.port}"), {"LDAP_PASSWORD": PASSWORD})
    until(lambda: sealed(server) == 1_203)
    slapd.change(f"dn: uid=svc-7,ou=services,{BASE}\nchangetype: modify\nreplace: departmentNumber\ndepartmentNumber: treasury\n")
    until(lambda: sealed(server) == 1_204)
    slapd.change(f"dn: uid=svc-8,ou=services,{BASE}\nchangetype: delete\n")
    until(lambda: sealed(server) == 1_205)
    slapd.change(f"dn: uid=svc-9,ou=services,{BASE}\nchangetype: modrdn\nnewrdn: uid=svc-nine\ndeleteoldrdn: 1\n")
    until(lambda: sealed(server) == 1_206)
    # Gone for a while: nothing is taken for deleted, and nothing is told twice when it is back.
    slapd.stop()
    until(lambda: "tried again later" in server.stderr())
    slapd.start()
    slapd.change(f"dn: uid=svc-10,ou=services,{BASE}\nchangetype: modify\nreplace: sn\nsn: ten\n")
    until(lambda: sealed(server) == 1_207, 120)
    rows = listed(server)
    assert len(rows) == 1_207
    assert (rows[-4]["name"], rows[-4]["team"]) == ("svc-7", "treasury")
    assert (rows[-3]["name"], rows[-3]["state"]) == ("svc-8", "deleted")
    assert rows[-2]["name"] == "svc-nine"
    assert next(row for row in rows if row["name"] == "svc-1")["purpose"] == "Schutz für Jürgen"
    assert next(row for row in rows if row["name"] == "operators")["rights"] == 1_201
    everything = b"".join(pathlib.Path(path).read_bytes() for path in glob.glob(f"{server.data}/**", recursive=True) if os.path.isfile(path))
    assert b"hunter2" not in everything
    assert "hunter2" not in server.deedbook("sql", "SELECT raw FROM records WHERE raw LIKE '%hunter2%' OR raw LIKE '%aHVudGVyMi%'")


@pytest.mark.parametrize("kind", ["ldaps", "starttls"])
def test_over_tls_only_a_directory_that_is_vouched_for_is_believed(serve, slapd, kind):
    url = f"ldaps://localhost:{slapd.tls_port}" if kind == "ldaps" else f"ldap://localhost:{slapd.port}"
    more = "starttls = true\n" if kind == "starttls" else ""
    doubting = serve(settings(url, more), {"LDAP_PASSWORD": PASSWORD})
    until(lambda: "certificate" in doubting.stderr())
    assert sealed(doubting) == 0
    server = serve(settings(url, f'{more}roots = "{slapd.folder}/cert.pem"\n'), {"LDAP_PASSWORD": PASSWORD})
    until(lambda: sealed(server) == 1_203)


def test_a_wrong_password_is_said_and_not_repeated(serve, slapd):
    server = serve(settings(f"ldap://127.0.0.1:{slapd.port}"), {"LDAP_PASSWORD": "another one"})
    until(lambda: "invalidCredentials" in server.stderr())
    assert "another one" not in server.stderr() and sealed(server) == 0
