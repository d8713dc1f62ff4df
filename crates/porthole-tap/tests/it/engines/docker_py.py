"""What docker-py sees of an engine, a line a step: python3 docker_py.py unix:///run/docker.sock IMAGE."""

import io
import socket
import sys
import tarfile
import time

import docker

# Streams that are left open complain at the end, with addresses that differ from run to run.
sys.unraisablehook = lambda _: None

client = docker.DockerClient(base_url=sys.argv[1], version="auto", timeout=50)


def say(step, value):
    print(f"{step}: {value}", flush=True)


def pruned():
    """What a prune freed. The engine lets only one run at a time, and another client may have one under way."""
    while True:
        try:
            return client.containers.prune(filters={"label": "of=docker-py"})["SpaceReclaimed"]
        except docker.errors.APIError as error:
            if "already running" not in error.explanation:
                raise
            time.sleep(0.1)


def archive(name, content):
    """A tar with one file."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        entry = tarfile.TarInfo(name)
        entry.size = len(content)
        tar.addfile(entry, io.BytesIO(content))
    return packed.getvalue()


def content(chunks):
    """The first file of a tar."""
    with tarfile.open(fileobj=io.BytesIO(b"".join(chunks))) as tar:
        return tar.extractfile(next(entry for entry in tar if entry.isfile())).read()


def raw(stream):
    """The socket below what docker-py gives."""
    return getattr(stream, "_sock", stream)


def talk(stream, text):
    """Sends, closes its half, and reads to the end."""
    connection = raw(stream)
    connection.sendall(text)
    connection.shutdown(socket.SHUT_WR)
    return rest(connection)


def rest(connection):
    heard = b""
    while piece := connection.recv(65536):
        heard += piece
    return heard


say("version", client.version()["ApiVersion"])
say("run", sorted(client.containers.run("bb:1", ["sh", "-c", "echo out; echo err >&2"], stderr=True, remove=True)))
try:
    client.containers.run("bb:1", ["sh", "-c", "exit 7"], remove=True)
except docker.errors.ContainerError as error:
    say("exit code", error.exit_status)

cat = client.containers.create("bb:1", ["cat"], stdin_open=True, name="py-cat")
stream = cat.attach_socket(params={"stdin": 1, "stdout": 1, "stderr": 1, "stream": 1})
cat.start()
stdin = raw(stream)
stdin.sendall(b"attached\n")
say("attach", stdin.recv(8)[:1] + stdin.recv(65536))
cat.kill()
say("wait", cat.wait()["StatusCode"])
cat.remove()

box = client.containers.run("bb:1", ["sh", "-c", "for i in 1 2 3; do echo $i; sleep 0.2; done; sleep 1000"],
                            name="py-box", detach=True, labels={"of": "docker-py"})
say("logs", [line for _, line in zip(range(3), box.logs(stream=True, follow=True))])
say("exec", box.exec_run(["sh", "-c", "echo out; echo err >&2; exit 3"], demux=True))
say("exec half-closed", talk(box.exec_run(["sh", "-c", "cat; sleep 0.5; echo after"], stdin=True, socket=True).output,
                             b"before\n"))
tty = client.api.exec_create(box.id, ["sh", "-c", 'until [ "$(stty size 2> /dev/null)" = "40 120" ]; do sleep 0.1; done; stty size'],
                             tty=True, stdin=True)["Id"]
screen = raw(client.api.exec_start(tty, tty=True, socket=True))
client.api.exec_resize(tty, height=40, width=120)
say("tty", rest(screen))
say("put", box.put_archive("/tmp", archive("small", b"small\n" * 100_000)))
say("get", len(content(box.get_archive("/tmp/small")[0])))
say("stats", box.stats(stream=False)["name"])
say("top", len(box.top()["Processes"]))
events = client.events(decode=True, filters={"container": "py-box", "event": "pause"})
box.pause()
box.unpause()
say("events", next(events)["Action"])
events.close()
say("list", [found.name for found in client.containers.list(filters={"label": "of=docker-py"})])
box.remove(force=True)

image, log = client.images.build(fileobj=io.BytesIO(archive("Dockerfile", b"FROM bb:1\nRUN echo made > /made\n")),
                                 custom_context=True, tag="py:1", nocache=True, rm=True)
say("build", [entry["stream"].split(" ")[0] for entry in log if "stream" in entry and entry["stream"].startswith("Step")])
say("built", client.containers.run("py:1", ["cat", "/made"], remove=True))
saved = b"".join(image.save())
say("load", [tag for loaded in client.images.load(saved) for tag in loaded.tags])
client.images.remove("py:1", force=True)

volume = client.volumes.create("py-volume", labels={"of": "docker-py"})
say("volume", [found.name for found in client.volumes.list(filters={"label": "of=docker-py"})])
volume.remove()
network = client.networks.create("py-network")
say("network", client.networks.get("py-network").name)
network.remove()
say("prune", pruned())
try:
    client.containers.get("nobody")
except docker.errors.NotFound as error:
    say("error", error.explanation)
