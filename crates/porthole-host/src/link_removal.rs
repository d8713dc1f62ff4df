//! Removing a link from a network namespace.

use porthole_model::{Gap, GapKind, InterfaceIndex, NetnsId, Pid};
use porthole_wire::netlink::link;

use crate::failure::{Right, gap};
use crate::netlink_client::NetlinkClient;
use crate::places::Place;
use crate::{LinuxHost, enter};

impl LinuxHost {
    /// Removes the link `name` of that index from the network namespace `namespace`, in which the process `pid` is.
    ///
    /// A link that has another name by now is another one, and stays.
    pub fn remove_link(
        &self,
        (pid, namespace): (Pid, NetnsId),
        index: InterfaceIndex,
        name: &str,
    ) -> Result<(), Gap> {
        let place = Place::of_process(&self.proc, namespace, pid);
        let what = format!("link {name}");
        let removed = enter::one(&self.proc, &place, &|_| remove(index, name))?;
        match removed {
            Ok(true) => Ok(()),
            Ok(false) => Err(Gap::new(GapKind::Vanished, what, "it is not there any more")),
            Err(error) => Err(gap(what, "RTM_DELLINK", error, Right::Root)),
        }
    }
}

fn remove(index: InterfaceIndex, name: &str) -> std::io::Result<bool> {
    let mut client = NetlinkClient::routes()?;
    let records = client.dump_all(&link::request(), |payload| link::decode(payload).map(Some))?;
    if !records.iter().any(|record| record.is(index, name)) {
        return Ok(false);
    }
    client.dump(&link::removal(index), &mut |_| Ok(()))?;
    Ok(true)
}
