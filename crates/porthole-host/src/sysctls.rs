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

const FIXED: [&[&str]; 12] = [
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
    &["net", "netfilter", "nf_conntrack_udp_timeout"],
    &["net", "netfilter", "nf_conntrack_udp_timeout_stream"],
];

/// A family's settings of every interface, and of `all` and `default`, which stand beside them.
const OF_INTERFACE: [(&str, &[&str]); 2] = [
    ("ipv4", &["route_localnet", "forwarding", "rp_filter"]),
    ("ipv6", &["disable_ipv6", "forwarding", "accept_ra", "accept_ra_defrtr"]),
];

/// The values by their names. What the kernel lacks, such as a module that is not loaded, is a gap.
pub(crate) fn read(proc: &ProcFs) -> BTreeMap<String, Observed<String>> {
    let root = proc.path("sys");
    let mut values: BTreeMap<_, _> = FIXED.iter().map(|parts| entry(&root, parts)).collect();
    for (family, settings) in OF_INTERFACE {
        values.extend(of_family(&root, family, settings));
    }
    values
}

/// A kernel without IPv6 has nothing of it.
fn of_family(root: &Path, family: &str, settings: &[&str]) -> Vec<(String, Observed<String>)> {
    let directory = root.join("net").join(family).join("conf");
    match interfaces(&directory) {
        Ok(interfaces) => {
            let of = |interface: &String| {
                let one = |name| entry(root, &["net", family, "conf", interface.as_str(), name]);
                settings.iter().copied().map(one).collect::<Vec<_>>()
            };
            interfaces.iter().flat_map(of).collect()
        }
        Err(error) if family == "ipv6" && error.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(error) => {
            let gap = gap("sysctls of interfaces", &directory.display().to_string(), error, Right::Root);
            vec![(format!("net.{family}.conf"), Observed::Missing(gap))]
        }
    }
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
