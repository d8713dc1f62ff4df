//! From wishes to a running lab: the steps of a start, undone when one fails.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::builder::{Extra, LabBuilder, Part};
use crate::cgroup::Cgroups;
use crate::claim::Claim;
use crate::host::{Attached, PEER_ON_HOST};
use crate::settings::Settings;
use crate::slot::Slot;
use crate::{Lab, LabError, first, garbage, images, outside, peer, registry, systemd, tree, users};

const TRIES: usize = 3;

pub(crate) fn start(wishes: &LabBuilder) -> Result<Lab, LabError> {
    let settings = Settings::from_environment();
    let tree = tree::obtain(&settings, &wishes.contents(), &mut |_| {})?;
    let mut wishes = wishes.clone();
    for clients in wishes.clients.clone() {
        wishes = wishes.bind(tree::obtain(&settings, &clients.contents(), &mut |_| {})?, &clients.place());
    }
    garbage::collect(&settings)?;
    let slot = if wishes.has(Part::Slot) { Some(Slot::take(&settings)?) } else { None };
    let mut tries = 1;
    loop {
        match attempt(&wishes, &settings, &tree) {
            Err(error) if tries == TRIES || is_final(&error) => return Err(error),
            Err(_) => tries += 1,
            Ok(mut lab) => {
                lab.slot = slot;
                return Ok(lab);
            }
        }
    }
}

/// Dropping the claim, or the lab, on the way out undoes what was done.
fn attempt(wishes: &LabBuilder, settings: &Settings, tree: &Path) -> Result<Lab, LabError> {
    let name = wishes.name.clone().unwrap_or_else(next_name);
    check_name(settings, &name)?;
    let mut claim = Claim::make(settings, &name)?;
    let mut host = bring_up(wishes, &mut claim, &settings.lab(&name), tree)?;
    wishes.clients.iter().try_for_each(|clients| clients.furnish(&host))?;
    if wishes.wants(Extra::RemappedUsers) || wishes.wants(Extra::Rootless) {
        users::furnish(&host)?;
    }
    for child in outside::start(&host)? {
        claim.reap(child);
    }
    let mut arguments = wishes.arguments.clone();
    if wishes.wants(Extra::Registry) {
        claim.reap(registry::start(&host, wishes.wants(Extra::RegistryLogin))?);
        arguments.extend(registry::engine_arguments(wishes.engine));
    }
    if wishes.wants(Extra::Systemd) {
        claim.reap(systemd::start(&mut host)?);
        host.record()?;
    }
    let lab = Lab::new(claim, host, arguments, wishes.time_limit);
    if wishes.has(Part::Engine) {
        if !wishes.wants(Extra::Systemd) {
            lab.start_engine()?;
        }
        if wishes.has(Part::Images) {
            images::import(settings, lab.attached())?;
        }
    }
    Ok(lab)
}

/// The lab host without its engine.
fn bring_up(
    wishes: &LabBuilder,
    claim: &mut Claim,
    directory: &Path,
    tree: &Path,
) -> Result<Attached, LabError> {
    let name = claim.name().to_owned();
    furnish(wishes, directory, &name).map_err(LabError::at("furnish", directory))?;
    let peer = directory.join("peer");
    peer::place(&peer)?;
    let cgroups = Cgroups::make(&name);
    let mut command = Command::new(&peer);
    command.arg("join").args(cgroups.roots()).arg("--");
    command.args(first::OUTSIDE).arg(&peer).args(["world", &name]).arg(directory).arg(tree);
    command.arg(&peer).arg(PEER_ON_HOST);
    command.args(wishes.binds.iter().flat_map(|(from, to)| [from.as_os_str(), to.as_ref()]));
    let first = first::start(command, &directory.join("init.log"), &name)?;
    claim.reap(first.wrapper);
    let host = Attached {
        name,
        engine: wishes.engine,
        directory: directory.to_owned(),
        init: first.init,
        outside: first.outside,
        cgroups: cgroups.settle(),
        peer,
        is_rootless: wishes.wants(Extra::Rootless),
    };
    host.record()?;
    Ok(host)
}

/// Fills the lab's directory: what is not in the engine's tree lies in the overlay's upper directory.
fn furnish(wishes: &LabBuilder, directory: &Path, name: &str) -> std::io::Result<()> {
    for part in ["run/lock", "docker", "containerd", "containers", "work", "root"] {
        fs::create_dir_all(directory.join(part))?;
    }
    let upper = directory.join("upper");
    let etc = upper.join("etc");
    fs::create_dir_all(etc.join("docker"))?;
    fs::write(etc.join("hostname"), format!("{name}\n"))?;
    fs::write(etc.join("hosts"), format!("127.0.0.1 localhost\n::1 localhost\n10.77.0.2 {name}\n"))?;
    fs::write(etc.join("resolv.conf"), "nameserver 10.77.0.1\n")?;
    if let Some(content) = &wishes.daemon_json {
        fs::write(etc.join("docker/daemon.json"), format!("{content:#}\n"))?;
    }
    if wishes.wants(Extra::LegacyIptables) {
        choose_legacy(&etc.join("alternatives"))?;
    }
    if wishes.wants(Extra::Registry) { registry::configure(&upper) } else { Ok(()) }
}

/// What `update-alternatives --set iptables /usr/sbin/iptables-legacy` does, for both families.
fn choose_legacy(alternatives: &Path) -> std::io::Result<()> {
    fs::create_dir_all(alternatives)?;
    for family in ["iptables", "ip6tables"] {
        for suffix in ["", "-save", "-restore"] {
            let name = format!("{family}{suffix}");
            symlink(format!("/usr/sbin/{family}-legacy{suffix}"), alternatives.join(name))?;
        }
    }
    Ok(())
}

fn next_name() -> String {
    static NUMBER: AtomicUsize = AtomicUsize::new(1);
    format!("lab-{}-{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed))
}

/// The name is a directory, a host name, and part of a socket's path, which holds 107 bytes.
fn check_name(settings: &Settings, name: &str) -> Result<(), LabError> {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let problem = if name.is_empty() || name.starts_with('-') || !name.chars().all(fits) {
        "may have lower-case letters, digits and dashes only"
    } else if settings.lab(name).join("run/docker.sock").as_os_str().len() > 107 {
        "makes the path of the engine's socket too long"
    } else {
        return Ok(());
    };
    Err(LabError::Name { name: name.to_owned(), problem: problem.to_owned() })
}

/// Another attempt would end the same way.
fn is_final(error: &LabError) -> bool {
    matches!(error, LabError::Name { .. } | LabError::NoPeer(_) | LabError::NoTree { .. })
}
