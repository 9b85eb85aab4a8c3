"""A throw-away Slurm on this machine's loopback: a controller and some nodes, all our own.

It needs root and the programs of the Debian packages in ``PACKAGES``; it installs nothing, writes
in one temporary folder alone, and stops the processes that it started and no others.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

PACKAGES = ("slurmctld", "slurmd", "slurm-client", "munge")
PROGRAMS = ("slurmctld", "slurmd", "munged", "sbatch", "srun", "squeue", "scontrol", "scancel")
NODES = ("n1", "n2", "n3", "n4")

CONF = """\
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ports[0]}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge/socket
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool.%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.%n.log
JobCompType=jobcomp/filetxt
JobCompLoc={folder}/ended.log
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory,CR_LLN
SchedulerType=sched/backfill
SchedulerParameters=sched_interval=2,bf_interval=2,batch_sched_delay=0
SlurmdParameters=config_overrides
ReturnToService=2
# Seconds after which a silent node is down, and between SIGTERM and SIGKILL.
SlurmdTimeout=10
KillWait=3
# Jobs that ended are remembered: squeue is asked for their state, as there is no accounting.
MinJobAge=3600
# There are no control groups here: memory is sampled, and a job over its own is killed.
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
JobAcctGatherParams=OverMemoryKill
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE DefaultTime=60 State=UP
"""
NODE = (
    "NodeName={name} NodeHostname={host} NodeAddr=127.0.0.1 Port={port} CPUs=4 Sockets=1 "
    "CoresPerSocket=4 ThreadsPerCore=1 RealMemory=6000 State=UNKNOWN\n"
)


def lacking() -> str:
    """What this machine lacks for it, in words; empty if nothing."""
    absent = [name for name in PROGRAMS if shutil.which(name) is None]
    if absent:
        return f"no {', '.join(absent)}; install the Debian packages {' '.join(PACKAGES)}"
    return "" if os.geteuid() == 0 else "a Slurm of our own is started as root alone"


class Slurm:
    """The cluster; ``environment`` makes a command see it."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="approxgan-slurm-"))
        self.conf = self.folder / "slurm.conf"
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        for name in ("munge", "state", "bin", *(f"spool.{node}" for node in NODES)):
            (self.folder / name).mkdir()
        # munged refuses a folder that others could not reach, or could write to.
        self.folder.chmod(0o755)
        self._configure()

    def _configure(self) -> None:
        host, ports = socket.gethostname().partition(".")[0], _free_ports(1 + len(NODES))
        text = CONF.format(host=host, folder=self.folder, ports=ports)
        for name, port in zip(NODES, ports[1:], strict=True):
            text += NODE.format(name=name, host=host, port=port)
        self.conf.write_text(text)
        key = self.folder / "munge" / "key"
        key.write_bytes(os.urandom(128))
        key.chmod(0o600)
        # The executor's job step drops every SLURM_ variable before it calls srun.
        srun = self.folder / "bin" / "srun"
        srun.write_text(f'#!/bin/sh\nSLURM_CONF={self.conf} exec {shutil.which("srun")} "$@"\n')
        srun.chmod(0o755)

    @property
    def environment(self) -> dict[str, str]:
        path = f"{self.folder / 'bin'}:{os.environ['PATH']}"
        return {**os.environ, "SLURM_CONF": str(self.conf), "PATH": path}

    def __enter__(self) -> Slurm:
        try:
            munge = self.folder / "munge"
            files = {"key-file": "key", "socket": "socket", "pid-file": "pid", "seed-file": "seed"}
            places = [f"--{option}={munge / name}" for option, name in files.items()]
            self._start("munged", "--foreground", *places, f"--log-file={munge / 'log'}")
            self.start_controller()
            for node in NODES:
                self.start_node(node)
            self._wait_for_nodes()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._ask("scancel", "--user=root")
        deadline = time.monotonic() + 20
        while self._steps() and time.monotonic() < deadline:
            time.sleep(0.2)
        _kill(self._steps())
        for process in reversed(list(self._running.values())):
            process.terminate()
        for process in self._running.values():
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        shutil.rmtree(self.folder)

    def start_controller(self) -> None:
        self._start("slurmctld", "-D", "-f", str(self.conf))

    def stop_controller(self) -> None:
        process = self._running.pop("slurmctld")
        process.terminate()
        process.wait(timeout=20)

    def start_node(self, node: str) -> None:
        self._start("slurmd", "-D", "-N", node, "-f", str(self.conf), name=node)

    def kill_node(self, node: str) -> None:
        """Like a power cut: the node's daemon, its job steps and all they run, at once."""
        process = self._running.pop(node)
        _kill([process.pid, *self._steps(node)])
        process.wait()

    def _start(self, program: str, *arguments: str, name: str = "") -> None:
        with (self.folder / f"{name or program}.out").open("ab") as out:
            self._running[name or program] = subprocess.Popen(
                [program, *arguments], env=self.environment, stdout=out, stderr=out
            )

    def _ask(self, *command: str) -> str:
        try:
            done = subprocess.run(
                command,
                env=self.environment,
                capture_output=True,
                text=True,
                check=False,
                timeout=10,
            )
        except subprocess.TimeoutExpired:
            return ""
        return done.stdout

    def _wait_for_nodes(self) -> None:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            dead = [name for name, process in self._running.items() if process.poll() is not None]
            if dead:
                break
            if set(self._ask("sinfo", "-h", "-N", "-t", "idle", "-o", "%N").split()) == set(NODES):
                return
            time.sleep(0.2)
        said = "".join(p.read_text(errors="replace")[-1500:] for p in self.folder.glob("*.out"))
        raise RuntimeError(f"Slurm did not come up: {said}")

    def states(self) -> dict[str, str]:
        """Job -> state, of all jobs that the controller remembers: all there were."""
        lines = self._ask("squeue", "-h", "--states=all", "-o", "%i %T").splitlines()
        return dict(line.split() for line in lines)

    def _steps(self, node: str = "") -> list[int]:
        """Processes of the job steps of one node or of all.

        A step's own is known by a socket in the node's folder, or by having a child that Slurm
        told of the node: the kernel's list of sockets may leave some out while others come and go.
        """
        folder = f"{self.folder}/spool.{node}/" if node else f"{self.folder}/spool."
        rows = [line.split() for line in Path("/proc/net/unix").read_text().splitlines()[1:]]
        wanted = {
            f"socket:[{row[6]}]" for row in rows if len(row) > 7 and row[7].startswith(folder)
        }
        pids = [int(place.name) for place in Path("/proc").glob("[0-9]*")]
        steps = [pid for pid in pids if _read(pid, "comm").strip() == "slurmstepd"]
        below = {pid: _descendants(pid) for pid in steps}
        owners = [
            pid
            for pid in steps
            if any(_link(place) in wanted for place in _listed(Path(f"/proc/{pid}/fd")))
            or any(self._ran_on(child, node) for child in below[pid])
        ]
        return sorted({p for owner in owners for p in [owner, *below[owner]]})

    def _ran_on(self, pid: int, node: str) -> bool:
        told = _read(pid, "environ").split("\0")
        named = f"SLURMD_NODENAME={node}" in told if node else True
        return named and any(str(self.folder) in value for value in told)


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def _link(path: Path) -> str:
    try:
        return os.readlink(path)
    except OSError:
        return ""


def _read(pid: int, name: str) -> str:
    try:
        return Path(f"/proc/{pid}/{name}").read_text(errors="replace")
    except OSError:
        return ""


def _listed(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError:  # of a process that has just ended
        return []


def _descendants(pid: int) -> list[int]:
    """Started by any of its threads."""
    tasks = _listed(Path(f"/proc/{pid}/task"))
    children = [
        int(child) for task in tasks for child in _read(pid, f"task/{task.name}/children").split()
    ]
    return [p for child in children for p in [child, *_descendants(child)]]


def _kill(pids: list[int]) -> None:
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
