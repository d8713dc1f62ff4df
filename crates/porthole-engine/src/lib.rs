//! The engine API's answers as nouns: Docker 20.10 and newer, and Podman's compatible service.
//!
//! The way in: [`resolve`] an [`EndpointRequest`], [`Client::connect`] with the [`Endpoint`], then [`collect`].

mod aftermath;
mod archive;
mod client;
mod collect;
mod connect_error;
mod connection;
mod dial;
mod dormant;
mod endpoint;
mod events;
mod helper;
mod last_lines;
mod locality;
mod negotiation;
mod netdb;
mod nouns;
mod raw;
mod registry;
mod request_error;
mod session;
mod testbox;
mod transport;
mod visitor;

pub use archive::{ArchiveEntry, ArchivePieces, ArchiveSender, get_archive, look_at, put_archive};
pub use client::{AnswerStream, Client, HijackedStream, OpenAnswer, OpenBody, OpenCall, OpenContent};
pub use collect::{
    ContainerSummary, chosen_containers, collect, containers_only, inspect, living_containers, pause, unpause,
};
pub use connect_error::{ConnectCause, ConnectError};
pub use dial::{Line, LineStream};
pub use dormant::{
    Carried, Dormant, DormantKind, Layers, NoLayers, REPLICA_PROGRAM, REPLICA_READ_ONLY, Replica,
    ReplicaAccess, ReplicaError, StartWatch, dormant_container, dormant_image, ending, state_of,
};
pub use endpoint::{
    Address, AddressError, Endpoint, EndpointError, EndpointRequest, SshDestination, TlsFiles, resolve,
};
pub use events::{EventMoment, EventQuery, EventStream};
pub use helper::{Creation, HelperError, HelperOutput, Removed, collect_garbage, remove_left, run_helper};
pub use locality::{Locality, Peer, locality};
pub use negotiation::{ApiRange, ApiVersion};
pub use netdb::{networks_now, perform};
pub use registry::{PullTrouble, pull_trouble, registry_of};
pub use request_error::{Call, RequestError};
pub use session::{
    AGENT, ExecRequest, KEPT, KeptSidecar, MountedFrom, Pull, PullProgress, RELAY, Session, SessionError,
    SessionInput, SessionOutput, SidecarMount, SidecarPlace, SidecarRequest, ToolImage, provide_image,
    start_exec, start_sidecar,
};
pub use testbox::{Publication, Testbox, TestboxError, TestboxOrder, remove_testbox, testboxes};
pub use transport::{Membership, SocketPermission, TlsFault};
pub use visitor::Visitor;
