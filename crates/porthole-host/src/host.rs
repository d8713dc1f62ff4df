//! The host: where its files are, and the collecting of everything a scope asks for.

use std::path::PathBuf;

use porthole_model::{
    DockerProxy, Gap, GapKind, Host, NetnsId, NetworkNamespace, Observed, Privilege, Process, Scope, Secrets,
    Topic,
};
use porthole_wire::docker_proxy;

use crate::failure::{Right, gap};
use crate::places::{self, Place};
use crate::procfs::ProcFs;
use crate::{enter, identity, owners, processes, resources, stack};

/// Where the kernel's and the system's files are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Roots {
    /// A procfs of the host's pid namespace.
    pub proc: PathBuf,
    /// The host's `/etc`.
    pub etc: PathBuf,
}

impl Default for Roots {
    fn default() -> Self {
        Self { proc: "/proc".into(), etc: "/etc".into() }
    }
}

/// A host whose kernel is asked. Nothing is read before a method is called, nothing is kept between two calls.
#[derive(Clone, Debug)]
pub struct LinuxHost {
    pub(crate) proc: ProcFs,
    pub(crate) etc: PathBuf,
    pub(crate) secrets: Secrets,
}

impl LinuxHost {
    /// The host with these roots; what looks like a credential is masked.
    pub fn new(roots: Roots) -> Self {
        Self { proc: ProcFs::new(roots.proc), etc: roots.etc, secrets: Secrets::Mask }
    }

    /// The same host, with credentials in process arguments kept or masked.
    #[must_use]
    pub fn with_secrets(mut self, secrets: Secrets) -> Self {
        self.secrets = secrets;
        self
    }

    /// Reads the host: who it is, its processes, its network namespaces and in each the topics of `scope`.
    ///
    /// A namespace of which nothing can be seen (its processes belong to another user and it has no name) is not
    /// in the list; each of those processes says so in its own `network_namespace`.
    pub fn collect(&self, scope: &Scope) -> Host {
        let own = self.own_network_namespace();
        let processes = processes::read(&self.proc, self.secrets, own.value().copied());
        let network_namespaces = match &processes {
            Ok(processes) => self.network_namespaces(scope, processes, own.value().copied()),
            Err(gap) => Err(gap.clone()),
        };
        let docker_proxies = processes.as_deref().map_err(Clone::clone).and_then(docker_proxies);
        let resources = match &processes {
            Ok(processes) if scope.has(Topic::Resources) => resources::read(&self.proc, processes),
            Ok(_) => Err(Gap::not_asked("what containers use")),
            Err(gap) => Err(gap.clone()),
        };
        Host {
            hostname: identity::hostname(&self.proc),
            kernel_release: identity::kernel_release(&self.proc),
            architecture: Observed::Known(identity::architecture()),
            operating_system: identity::operating_system(&self.etc),
            boot_id: identity::boot_id(&self.proc),
            privilege: identity::privilege(&self.proc),
            own_network_namespace: own,
            processes: processes.into(),
            network_namespaces: network_namespaces.into(),
            docker_proxies: docker_proxies.into(),
            resources: resources.into(),
            kernel_modules: identity::kernel_modules(&self.proc).into(),
        }
    }

    /// The rights that porthole has.
    pub fn privilege(&self) -> Privilege {
        identity::privilege(&self.proc)
    }

    pub(crate) fn own_network_namespace(&self) -> Observed<NetnsId> {
        let read = self.proc.own_network_namespace();
        read.map_err(|error| gap("own network namespace", "/proc/thread-self/ns/net", error, Right::Root))
            .into()
    }

    fn network_namespaces(
        &self,
        scope: &Scope,
        processes: &[Process],
        own: Option<NetnsId>,
    ) -> Result<Vec<NetworkNamespace>, Gap> {
        let members = processes.iter().filter_map(|process| {
            process.network_namespace.value().map(|namespace| (process.pid, *namespace))
        });
        let places = places::of(&self.proc, members, own)?;
        let owners = owners::of_scope(&self.proc, scope, processes);
        let reader = stack::Reader { proc: &self.proc, scope, places: &places, owners: &owners, own };
        let stacks = enter::each(&self.proc, &places, &|place| reader.read(place));
        let seen = places.iter().zip(stacks);
        Ok(seen.map(|(place, stack)| namespace(place, reader.or_fallback(place, stack))).collect())
    }
}

fn namespace(place: &Place, stack: Observed<porthole_model::NetworkStack>) -> NetworkNamespace {
    NetworkNamespace { id: place.id, processes: place.processes.clone(), names: place.names.clone(), stack }
}

fn docker_proxies(processes: &[Process]) -> Result<Vec<DockerProxy>, Gap> {
    let mut proxies = Vec::new();
    for process in processes.iter().filter(|process| process.name == "docker-proxy") {
        let arguments = process.arguments.known()?;
        let arguments: Vec<_> = arguments.iter().map(porthole_model::MaskedText::as_str).collect();
        let parsed = docker_proxy::parse(process.pid, &arguments);
        proxies.extend(
            parsed.map_err(|error| Gap::new(GapKind::Failed, "docker-proxy processes", error.to_string()))?,
        );
    }
    Ok(proxies)
}
