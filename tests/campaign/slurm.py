#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""A campaign on a real Slurm of one machine: munge, a controller and two nodes; one node dies in the middle.

Everything runs below a folder of its own and ends with the test. tools/deps.sh slurm installs the programs.
"""

import json
import os
import pathlib
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tests" / "campaign"))

from run import LAST, run, result, verdicts  # noqa: E402
from tree import Tree  # noqa: E402

CONF = """ClusterName=proof
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CryptoType=crypto/munge
SlurmctldPort={ports[0]}
StateSaveLocation={folder}/state
SlurmctldPidFile={folder}/ctld.pid
SlurmctldLogFile={folder}/ctld.log
SlurmdPidFile={folder}/%n.pid
SlurmdSpoolDir={folder}/%n
SlurmdLogFile={folder}/%n.log
SwitchType=switch/none
MpiDefault=none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SchedulerType=sched/backfill
SchedulerParameters=bf_interval=1,sched_interval=1,batch_sched_delay=1
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
JobAcctGatherType=jobacct_gather/none
ReturnToService=2
SlurmdTimeout=5
KillWait=1
MessageTimeout=5
MinJobAge=2
JobRequeue=1
RebootProgram=/bin/false
NodeName=n1 NodeHostname={host} NodeAddr=127.0.0.1 Port={ports[1]} CPUs=1 State=UNKNOWN
NodeName=n2 NodeHostname={host} NodeAddr=127.0.0.1 Port={ports[2]} CPUs=1 State=UNKNOWN
PartitionName=main Nodes=n1,n2 Default=YES MaxTime=INFINITE State=UP
"""


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


class Cluster:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        for name in ("state", "n1", "n2"):
            (self.folder / name).mkdir(parents=True)
        self.folder.chmod(0o755)
        key = self.folder / "munge.key"
        key.write_bytes(secrets.token_bytes(128))
        key.chmod(0o400)
        (self.folder / "slurm.conf").write_text(CONF.format(folder=folder, host=socket.gethostname().split(".")[0],
                                                            ports=free_ports(3)))
        (self.folder / "cgroup.conf").write_text("CgroupAutomount=no\n")
        self.environment = dict(os.environ, SLURM_CONF=str(self.folder / "slurm.conf"))
        self.running = {}
        self.start("munged", "munged", "--foreground", "--force", f"--key-file={key}",
                   f"--socket={folder}/munge.socket", f"--log-file={folder}/munged.log", f"--pid-file={folder}/munged.pid",
                   f"--seed-file={folder}/munged.seed")
        self.wait(lambda: (self.folder / "munge.socket").exists(), "munged")
        self.start("slurmctld", "slurmctld", "-D", "-c")
        for node in ("n1", "n2"):
            self.start(node, "slurmd", "-D", "-N", node)
        self.wait(lambda: self.state().count("idle") == 2, "two idle nodes")

    def start(self, name, program, *args):
        path = shutil.which(program, path=os.environ["PATH"] + ":/usr/sbin")
        with open(self.folder / f"{name}.out", "w", encoding="utf-8") as out:
            self.running[name] = subprocess.Popen([path, *args], env=self.environment, stdout=out, stderr=out,
                                                  stdin=subprocess.DEVNULL, start_new_session=True)

    def state(self):
        return subprocess.run(["sinfo", "-h", "-N", "-o", "%t"], env=self.environment, capture_output=True, text=True,
                              check=False).stdout

    def wait(self, ready, what, seconds=60):
        end = time.monotonic() + seconds
        while not ready():
            if time.monotonic() > end:
                logs = "\n".join(path.name + ":\n" + path.read_text(errors="replace")[-1500:]
                                 for path in sorted(self.folder.glob("*.[lo][ou][gt]")))
                raise AssertionError(f"no {what} after {seconds} s\n{logs}")
            time.sleep(0.2)

    def below(self, pid):
        """The processes that come of one, itself included: those of a job are in sessions of their own."""
        found = [pid]
        for parent in found:
            children = subprocess.run(["ps", "-o", "pid=", "--ppid", str(parent)], capture_output=True, text=True,
                                      check=False)
            found += [int(word) for word in children.stdout.split()]
        return found

    def jobs_of(self, node):
        """The processes of a node's jobs: each has the node's name in its environment."""
        found = []
        for path in pathlib.Path("/proc").glob("[0-9]*/environ"):
            try:
                words = path.read_bytes().split(b"\0")
            except OSError:
                continue
            if f"SLURMD_NODENAME={node}".encode() in words and f"SLURM_CONF={self.folder}/slurm.conf".encode() in words:
                found.append(int(path.parent.name))
        return found

    def kill(self, node):
        """What a loss of power does: the node's daemon and all of its jobs at once."""
        pids = self.below(self.running[node].pid) + self.jobs_of(node)
        for path in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
            try:
                if path.read_bytes().startswith(b"slurmstepd: ") and int(path.parent.name) not in pids and \
                        any(pid in self.below(int(path.parent.name)) for pid in self.jobs_of(node)):
                    pids.append(int(path.parent.name))
            except OSError:
                continue
        for pid in set(pids):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass

    def stop(self):
        for name in ("n1", "n2", "slurmctld", "munged"):
            process = self.running.get(name)
            if process and process.poll() is None:
                if name in ("n1", "n2"):
                    self.kill(name)
                process.terminate()
                try:
                    process.wait(10)
                except subprocess.TimeoutExpired:
                    process.kill()


class Slurm(unittest.TestCase):
    def test_node_dies(self):
        with tempfile.TemporaryDirectory(prefix="campaign-slurm-") as folder:
            tree = Tree(os.path.join(folder, "tree"))
            local = run(tree)
            self.assertEqual(local.returncode, 0, local.stdout)
            before = verdicts(result(tree))
            (tree.root / "build/proof.json").unlink()
            cluster = Cluster(os.path.join(folder, "slurm"))
            try:
                self.on_cluster(cluster, tree, before)
            finally:
                cluster.stop()

    def on_cluster(self, cluster, tree, before):
        submitted = subprocess.Popen([str(TOP / "tools" / "prove-slurm"), "4", "--source", str(tree.root)], text=True,
                                     env=cluster.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        logs = tree.root / "build/logs"
        try:
            cluster.wait(lambda: any(self.at_work(path) for path in logs.glob("proof-shard-*.log")) and
                         cluster.jobs_of("n2"), "job at work on n2")
            cluster.kill("n2")
            text, _ = submitted.communicate(timeout=240)
        finally:
            if submitted.poll() is None:
                submitted.kill()
        written = "\n".join(path.read_text() for path in sorted(logs.glob("proof-shard-*.log")))
        self.assertEqual(submitted.returncode, 0, text + written)
        self.assertRegex(text.splitlines()[-1], LAST)
        # One of the jobs began twice: the one that was on the node.
        self.assertGreater(written.count("cold run"), 4, written)
        data = result(tree)
        self.assertEqual(verdicts(data), before)
        self.assertEqual(data["shards"], 4)
        self.assertTrue(data["evidence"], json.dumps(data["summary"]))

    def at_work(self, path):
        return "cold run" in path.read_text()


if __name__ == "__main__":
    if os.geteuid() != 0 or not shutil.which("sbatch"):
        print("slurm: needs root and the packages of tools/deps.sh slurm")
        sys.exit(2)
    unittest.main()
