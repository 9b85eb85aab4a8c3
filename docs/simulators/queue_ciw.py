"""Waiting times in a queue, simulated by Ciw; see docs/simulators.md."""

import json
import math
import sys

import ciw

CUSTOMERS = 20


def waits(log_arrivals: float, log_services: float, seed: float) -> list[float]:
    """Mean and longest wait of the first customers of a queue with one server."""
    network = ciw.create_network(
        arrival_distributions=[ciw.dists.Exponential(rate=math.exp(log_arrivals))],
        service_distributions=[ciw.dists.Exponential(rate=math.exp(log_services))],
        number_of_servers=[1],
    )
    ciw.seed(int(seed * 2**32))
    simulation = ciw.Simulation(network)
    simulation.simulate_until_max_customers(CUSTOMERS, method="Finish")
    times = [record.waiting_time for record in simulation.get_all_records()][:CUSTOMERS]
    return [sum(times) / len(times), max(times)]


for line in sys.stdin:
    asked = json.loads(line)
    rows = zip(asked["parameters"], asked["draws"], strict=True)
    print(json.dumps({"samples": [waits(*theta, *draw) for theta, draw in rows]}), flush=True)
