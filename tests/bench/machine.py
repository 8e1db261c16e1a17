"""Processor time and memory of processes and of the whole machine, from /proc, and what a replica counts."""

import os
import platform
import re
import resource
import select
import urllib.request

TICKS = os.sysconf("SC_CLK_TCK")


def process_seconds(pid):
    """User and system time of all threads of a process, in seconds: to the nanosecond, where /proc/PID/stat has ticks
    of the same clock.
    """
    threads = f"/proc/{pid}/task"
    total_ns = 0
    for thread in os.listdir(threads):
        with open(f"{threads}/{thread}/schedstat", encoding="ascii") as file:
            total_ns += int(file.read().split()[0])
    return total_ns / 1e9


def seconds_by_process():
    """The same of each program that runs, by its number, but for this one."""
    seconds = {}
    for name in os.listdir("/proc"):
        if name.isdigit() and int(name) != os.getpid():
            try:
                seconds[int(name)] = process_seconds(name)
            except (FileNotFoundError, ProcessLookupError):
                pass  # it has just ended
    return seconds


def ended_children_seconds():
    """User and system time of all children that were waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def machine_seconds():
    """Time that all cores spent on anything: user, nice, system, irq and softirq; neither idle, iowait nor steal."""
    with open("/proc/stat", encoding="ascii") as file:
        fields = [int(field) for field in file.readline().split()[1:]]
    user, nice, system, _, _, irq, softirq = fields[:7]
    return (user + nice + system + irq + softirq) / TICKS


def resident_bytes(pid):
    with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as file:
        return int(re.search(r"^VmRSS:\s+(\d+) kB", file.read(), re.MULTILINE).group(1)) * 1024


# What a connected socket is made of: itself, its inode and file, the poll's entry, heads of packets.
SOCKET_CACHES = ("TCP", "TCPv6", "sock_inode_cache", "filp", "eventpoll_epi", "eventpoll_pwq", "io_kiocb",
                 "skbuff_head_cache", "skbuff_small_head", "skbuff_fclone_cache", "tcp_bind_bucket", "tcp_bind2_bucket")


def socket_bytes():
    """What the kernel's caches hold for all sockets of the machine; only root may look."""
    total = 0
    with open("/proc/slabinfo", encoding="ascii") as file:
        for line in file:
            fields = line.split()
            if fields[0] in SOCKET_CACHES:
                total += int(fields[1]) * int(fields[3])
    return total


def settled(read):
    """The value once it moves by less than 1 % in half a second, or after ten."""
    last = read()
    for _ in range(20):
        select.select([], [], [], 0.5)
        value = read()
        if abs(value - last) <= last / 100:
            return value
        last = value
    return last


def metric(port, name):
    """A gauge or counter without labels that a server of this machine shows."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=30) as reply:
        return float(re.search(rf"^{name} (\S+)$", reply.read().decode(), re.MULTILINE).group(1))


def describe():
    model = "unknown processor"
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        for line in file:
            if line.startswith("model name"):
                model = line.partition(":")[2].strip()
                break
    return f"{model}, {os.cpu_count()} cores, Linux {platform.release()}"
