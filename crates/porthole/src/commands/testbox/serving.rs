//! A testbox from its order to its end.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::Instant;

use porthole_engine::{Client, Publication, Testbox, TestboxOrder};
use porthole_model::{EngineVersion, Port, TestboxReport, TransportProtocol};

use super::{StartArgs, not_started, trial};
use crate::collect;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::Output;
use crate::printer::Printer;
use crate::world::World;

/// Starts one and says where it is; unless it is to stay, shows its requests until Ctrl-C.
pub(super) fn run(args: &StartArgs, world: &World) -> Result<Exit, CommandError> {
    let client = world.engine()?;
    let program = collect::own_program()?;
    let tools: Vec<&str> = porthole_toolbox::applets().map(|applet| applet.name).collect();
    let order = order(args, &world.version(&client)?);
    let begin = Instant::now();
    world.printer.progress("starting a testbox");
    let started = world.block_on(Testbox::start(&client, &program, &tools, &order));
    world.printer.progress_done();
    let testbox = started?.map_err(|error| not_started(error, &client, world))?;
    let ready_after = begin.elapsed().as_millis();
    let ports = world.block_on(trial::all(&client, &testbox.container))?;
    let report =
        TestboxReport { container: testbox.container.clone(), ready_after, ports, stays: args.detach };
    match args.output.output {
        Output::Text => world.printer.doc(&porthole_render::testbox::started(&report))?,
        Output::Json => Printer::text(&porthole_render::json::testbox_started(&report))?,
    }
    if args.detach {
        testbox.stay();
        return Ok(Exit::Success);
    }
    let followed = follow(testbox, &client, args.output.output, world);
    followed.map(|()| Exit::Success)
}

/// Shows what the testbox says until it ends or porthole is told to.
fn follow(mut testbox: Testbox, client: &Client, output: Output, world: &World) -> Result<(), CommandError> {
    let name = testbox.container.name.clone();
    let said = world.block_on(async {
        loop {
            match testbox.next_line().await {
                Ok(Some(line)) if output == Output::Text => Printer::text(&line)?,
                Ok(Some(_)) => {}
                Ok(None) => return Err(CommandError::new(format!("{name} was ended by someone else"))),
                Err(error) => return Err(CommandError::caused_by(format!("lost {name}"), error)),
            }
        }
    });
    match said {
        // Told to end: what was asked for is done.
        Err(_) => {
            let removed = world.serve(testbox.remove(client));
            removed.map_err(|error| CommandError::caused_by(format!("cannot remove {name}"), error))
        }
        Ok(ended) => ended,
    }
}

fn order(args: &StartArgs, version: &EngineVersion) -> TestboxOrder {
    let name = args.name.clone().unwrap_or_else(new_name);
    let engine = format!("{:?} {}", version.kind, version.version);
    let mut words = vec!["--name".to_owned(), name.clone(), "--engine".to_owned(), engine];
    if let Some(network) = &args.network {
        words.extend(["--network".to_owned(), network.clone()]);
    }
    for publication in &args.published {
        words.extend(["--published".to_owned(), in_words(publication)]);
    }
    words.extend(ports(&args.published));
    TestboxOrder {
        name,
        network: args.network.clone(),
        published: args.published.clone(),
        words,
        stays: args.detach,
    }
}

fn new_name() -> String {
    let random = RandomState::new().build_hasher().finish();
    format!("testbox-{:04x}", random & 0xffff)
}

fn in_words(publication: &Publication) -> String {
    let host = publication
        .host_port
        .map_or_else(|| "a port of the engine's choice".into(), |port| port.0.to_string());
    let address = publication.host_address.map(|address| format!("{address}:")).unwrap_or_default();
    format!("{address}{host} -> {}/{}", publication.container_port.0, publication.protocol)
}

/// The page and the echo have their ports, and whatever else is published.
fn ports(published: &[Publication]) -> Vec<String> {
    let mut words: Vec<String> = ["--page", "80", "--echo", "7"].map(Into::into).to_vec();
    let mut seen = vec![(Port(80), TransportProtocol::Tcp), (Port(7), TransportProtocol::Tcp)];
    seen.push((Port(7), TransportProtocol::Udp));
    for publication in published {
        let served = (publication.container_port, publication.protocol);
        if !seen.contains(&served) {
            seen.push(served);
            let option = if served.1 == TransportProtocol::Udp { "--echo-udp" } else { "--page" };
            words.extend([option.to_owned(), served.0.0.to_string()]);
        }
    }
    words
}
