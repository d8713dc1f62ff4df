//! bollard, the library, before each engine.

use std::collections::HashMap;
use std::process::{Command, Stdio};

use bollard::container::LogOutput;
use bollard::exec::{CreateExecOptions, ResizeExecOptions, StartExecOptions, StartExecResults};
use bollard::models::{ContainerCreateBody, NetworkCreateRequest, VolumeCreateRequest};
use bollard::query_parameters::{
    AttachContainerOptionsBuilder, BuildImageOptionsBuilder, CreateContainerOptionsBuilder,
    DownloadFromContainerOptionsBuilder, EventsOptionsBuilder, ImportImageOptions, LogsOptionsBuilder,
    RemoveContainerOptionsBuilder, RemoveImageOptions, RemoveVolumeOptions, StatsOptionsBuilder,
    UploadToContainerOptionsBuilder,
};
use bollard::{API_DEFAULT_VERSION, Docker, body_full};
use futures_util::{Stream, StreamExt, TryStreamExt};
use porthole_lab::{Engine, Lab};
use porthole_tap::Settings;
use tokio::io::AsyncWriteExt;

use super::exchanges;
use crate::stand::Stand;

type Result<T> = std::result::Result<T, bollard::errors::Error>;

#[test]
fn bollard_notices_nothing() {
    for engine in Engine::available() {
        if engine != Engine::Podman {
            check(engine);
        }
    }
}

fn check(engine: Engine) {
    let lab = Lab::start(engine).unwrap();
    let tap = lab.directory().join("run/tap.sock");
    let mut stand = Stand::between(&tap, &lab.socket(), Settings::default());
    let seen = [&lab.socket(), &tap].map(|socket| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(transcript(socket.to_str().unwrap())).unwrap()
    });
    assert_eq!(seen[0], seen[1], "{engine}: directly and through the relay");
    stand.begin_stop();
    stand.wait();
    assert!(exchanges(&stand).iter().filter(|exchange| exchange.upgraded.is_some()).count() >= 3);
}

/// What bollard sees, a line a step.
async fn transcript(socket: &str) -> Result<Vec<String>> {
    let docker = Docker::connect_with_unix(socket, 60, API_DEFAULT_VERSION)?.negotiate_version().await?;
    let mut seen = vec![format!("{:?}", docker.version().await?.api_version)];
    seen.push(attached(&docker).await?);
    create(&docker, "box", &["sh", "-c", "for i in 1 2 3; do echo $i; sleep 0.2; done; sleep 1000"]).await?;
    docker.start_container("box", None).await?;
    seen.push(logs(&docker).await?);
    seen.push(executed(&docker).await?);
    seen.push(resized(&docker).await?);
    seen.push(copied(&docker).await?);
    let stats = StatsOptionsBuilder::default().stream(false).build();
    let stats: Vec<_> = docker.stats("box", Some(stats)).try_collect().await?;
    seen.push(format!("{:?}", stats[0].name));
    seen.push(paused(&docker).await?);
    docker
        .remove_container("box", Some(RemoveContainerOptionsBuilder::default().force(true).build()))
        .await?;
    seen.push(built(&docker).await?);
    seen.push(volumes_and_networks(&docker).await?);
    seen.push(docker.inspect_container("nobody", None).await.unwrap_err().to_string());
    Ok(seen)
}

async fn create(docker: &Docker, name: &str, command: &[&str]) -> Result<()> {
    let body = ContainerCreateBody {
        image: Some("bb:1".to_owned()),
        cmd: Some(command.iter().map(ToString::to_string).collect()),
        open_stdin: Some(true),
        stdin_once: Some(true),
        ..ContainerCreateBody::default()
    };
    let options = CreateContainerOptionsBuilder::default().name(name).build();
    docker.create_container(Some(options), body).await.map(drop)
}

async fn text(output: impl Stream<Item = Result<LogOutput>>) -> Result<String> {
    let pieces: Vec<_> = output.map_ok(|piece| piece.to_string()).try_collect().await?;
    Ok(pieces.concat())
}

async fn attached(docker: &Docker) -> Result<String> {
    create(docker, "cat", &["sh", "-c", "cat; sleep 0.5; echo after; exit 3"]).await?;
    let options =
        AttachContainerOptionsBuilder::default().stdin(true).stdout(true).stderr(true).stream(true).build();
    let mut streams = docker.attach_container("cat", Some(options)).await?;
    docker.start_container("cat", None).await?;
    streams.input.write_all(b"attached\n").await?;
    streams.input.shutdown().await?;
    let heard = text(streams.output).await?;
    let ended: Vec<_> = docker.wait_container("cat", None).collect().await;
    docker.remove_container("cat", None).await?;
    Ok(format!("{heard} {ended:?}"))
}

async fn logs(docker: &Docker) -> Result<String> {
    let options = LogsOptionsBuilder::default().follow(true).stdout(true).build();
    text(docker.logs("box", Some(options)).take(3)).await
}

