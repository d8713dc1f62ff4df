//! Values of `/proc/sys/net` in the namespace of the calling thread.
//!
//! The kernel shows each task the values of its own network namespace (`net_ctl_root` in `net/sysctl_net.c`), so
//! this is called on a thread that has gone there.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use porthole_model::{Gap, GapKind, Observed};

use crate::failure::{Right, gap};
use crate::procfs::ProcFs;

const FIXED: [&[&str]; 10] = [
    &["net", "ipv4", "ip_forward"],
    &["net", "ipv6", "conf", "all", "forwarding"],
    &["net", "ipv6", "conf", "all", "disable_ipv6"],
    &["net", "bridge", "bridge-nf-call-iptables"],
    &["net", "bridge", "bridge-nf-call-ip6tables"],
    &["net", "ipv4", "ip_local_port_range"],
    &["net", "ipv4", "ip_unprivileged_port_start"],
    &["net", "core", "somaxconn"],
    &["net", "netfilter", "nf_conntrack_max"],
    &["net", "netfilter", "nf_conntrack_count"],
];

/// Of every interface, and of `all` and `default`, which stand beside them.
const OF_INTERFACE: [&str; 3] = ["route_localnet", "forwarding", "rp_filter"];

/// The values by their names. What the kernel lacks, such as a module that is not loaded, is a gap.
pub(crate) fn read(proc: &ProcFs) -> BTreeMap<String, Observed<String>> {
    let root = proc.path("sys");
    let mut values: BTreeMap<_, _> = FIXED.iter().map(|parts| entry(&root, parts)).collect();
    match interfaces(&root.join("net/ipv4/conf")) {
        Ok(interfaces) => {
            values.extend(interfaces.iter().flat_map(|interface| of_interface(&root, interface)));
        }
        Err(error) => {
            let gap = gap("sysctls of interfaces", "/proc/sys/net/ipv4/conf", error, Right::Root);
            values.insert("net.ipv4.conf".to_owned(), Observed::Missing(gap));
        }
    }
    values
}

fn of_interface<'a>(
    root: &'a Path,
    interface: &'a str,
) -> impl Iterator<Item = (String, Observed<String>)> + 'a {
    OF_INTERFACE.into_iter().map(move |name| entry(root, &["net", "ipv4", "conf", interface, name]))
}

fn interfaces(directory: &Path) -> io::Result<Vec<String>> {
    let names = fs::read_dir(directory)?.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
    names.collect()
}

fn entry(root: &Path, parts: &[&str]) -> (String, Observed<String>) {
    let name = parts.join(".");
    let path = parts.iter().fold(root.to_path_buf(), |path, part| path.join(part));
    let value = match fs::read_to_string(&path) {
        Ok(text) => Observed::Known(text.trim().to_owned()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Observed::Missing(absent(&name)),
        Err(error) => {
            Observed::Missing(gap(format!("sysctl {name}"), &path.display().to_string(), error, Right::Root))
        }
    };
    (name, value)
}

fn absent(name: &str) -> Gap {
    Gap::new(GapKind::Unsupported, format!("sysctl {name}"), "this kernel or namespace does not have it")
}
