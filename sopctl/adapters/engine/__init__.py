"""The engine over NATS JetStream: checks by workers in networks that the controller cannot reach itself.

`NatsEngine` is the controller's side, `serve` the worker's; `certificates` and `configuration` are what the broker
needs. nats-py, which the extra `engine` brings, is imported where a connection is made.
"""

from sopctl.adapters.engine.controller import NatsEngine
from sopctl.adapters.engine.link import Link
from sopctl.adapters.engine.worker import serve

__all__ = ["Link", "NatsEngine", "serve"]