/// An exec in the box, with what it is given.
async fn exec(docker: &Docker, command: Vec<&str>, tty: bool) -> Result<(String, StartExecResults)> {
    let options = CreateExecOptions {
        cmd: Some(command),
        attach_stdin: Some(true),
        attach_stdout: Some(true),
        attach_stderr: Some(true),
        tty: Some(tty),
        ..CreateExecOptions::default()
    };
    let id = docker.create_exec("box", options).await?.id;
    let started =
        docker.start_exec(&id, Some(StartExecOptions { tty, ..StartExecOptions::default() })).await?;
    Ok((id, started))
}

async fn executed(docker: &Docker) -> Result<String> {
    let (id, started) = exec(docker, vec!["sh", "-c", "cat; sleep 0.5; echo err >&2; exit 4"], false).await?;
    let StartExecResults::Attached { output, mut input } = started else { panic!("detached") };
    input.write_all(b"typed\n").await?;
    input.shutdown().await?;
    let heard = text(output).await?;
    Ok(format!("{heard} {:?}", docker.inspect_exec(&id).await?.exit_code))
}

async fn resized(docker: &Docker) -> Result<String> {
    let script = r#"until [ "$(stty size 2> /dev/null)" = "40 120" ]; do sleep 0.1; done; stty size"#;
    let (id, started) = exec(docker, vec!["sh", "-c", script], true).await?;
    let StartExecResults::Attached { output, input: _input } = started else { panic!("detached") };
    docker.resize_exec(&id, ResizeExecOptions { height: 40, width: 120 }).await?;
    text(output).await
}

async fn bytes(pieces: impl Stream<Item = Result<impl AsRef<[u8]>>>) -> Result<Vec<u8>> {
    let pieces: Vec<_> = pieces.map_ok(|piece| piece.as_ref().to_vec()).try_collect().await?;
    Ok(pieces.concat())
}

/// A file of the container out, in again elsewhere, and out from there.
async fn copied(docker: &Docker) -> Result<String> {
    let from = |path| DownloadFromContainerOptionsBuilder::default().path(path).build();
    let out = bytes(docker.download_from_container("box", Some(from("/bin/busybox")))).await?;
    let to = UploadToContainerOptionsBuilder::default().path("/tmp").build();
    docker.upload_to_container("box", Some(to), body_full(out.clone().into())).await?;
    let again = bytes(docker.download_from_container("box", Some(from("/tmp/busybox")))).await?;
    Ok(format!("{} {}", out.len(), out.len() == again.len()))
}

async fn paused(docker: &Docker) -> Result<String> {
    let filters = HashMap::from([("container", vec!["box"]), ("event", vec!["pause"])]);
    let options = EventsOptionsBuilder::default().since("0").filters(&filters).build();
    let mut events = std::pin::pin!(docker.events(Some(options)));
    docker.pause_container("box").await?;
    let event = events.try_next().await?;
    docker.unpause_container("box").await?;
    Ok(format!("{:?}", event.and_then(|event| event.action)))
}

async fn built(docker: &Docker) -> Result<String> {
    let options = BuildImageOptionsBuilder::default().t("bollard:1").nocache(true).rm(true).build();
    let steps: Vec<_> =
        docker.build_image(options, None, Some(body_full(context().into()))).try_collect().await?;
    let steps =
        steps.iter().filter_map(|step| step.stream.as_deref()).filter(|line| line.starts_with("Step"));
    let steps = steps.collect::<String>();
    let saved = bytes(docker.export_image("bollard:1")).await?;
    let load = docker.import_image(ImportImageOptions::default(), body_full(saved.into()), None);
    let loaded: Vec<_> = load.try_collect().await?;
    let last = loaded.last().and_then(|entry| entry.stream.clone());
    docker.remove_image("bollard:1", None::<RemoveImageOptions>, None).await?;
    Ok(format!("{steps} {last:?}"))
}

/// A build's context.
fn context() -> Vec<u8> {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("Dockerfile"), "FROM bb:1\nRUN echo made > /made\n").unwrap();
    let mut tar = Command::new("tar");
    tar.arg("--create").arg("--directory").arg(directory.path()).arg("Dockerfile").stdin(Stdio::null());
    tar.output().unwrap().stdout
}

async fn volumes_and_networks(docker: &Docker) -> Result<String> {
    let volume = VolumeCreateRequest { name: Some("vv".to_owned()), ..VolumeCreateRequest::default() };
    let volume = docker.create_volume(volume).await?.name;
    docker.remove_volume(&volume, None::<RemoveVolumeOptions>).await?;
    let network = NetworkCreateRequest { name: "nn".to_owned(), ..NetworkCreateRequest::default() };
    docker.create_network(network).await?;
    let network = docker.inspect_network("nn", None).await?.name;
    docker.remove_network("nn").await?;
    let pruned = docker.prune_containers(None).await?;
    Ok(format!("{volume} {network:?} {:?}", pruned.space_reclaimed))
}
