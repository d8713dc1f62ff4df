//! A tap for clients on other machines, and before engines on other machines: TLS with certificates, and ssh.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its helpers too")]

use std::fs;
use std::path::Path;
use std::process::{Child, Stdio};

use porthole_lab::{Engine, Lab};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};

use crate::support::{PORTHOLE, builder, lab, parse, porthole, porthole_ok, start, wait_for};

type Authority = CertifiedIssuer<'static, KeyPair>;

const ENGINE: &str =
    "DOCKER_HOST=tcp://10.77.0.2:2376 DOCKER_TLS_VERIFY=1 DOCKER_CERT_PATH=/certificates/ada";
const LISTEN: &str = "tap --listen tcp://0.0.0.0:2377 --tlsdir /certificates/server";

fn authority(name: &str) -> Authority {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// A directory as docker has them: the authority to trust, and a certificate of `signer` with its key.
fn identity(directory: &Path, name: &str, trusted: &Authority, signer: &Authority) {
    let directory = directory.join(name);
    fs::create_dir(&directory).unwrap();
    let names = ["localhost", "127.0.0.1", "10.77.0.2"].map(str::to_owned);
    let mut params = CertificateParams::new(names).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    let key = KeyPair::generate().unwrap();
    fs::write(directory.join("ca.pem"), trusted.pem()).unwrap();
    fs::write(directory.join("cert.pem"), params.signed_by(&key, signer).unwrap().pem()).unwrap();
    fs::write(directory.join("key.pem"), key.serialize_pem()).unwrap();
}

/// An engine that demands certificates at 10.77.0.2:2376, and the certificates of its lab.
pub(crate) fn lab_with_certificates(directory: &Path) -> Lab {
    let (ours, others) = (authority("ours"), authority("others"));
    identity(directory, "server", &ours, &ours);
    identity(directory, "ada", &ours, &ours);
    identity(directory, "eve", &ours, &others);
    let mut builder = builder(Engine::newest()).bind(directory, "/certificates");
    for argument in [
        "--host=tcp://10.77.0.2:2376",
        "--tlsverify",
        "--tlscacert=/certificates/server/ca.pem",
        "--tlscert=/certificates/server/cert.pem",
        "--tlskey=/certificates/server/key.pem",
    ] {
        builder = builder.engine_argument(argument);
    }
    start(builder)
}

fn spawn(lab: &Lab, script: &str) -> Child {
    let mut command = lab.command("sh");
    command.args(["-c", script]).stdin(Stdio::null()).spawn().unwrap()
}

/// What a docker client of the lab does through the tap, as the holder of a directory of certificates.
fn script_of(name: &str, script: &str) -> String {
    format!(
        "export DOCKER_HOST=tcp://127.0.0.1:2377 DOCKER_TLS_VERIFY=1 DOCKER_CERT_PATH=/certificates/{name}; {script}"
    )
}

#[test]
fn clients_with_certificates_before_an_engine_with_certificates() {
    let certificates = tempfile::tempdir().unwrap();
    let lab = lab_with_certificates(certificates.path());
    lab.run("web", &[], "bb:1", &["sleep", "1000"]);
    let tap = format!("exec env {ENGINE} porthole {LISTEN} --record /tmp/calls.db > /run/shown 2>&1");
    let mut running = spawn(&lab, &tap);
    wait_for("the port", || lab.sh(&script_of("ada", "docker version")).code == 0);
    let script =
        "docker run --rm bb:1 echo hello; echo in | docker exec -i web sh -c 'cat; sleep 1; echo after'";
    assert_eq!(lab.sh_ok(&script_of("ada", script)), "hello\nin\nafter");
    // Go's clients, dockerd's too, keep a certificate to themselves that the other side would not trust.
    let untrusted = lab.sh(&script_of("eve", "docker ps"));
    assert!(untrusted.code != 0 && untrusted.stderr.contains("tls: certificate required"), "{untrusted}");
    let curl =
        "curl -sS --cacert eve/ca.pem --cert eve/cert.pem --key eve/key.pem https://127.0.0.1:2377/_ping";
    let untrusted = lab.sh(&format!("cd /certificates && {curl}"));
    assert!(untrusted.code != 0 && untrusted.stderr.contains("unknown ca"), "{untrusted}");
    let plain = lab.sh("docker -H tcp://127.0.0.1:2377 ps");
    assert!(plain.stderr.contains("Client sent an HTTP request to an HTTPS server"), "{plain}");
    lab.sh_ok("pkill -INT -x porthole");
    assert!(running.wait().unwrap().success());
    let shown = lab.sh_ok("cat /run/shown");
    for words in
        ["not signed by the authority", "it shows no certificate", "plain HTTP", "ada  ", "DOCKER_CERT_PATH"]
    {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    let listed = porthole_ok(
        &lab,
        &["traffic", "ls", "/tmp/calls.db", "-o", "json", "-f", "client.certificate = ada"],
    );
    let calls: Vec<_> = listed.lines().map(parse).collect();
    assert!(calls.iter().any(|call| call["operation"] == "ExecStart"), "{listed}");
    assert!(calls.iter().all(|call| call["client"]["certificate"] == "ada"), "{listed}");
    let detail = porthole_ok(&lab, &["traffic", "show", "/tmp/calls.db", &calls[0]["id"].to_string()]);
    assert!(detail.contains("certificate") && detail.contains("ada"), "{detail}");
}

#[test]
fn certificates_that_will_not_do_are_refused_with_a_hint() {
    let lab = lab(Engine::newest());
    let refused = |arguments: &[&str], words: &[&str]| {
        let refused = porthole(&lab, &[&["tap"], arguments].concat());
        assert_eq!(refused.code, 2, "{refused}");
        for words in words {
            assert!(refused.stderr.contains(words), "{words}: {refused}");
        }
    };
    let listen = ["--listen", "tcp://0.0.0.0:2376"];
    refused(&listen, &["can be reached from other machines", "--tlsdir", "--insecure"]);
    refused(&[&listen[..], &["--tlsdir", "/nowhere"]].concat(), &["/nowhere/ca.pem", "--tlscacert"]);
    refused(&[&listen[..], &["--tlscert", "/etc/passwd"]].concat(), &["--tlscacert, too"]);
    refused(&["--tlsdir", "/nowhere"], &["TLS is for a listener on TCP"]);
    refused(
        &[&listen[..], &["--tlsdir", "/nowhere", "--", "true"]].concat(),
        &["has no certificate to show"],
    );
    refused(&[&listen[..], &["--tlsdir", "/nowhere", "--insecure"]].concat(), &["cannot be used with"]);
    lab.sh_ok("mkdir /tmp/c; cp /etc/passwd /tmp/c/ca.pem");
    refused(
        &[&listen[..], &["--tlsdir", "/tmp/c"]].concat(),
        &["ca.pem holds no certificate", "openssl x509"],
    );
}

#[test]
fn a_tap_before_an_engine_over_ssh() {
    // The client of the lab's own system, which has the same libraries as this one.
    let lab = Lab::start(Engine::Docker20).unwrap();
    lab.run("web", &[], "bb:1", &["sleep", "1000"]);
    let home = tempfile::tempdir().unwrap();
    let client = home.path().join("bin/docker").display().to_string();
    let script = format!(
        "XDG_RUNTIME_DIR={} {PORTHOLE} -H $ENGINE tap -o json -- \
         sh -c '{client} ps --format \"{{{{.Names}}}}\"; echo in | {client} exec -i web sh -c \"cat; sleep 1; echo after\"'",
        home.path().display()
    );
    let output = lab.over_ssh(home.path(), &["sh", "-c", &script]).unwrap();
    assert_eq!((output.code, output.stdout.as_str()), (0, "web\nin\nafter\n"), "{output}");
    assert!(output.stderr.contains("\"ExecStart\""), "{output}");
}
